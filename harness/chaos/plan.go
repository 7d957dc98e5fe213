package chaos

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"holdfast.dev/holdfast/fault"
	"holdfast.dev/holdfast/nearest"
)

// Planned is one fault of a scenario: what, where, when. Times are since the
// scenario's start.
type Planned struct {
	fault.Fault               // its ID is unique in its scenario
	On          string        // the name of the place
	From        time.Duration // when it begins; 0: it is in force when the scenario starts
	To          time.Duration // when it is undone; 0 for a [fault.OneShot]
}

// String writes it as people say it, for example "slow: delay 200ms on database, 2s to 5s".
func (p Planned) String() string {
	if fault.IsOneShot(p.Kind) {
		return fmt.Sprintf("%s: %v on %s, at %v", p.ID, p.Text(), p.On, p.From)
	}
	return fmt.Sprintf("%s: %v on %s, %v to %v", p.ID, p.Text(), p.On, p.From, p.To)
}

// atOnce reports whether the fault is in force when the scenario starts.
func (p Planned) atOnce() bool { return p.From == 0 && !fault.IsOneShot(p.Kind) }

// overlaps reports whether the two are ever on at the same time.
func (p Planned) overlaps(o Planned) bool {
	return p.From < max(o.To, o.From+1) && o.From < max(p.To, p.From+1)
}

// Validate reports all that is wrong with a plan for places that support so
// much, by name: unknown places, faults that a place cannot carry out, windows
// that make no sense, and faults that exclude each other at the same time.
// Nothing has to be there yet.
func Validate(places map[string]fault.Support, plan []Planned) error {
	var errs []error
	ids := map[string]bool{}
	for i, p := range plan {
		for _, err := range p.problems(places) {
			errs = append(errs, fmt.Errorf("fault %q: %w", p.ID, err))
		}
		if p.ID != "" && ids[p.ID] {
			errs = append(errs, fmt.Errorf("fault %q: there are two of that id", p.ID))
		}
		ids[p.ID] = true
		for _, before := range plan[:i] {
			if err := conflict(places, before, p); err != nil {
				errs = append(errs, fmt.Errorf("faults %q and %q: %w", before.ID, p.ID, err))
			}
		}
	}
	return errors.Join(errs...)
}

func (p Planned) problems(places map[string]fault.Support) []error {
	var errs []error
	if p.ID == "" {
		errs = append(errs, errors.New("it has no id"))
	}
	place, known := places[p.On]
	if !known {
		names := slices.Sorted(maps.Keys(places))
		errs = append(errs, fmt.Errorf("there is no place %q%s", p.On, didYouMean(p.On, names)))
	}
	if p.Kind == nil {
		return append(errs, errors.New("it has no kind"))
	}
	if known {
		if err := place.Accepts(p.Fault); err != nil {
			errs = append(errs, err)
		}
	}
	if p.From < 0 {
		errs = append(errs, fmt.Errorf("it begins at %v, before the start", p.From))
	}
	once := fault.IsOneShot(p.Kind)
	switch {
	case once && p.To != 0:
		errs = append(errs, fmt.Errorf("%q happens once and has no end, but one is given: %v", p.Kind, p.To))
	case !once && p.To <= p.From:
		errs = append(errs, fmt.Errorf("it ends at %v, not after it begins at %v", p.To, p.From))
	}
	return errs
}

// didYouMean is the end of an error about an unknown name: the name nearest to
// it, or all that there are when none is near.
func didYouMean(name string, names []string) string {
	if near := nearest.Name(name, names); near != "" {
		return fmt.Sprintf("; did you mean %q?", near)
	}
	return fmt.Sprintf("; there are %q", names)
}

// conflict says why the two cannot both be carried out, or nil.
func conflict(places map[string]fault.Support, a, b Planned) error {
	place, ok := places[a.On]
	if !ok || a.On != b.On || a.Kind == nil || b.Kind == nil || !a.overlaps(b) {
		return nil
	}
	return place.Conflict(a.Kind, b.Kind)
}
