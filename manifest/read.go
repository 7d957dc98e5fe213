package manifest

import (
	"fmt"
	"os"
	"path/filepath"

	"holdfast.dev/holdfast/manifest/notation"
)

// FileName is what the file is called where nobody says otherwise.
const FileName = "holdfast.yaml"

// Service is a service as its file describes it.
type Service struct {
	File
	// Path is where the file is; Dir is its folder, in which commands run.
	Path, Dir string

	document *notation.Document
}

// Environment finds a variable of the shell, as [os.LookupEnv] does.
type Environment func(name string) (value string, known bool)

// Read reads a text as a holdfast.yaml that is called path. Nothing is started, and
// of the file system only what the text names is looked at. The error is a
// [*notation.Problems], or wraps one.
func Read(text []byte, path string, environment Environment) (*Service, error) {
	s := &Service{Path: path, Dir: filepath.Dir(path)}
	var err error
	s.document, err = notation.Read(text, &s.File, notation.Options{File: path, Environment: environment, Hint: hint})
	if err != nil {
		return nil, err
	}
	if err := s.validate(); err != nil {
		return nil, err
	}
	return s, nil
}

// Load reads the file at path; in a folder, its holdfast.yaml.
func Load(path string, environment Environment) (*Service, error) {
	info, err := os.Stat(path)
	if err == nil && info.IsDir() {
		path = filepath.Join(path, FileName)
		info, err = os.Stat(path)
	}
	if err != nil {
		return nil, fmt.Errorf("read the service: %w", err)
	}
	if info.Size() > notation.MaxBytes {
		return nil, &notation.Problems{File: path, All: []notation.Problem{{Text: fmt.Sprintf("it has %d bytes, and more than %d are not read", info.Size(), notation.MaxBytes)}}}
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the service: %w", err)
	}
	return Read(text, path, environment)
}
