package result

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// ErrSchema is what [Read] wraps when the file is of a kind that this code does not know.
var ErrSchema = errors.New("unknown schema")

// Read reads a run.json of this major version or of the two before; minor
// additions are ignored. It refuses what is not one with an error that wraps
// [ErrSchema]. It holds no more of the file than a scenario at a time.
func Read(r io.Reader) (*Run, error) {
	run, err := read(json.NewDecoder(r))
	if syntax := new(json.SyntaxError); errors.As(err, &syntax) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, errNoRun) {
		return nil, fmt.Errorf("read result: not a run.json: %w", err)
	}
	if err != nil {
		return nil, fmt.Errorf("read result: %w", err)
	}
	return run, nil
}

// errNoRun is of JSON of another shape.
var errNoRun = errors.New("it is no JSON object")

func read(dec *json.Decoder) (*Run, error) {
	if open, err := next(dec); err != nil {
		return nil, err
	} else if open != json.Delim('{') {
		return nil, errNoRun
	}
	rest := map[string]json.RawMessage{} // all but the scenarios
	var scenarios []Scenario
	for dec.More() {
		name, err := next(dec)
		if err != nil {
			return nil, err
		}
		if name == "scenarios" && readable(schemaOf(rest)) {
			if scenarios, err = readScenarios(dec); err != nil {
				return nil, err
			}
			continue
		}
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			return nil, whole(err)
		}
		rest[name.(string)] = value // keys are strings
	}
	if _, err := next(dec); err != nil { // the closing bracket
		return nil, err
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, errors.Join(errNoRun, err)
	}
	run, err := assemble(rest)
	if err == nil && scenarios != nil {
		run.Scenarios = scenarios
	}
	return run, err
}

// assemble makes a run of the values of its object.
func assemble(values map[string]json.RawMessage) (*Run, error) {
	schema := schemaOf(values)
	if !readable(schema) && !isVersion(schema, schemaOne) {
		return nil, fmt.Errorf("%w %q, this version reads %q", ErrSchema, schema, Schema)
	}
	data, err := json.Marshal(values)
	if err != nil {
		return nil, err
	}
	if isVersion(schema, schemaOne) {
		if data, err = upgradeOne(data); err != nil {
			return nil, err
		}
	}
	run := new(Run)
	if err := json.Unmarshal(data, run); err != nil {
		return nil, err
	}
	if isVersion(schema, schemaTwo) { // it differs in how series are written, which are read either way
		run.Schema = Schema
	}
	return run, nil
}

// readScenarios reads one scenario after the other; nil where there is null.
func readScenarios(dec *json.Decoder) ([]Scenario, error) {
	open, err := next(dec)
	if err != nil || open == nil {
		return nil, err
	}
	if open != json.Delim('[') {
		return nil, errors.New("its scenarios are no list")
	}
	all := []Scenario{}
	for dec.More() {
		var s Scenario
		if err := dec.Decode(&s); err != nil {
			return nil, whole(err)
		}
		all = append(all, s)
	}
	_, err = next(dec)
	return all, err
}

// next is the next token of what must not end yet.
func next(dec *json.Decoder) (json.Token, error) {
	token, err := dec.Token()
	return token, whole(err)
}

// whole is the error of what ends too early, as what it is.
func whole(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// schemaOf is what a file calls itself, as far as it was read; empty where it has not
// said so yet, or not as a text.
func schemaOf(values map[string]json.RawMessage) (schema string) {
	if err := json.Unmarshal(bytes.TrimSpace(values["schema"]), &schema); err != nil {
		return ""
	}
	return schema
}

// readable reports whether a file of that schema is read without being upgraded.
func readable(schema string) bool { return isVersion(schema, Schema) || isVersion(schema, schemaTwo) }

// isVersion reports whether a file's schema is that major version, in whatever
// minor one.
func isVersion(schema, major string) bool {
	return schema == major || strings.HasPrefix(schema, major+".")
}
