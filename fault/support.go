package fault

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Support is what a sort of place carries out. It is known before any such place
// is opened, so that a fault which no place can carry out is found before
// anything starts. The zero value supports nothing.
type Support struct {
	// Place is the sort of place as a sentence has it, for example "a TCP proxy".
	Place string
	// About says in one line what it stands before or acts on.
	About string
	// Kinds are the kinds that it carries out, and how.
	Kinds []Carried
	// Selectors are the names of those that it understands, of [Selectors].
	Selectors []string
	// Sequences says whether it can do one thing after another.
	Sequences bool
	// Elsewhere says of kinds that it does not carry out where else they are to be laid,
	// for example "its webhook". Optional.
	Elsewhere map[string]string
	// Limits says what it cannot do of a fault whose kind and selectors it knows.
	// Optional.
	Limits func(Fault) error
	// Excludes says why the two cannot be on at the same time, or nil. Optional.
	Excludes func(a, b Kind) error
}

// Carried is how a place carries out a kind.
type Carried struct {
	Kind    string // its name in the catalogue
	Acts    string // what it does to what is there already, and to what comes later
	Counts  string // what the receipt's Fired counts
	Undoing string // how undoing is read back; empty for a [OneShot]
}

// Accepts reports every reason why such a place cannot carry the fault out.
func (s Support) Accepts(f Fault) error {
	if err := f.Validate(); err != nil {
		return err
	}
	var errs []error
	if _, ok := f.Kind.(Sequence); ok && !s.Sequences {
		errs = append(errs, fmt.Errorf("%s cannot carry out one thing after another, as %q wants", s.place(), f.Kind))
	}
	for _, kind := range Steps(f.Kind) {
		if !s.Carries(kind.Name()) {
			errs = append(errs, s.refusal(kind.Name()))
		}
	}
	for _, name := range f.When.Used() {
		if !slices.Contains(s.Selectors, name) {
			errs = append(errs, s.unselected(name))
		}
	}
	if len(errs) == 0 && s.Limits != nil {
		errs = append(errs, s.Limits(f))
	}
	return errors.Join(errs...)
}

// Conflict says why the two kinds cannot be on at such a place at the same time,
// or nil.
func (s Support) Conflict(a, b Kind) error {
	if s.Excludes == nil {
		return nil
	}
	return s.Excludes(a, b)
}

func (s Support) place() string {
	if s.Place == "" {
		return "this place"
	}
	return s.Place
}

// Carries reports whether the place carries out the kind of that name.
func (s Support) Carries(name string) bool {
	return slices.ContainsFunc(s.Kinds, func(c Carried) bool { return c.Kind == name })
}

// refusal names the kind, and what there is in its stead.
func (s Support) refusal(name string) error {
	if where, ok := s.Elsewhere[name]; ok {
		return fmt.Errorf("%s cannot carry out %q; lay it at %s", s.place(), name, where)
	}
	for _, group := range akin() {
		if !slices.Contains(group, name) {
			continue
		}
		for _, other := range group {
			if s.Carries(other) {
				return fmt.Errorf("%s cannot carry out %q; the nearest to it here is %q", s.place(), name, other)
			}
		}
	}
	if len(s.Kinds) == 0 {
		return fmt.Errorf("%s cannot carry out %q, nor anything else", s.place(), name)
	}
	return fmt.Errorf("%s cannot carry out %q; it can: %s", s.place(), name, strings.Join(s.names(), ", "))
}

// names are the kinds that the place carries out.
func (s Support) names() []string {
	names := make([]string, len(s.Kinds))
	for i, c := range s.Kinds {
		names[i] = c.Kind
	}
	return names
}

// selectors are what it understands, sequences among them.
func (s Support) selectors() []string {
	if s.Sequences {
		return append(slices.Clone(s.Selectors), "->")
	}
	return s.Selectors
}

func (s Support) unselected(name string) error {
	if len(s.Selectors) == 0 {
		return fmt.Errorf("%s does not understand %s=: it knows no requests to select from", s.place(), name)
	}
	return fmt.Errorf("%s does not understand %s=; it understands: %s", s.place(), name, strings.Join(s.Selectors, ", "))
}
