package fault

import (
	"errors"
	"fmt"
	"strings"
)

// Fault is one thing that goes wrong: what, and to which requests and when.
type Fault struct {
	// ID names the fault in results, receipts and journals, and takes part in
	// every draw. Defaults to the text form.
	ID   string
	Kind Kind
	When Selector
}

// Name is the fault's ID, or else its text form.
func (f Fault) Name() string {
	if f.ID != "" {
		return f.ID
	}
	return f.Text()
}

// Text is the text form without the ID.
func (f Fault) Text() string {
	if f.Kind == nil {
		return ""
	}
	return strings.TrimSpace(f.Kind.String() + " " + f.When.String())
}

// String is the text form that [Parse] reads.
func (f Fault) String() string {
	if f.ID == "" {
		return f.Text()
	}
	return f.Text() + " id=" + f.ID
}

// Validate reports all that is wrong with the fault, wherever it is to act. Who
// asks says which fault it is.
func (f Fault) Validate() error {
	if f.Kind == nil || f.Kind == (OK{}) {
		return errors.New("fault without a kind")
	}
	errs := []error{f.Kind.Validate(), f.When.Validate()}
	if f.ID != "" && !plain(f.ID) {
		errs = append(errs, fmt.Errorf("id %q has a blank or a quote in it", f.ID))
	}
	return errors.Join(errs...)
}
