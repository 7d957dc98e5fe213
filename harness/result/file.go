package result

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// ErrSchema is what [Read] wraps when the file is of a kind that this code does not know.
var ErrSchema = errors.New("unknown schema")

// Write writes run as JSON, indented, ending in a newline, without credentials:
// see [Redacted].
func Write(w io.Writer, run *Run) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", " ")
	enc.SetEscapeHTML(false)
	if err := enc.Encode(Redacted(run)); err != nil {
		return fmt.Errorf("write result: %w", err)
	}
	return nil
}

// WriteFile replaces path by run in one step, so that a reader, or a crash,
// sees either the old file or the new one and never half of one.
func WriteFile(path string, run *Run) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".run-*.json")
	if err != nil {
		return fmt.Errorf("write result: %w", err)
	}
	defer func() {
		if err != nil {
			_ = f.Close()
			_ = os.Remove(f.Name())
		}
	}()
	if err = Write(f, run); err != nil {
		return err
	}
	if err = f.Chmod(0o644); err != nil {
		return fmt.Errorf("write result: %w", err)
	}
	if err = f.Close(); err != nil {
		return fmt.Errorf("write result: %w", err)
	}
	if err = os.Rename(f.Name(), path); err != nil {
		return fmt.Errorf("write result: %w", err)
	}
	return nil
}

// Read reads a run.json of this major version or of the one before; minor
// additions are ignored. It refuses what is not one with an error that wraps
// [ErrSchema].
func Read(r io.Reader) (*Run, error) {
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("read result: %w", err)
	}
	var head struct {
		Schema string `json:"schema"`
	}
	if err := json.Unmarshal(data, &head); err != nil {
		return nil, fmt.Errorf("read result: not a run.json: %w", err)
	}
	switch {
	case isVersion(head.Schema, Schema):
	case isVersion(head.Schema, schemaOne):
		if data, err = upgradeOne(data); err != nil {
			return nil, err
		}
	default:
		return nil, fmt.Errorf("read result: %w %q, this version reads %q", ErrSchema, head.Schema, Schema)
	}
	run := new(Run)
	if err := json.Unmarshal(data, run); err != nil {
		return nil, fmt.Errorf("read result: %w", err)
	}
	return run, nil
}

// isVersion reports whether a file's schema is that major version, in whatever
// minor one.
func isVersion(schema, major string) bool {
	return schema == major || strings.HasPrefix(schema, major+".")
}
