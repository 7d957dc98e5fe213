package manifest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"holdfast.dev/holdfast/backing"
	"holdfast.dev/holdfast/coverage"
	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/target"
	"holdfast.dev/holdfast/manifest/notation"
	"holdfast.dev/holdfast/scenarios/contract"
)

// FileName is what the file is called where nobody says otherwise.
const FileName = "holdfast.yaml"

// Service is a service as its file describes it: the file, and what the harness is
// told of it.
type Service struct {
	// File is the file as it is written.
	File File
	// Path is where the file is; Dir is its folder, in which commands run.
	Path, Dir string
	// Launch is how the service is started. Its secrets that are to be drawn are, anew
	// each time that the file is read.
	Launch harness.Launch
	// Protections are those that the service claims.
	Protections []harness.Protection
	// Scenarios are the experiments, in the order of the file.
	Scenarios []harness.Scenario

	search   *contract.Search // as the file maps it; nil: it maps none
	impact   *contract.Impact
	tasks    *contract.Tasks // in the same way
	document *notation.Document
	options  Options
	known    coverage.Known // but for what stands in a log
	apis     map[string]api // the outside APIs that are played, by dependency
}

// Options are what reading a file may use of the program and its surroundings.
type Options struct {
	// Environment finds a variable of the shell, as [os.LookupEnv] does. Defaults to
	// none being set.
	Environment func(name string) (value string, known bool)
	// Images makes an image of a dependency run. Defaults to none: such a file can be
	// read, and not run.
	Images func(backing.ImageSpec) (target.Launcher, error)
	// Profile is the name of the file's profile whose parameters are taken. Defaults to
	// none: the file's own parameters.
	Profile string
	// Sizes are further names that Profile may have: those of the catalogue, for a file
	// that maps a contract. Defaults to none.
	Sizes []string
	// OnlyLook reads also what [Service.CheckEnvFiles] refuses, for who runs nothing.
	OnlyLook bool
	// Relay stands in place of that of a file of routes. Defaults to the file's own.
	Relay *Relay
	// WebhooksTo is what the service is called that all webhooks of a file of routes go
	// to, whatever process they name. Defaults to none being sent.
	WebhooksTo string
}

// errNoImages is what a file meets that has images, where nobody can run them.
var errNoImages = errors.New("no runtime of containers was chosen for this program, so an image cannot be run")

// images makes images run, or says that nobody can.
func (o Options) images(spec backing.ImageSpec) (target.Launcher, error) {
	if o.Images == nil {
		return nil, errNoImages
	}
	return o.Images(spec)
}

// Read reads a text as a holdfast.yaml that is called path. Nothing is started, and
// of the file system only what the text names is looked at. The error is a
// [*notation.Problems].
func Read(text []byte, path string, o Options) (*Service, error) {
	s := &Service{Path: path, Dir: filepath.Dir(path), options: o, apis: map[string]api{}}
	var err error
	s.document, err = notation.Read(text, &s.File, notation.Options{File: path, Environment: o.Environment, Hint: hint})
	if err != nil {
		return nil, err
	}
	if err := s.compile(); err != nil {
		return nil, err
	}
	return s, nil
}

// Load reads the file at path; in a folder, its holdfast.yaml.
func Load(path string, o Options) (*Service, error) {
	info, err := os.Stat(path)
	if err == nil && info.IsDir() {
		path = filepath.Join(path, FileName)
		info, err = os.Stat(path)
	}
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil, fmt.Errorf("there is no %s; name the file of the service, or its folder", path)
	case err != nil:
		return nil, fmt.Errorf("read the service: %w", err)
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s is no file", path)
	case info.Size() > notation.MaxBytes:
		return nil, &notation.Problems{File: path, All: []notation.Problem{{Text: fmt.Sprintf("it has %d bytes, and more than %d are not read", info.Size(), notation.MaxBytes)}}}
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the service: %w", err)
	}
	s, err := Read(text, path, o)
	if err != nil {
		return nil, err
	}
	if o.OnlyLook {
		return s, nil
	}
	return s, s.CheckEnvFiles()
}
