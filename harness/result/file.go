package result

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"holdfast.dev/holdfast/safefile"
)

// Write writes run as JSON, indented, ending in a newline, without credentials:
// see [Redacted].
func Write(w io.Writer, run *Run) error {
	scenarios := make([]Encoded, len(run.Scenarios))
	for i := range run.Scenarios {
		var err error
		if scenarios[i], err = Encode(&run.Scenarios[i]); err != nil {
			return err
		}
	}
	return writeEncoded(w, run, scenarios)
}

// WriteFile replaces path by run in one step, so that a reader, or a crash,
// sees either the old file or the new one and never half of one.
func WriteFile(path string, run *Run) error {
	return safefile.Write(path, func(w io.Writer) error { return Write(w, run) })
}

// Encoded is a scenario as it stands in a file, without credentials.
type Encoded []byte

// Encode returns a scenario as it stands in a file.
func Encode(s *Scenario) (Encoded, error) {
	text, err := indented(s, insideScenarios)
	if err != nil {
		return nil, fmt.Errorf("write result: scenario %s: %w", s.Name, err)
	}
	return text, nil
}

// WriteFileEncoded is [WriteFile] of a run whose scenarios are encoded already: to
// encode them takes most of the time, and those that are over stay as they are. Those
// of the run itself are not looked at.
func WriteFileEncoded(path string, run *Run, scenarios []Encoded) error {
	return safefile.Write(path, func(w io.Writer) error { return writeEncoded(w, run, scenarios) })
}

// WriteFileSoFar is [WriteFileEncoded] of a run that goes on, which does not wait for the
// disk: see [safefile.WriteSoFar].
func WriteFileSoFar(path string, run *Run, scenarios []Encoded) error {
	return safefile.WriteSoFar(path, func(w io.Writer) error { return writeEncoded(w, run, scenarios) })
}

// noScenarios is how a run without any stands in the file, at the one place where a
// line begins so.
const noScenarios = "\n \"scenarios\": []"

func writeEncoded(w io.Writer, run *Run, scenarios []Encoded) error {
	bare := *run
	bare.Scenarios = []Scenario{}
	text, err := indented(&bare, 0)
	if err != nil {
		return fmt.Errorf("write result: %w", err)
	}
	before, after, found := bytes.Cut(text, []byte(noScenarios))
	if !found {
		return errors.New("write result: a run has no place for its scenarios")
	}
	parts := [][]byte{before, []byte("\n \"scenarios\": [")}
	for i, s := range scenarios {
		if i > 0 {
			parts = append(parts, []byte(","))
		}
		parts = append(parts, []byte("\n  "), s)
	}
	if len(scenarios) > 0 {
		parts = append(parts, []byte("\n "))
	}
	for _, part := range append(parts, []byte("]"), after, []byte("\n")) {
		if _, err := w.Write(part); err != nil {
			return fmt.Errorf("write result: %w", err)
		}
	}
	return nil
}

// indented is a run, or a part of one that stands so many brackets deep in it, as
// JSON without credentials, with a space for each bracket.
func indented[T any](v *T, depth int) ([]byte, error) {
	var text bytes.Buffer
	enc := json.NewEncoder(&text)
	enc.SetIndent("  "[:depth], " ")
	enc.SetEscapeHTML(false)
	if err := enc.Encode(Redacted(v)); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(text.Bytes(), []byte("\n")), nil
}
