package fault

import (
	"errors"
	"fmt"
	"strings"
)

// Fault is one way that a server misbehaves, with the requests it misbehaves to.
type Fault struct {
	// ID tells faults of a set apart and takes part in every draw. Defaults to
	// the text form.
	ID   string
	Kind Kind
	When Selector
}

// Name is the fault's ID, or else its text form.
func (f Fault) Name() string {
	if f.ID != "" {
		return f.ID
	}
	return f.text()
}

// String is the text form that [Parse] reads.
func (f Fault) String() string {
	if f.ID == "" {
		return f.text()
	}
	return f.text() + " id=" + f.ID
}

func (f Fault) text() string {
	if f.Kind == nil {
		return ""
	}
	return strings.TrimSpace(f.Kind.String() + " " + f.When.String())
}

// Validate reports all that is wrong with the fault.
func (f Fault) Validate() error {
	if f.Kind == nil {
		return errors.New("fault without a kind")
	}
	errs := []error{f.Kind.Validate(), f.When.Validate()}
	if f.ID != "" && !plain(f.ID) {
		errs = append(errs, fmt.Errorf("id %q has a blank or a quote in it", f.ID))
	}
	if g, ok := f.Kind.(Greeter); ok {
		errs = append(errs, validateGreeter(g, f.When))
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("fault %q: %w", f.Name(), err)
	}
	return nil
}

// validateGreeter refuses selectors that look at what is not known yet.
func validateGreeter(g Greeter, s Selector) error {
	if g.Greet() == Refuse && (s.Probability != 0 || s.Nth != 0 || s.Every != 0 || s.AtOnce != 0 || len(s.Keys) > 0 || s.Ramp != 0) {
		return errors.New("refuse closes the address to all: it takes from, to and flap only")
	}
	return nil
}
