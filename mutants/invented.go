package mutants

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Collection is what people wrote about mutants: files in one folder.
type Collection struct {
	// Invented are the mistakes of SERVICE.yaml, in the order of names and lines.
	Invented []Mutant
	// Reasons are the kinds of reasons of reasons.yaml: for each, the globs of the
	// metrics and checks that are of that kind.
	Reasons map[string][]string
	// Skipped are the functions of skipped.yaml.
	Skipped []Skipped
	// Judgements are those of survivors.yaml.
	Judgements []Judgement
	// Noticed are the scenarios of noticed.yaml: for an invented mutant the one that
	// noticed it before. It is a hint, written by a program: which to try first.
	Noticed map[string]string
}

// The files of a collection that are not of a service.
const (
	reasonsFile   = "reasons.yaml"
	skippedFile   = "skipped.yaml"
	survivorsFile = "survivors.yaml"
	noticedFile   = "noticed.yaml"
)

// inventedMutant is one of SERVICE.yaml.
type inventedMutant struct {
	Name  string         `yaml:"name"`
	Why   string         `yaml:"why"`
	Kinds []string       `yaml:"kinds"`
	Edits []inventedEdit `yaml:"edits"`
}

type inventedEdit struct {
	File    string `yaml:"file"`
	Replace string `yaml:"replace"`
	With    string `yaml:"with"`
}

// Judgement is what somebody says of a mutant that survived.
type Judgement struct {
	Mutant string `yaml:"mutant"`
	// Is equivalent (nobody could tell it from the intact program), outside (of what
	// is promised), or gap (it should have been noticed).
	Is  string `yaml:"is"`
	Why string `yaml:"why"`
}

// What a [Judgement] may say.
const (
	Equivalent = "equivalent"
	Outside    = "outside"
	Gap        = "gap"
)

// Read reads a folder and places each mutant in the source: what it replaces must
// be there, and once. All that is wrong is reported at once.
func Read(folder fs.FS, source *Source) (Collection, error) {
	var c Collection
	names, err := fs.Glob(folder, "*.yaml")
	if err != nil {
		return c, err
	}
	var errs []error
	for _, name := range names { // sorted
		switch name {
		case reasonsFile:
			errs = append(errs, readYAML(folder, name, &c.Reasons))
		case skippedFile:
			errs = append(errs, readYAML(folder, name, &c.Skipped))
		case survivorsFile:
			errs = append(errs, readYAML(folder, name, &c.Judgements))
		case noticedFile:
			errs = append(errs, readYAML(folder, name, &c.Noticed))
		default:
			all, err := readInvented(folder, name, source)
			c.Invented = append(c.Invented, all...)
			errs = append(errs, err)
		}
	}
	return c, errors.Join(append(errs, c.validate())...)
}

func readYAML(folder fs.FS, name string, into any) error {
	text, err := fs.ReadFile(folder, name)
	if err != nil {
		return err
	}
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	if err := decoder.Decode(into); err != nil && !errors.Is(err, io.EOF) { // it may hold comments alone
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

func readInvented(folder fs.FS, name string, source *Source) ([]Mutant, error) {
	var written []inventedMutant
	if err := readYAML(folder, name, &written); err != nil {
		return nil, err
	}
	service := strings.TrimSuffix(name, path.Ext(name))
	var all []Mutant
	var errs []error
	for _, w := range written {
		m := Mutant{Name: service + "." + w.Name, Service: service, Why: w.Why, Kinds: w.Kinds}
		for _, e := range w.Edits {
			placed, err := source.place(e)
			if err != nil {
				errs = append(errs, fmt.Errorf("mutant %s: %w", m.Name, err))
			}
			m.Edits = append(m.Edits, placed)
		}
		all = append(all, m)
	}
	return all, errors.Join(errs...)
}

// place finds the one place of an edit. A text ends where it was written to end: the
// line break that YAML leaves at its end is none of it.
func (s *Source) place(e inventedEdit) (Edit, error) {
	placed := Edit{File: e.File, Old: strings.TrimSuffix(e.Replace, "\n"), New: strings.TrimSuffix(e.With, "\n")}
	f, ok := s.file(e.File)
	if !ok {
		return placed, fmt.Errorf("%s is in none of the packages", e.File)
	}
	if n := strings.Count(string(f.source), placed.Old); n != 1 || placed.Old == "" {
		return placed, fmt.Errorf("what it replaces stands %d times in %s, not once: %q", n, e.File, placed.Old)
	}
	placed.At = strings.Index(string(f.source), placed.Old)
	placed.Line = 1 + strings.Count(string(f.source[:placed.At]), "\n")
	return placed, nil
}

// validate reports what is wrong with a collection as data.
func (c Collection) validate() error {
	var errs []error
	seen := map[string]bool{}
	for _, m := range c.Invented {
		if seen[m.Name] {
			errs = append(errs, fmt.Errorf("mutant %s: there are two of that name", m.Name))
		}
		seen[m.Name] = true
		if m.Why == "" || len(m.Kinds) == 0 || len(m.Edits) == 0 {
			errs = append(errs, fmt.Errorf("mutant %s: it needs a why, a kind of reason and an edit", m.Name))
		}
		for _, kind := range m.Kinds {
			if len(c.Reasons[kind]) == 0 {
				errs = append(errs, fmt.Errorf("mutant %s: %s has no kind of reason %q", m.Name, reasonsFile, kind))
			}
		}
	}
	for _, j := range c.Judgements {
		if !slices.Contains([]string{Equivalent, Outside, Gap}, j.Is) || j.Why == "" {
			errs = append(errs, fmt.Errorf("%s: %s: it is %s, %s or %s, and there is a why", survivorsFile, j.Mutant, Equivalent, Outside, Gap))
		}
	}
	return errors.Join(errs...)
}

// Globs are the metrics and checks that fit a mutant; of one that was drawn, all.
func (c Collection) Globs(m Mutant) []string {
	var all []string
	for _, kind := range m.Kinds {
		all = append(all, c.Reasons[kind]...)
	}
	return all
}

// Of is what is said of a mutant; the zero value where nothing is.
func (c Collection) Of(mutant string) Judgement {
	for _, j := range c.Judgements {
		if j.Mutant == mutant {
			return j
		}
	}
	return Judgement{}
}
