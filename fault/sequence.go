package fault

import (
	"errors"
	"fmt"
	"strconv"
)

// OK is that nothing goes wrong: a step of a [Sequence].
type OK struct{}

// Name implements [Kind].
func (OK) Name() string { return "ok" }

// String implements [Kind].
func (OK) String() string { return "ok" }

// Validate finds nothing wrong.
func (OK) Validate() error { return nil }

// Sequence is one thing after another: by default, over the attempts at the same
// request. It is a list: what comes after its first step is in Then.
type Sequence struct {
	Times int  // for how many requests Step lasts
	Step  Kind // OK for nothing
	// Then is what comes afterwards, another Sequence or a kind that lasts for
	// ever. Defaults to nothing.
	Then Kind
}

// Name implements [Kind].
func (Sequence) Name() string { return "sequence" }

// String returns for example "2*status 503 -> ok".
func (s Sequence) String() string {
	if s.Step == nil {
		return ""
	}
	first := strconv.Itoa(s.Times) + "*" + s.Step.String()
	if s.Then == nil {
		return first
	}
	return first + " -> " + s.Then.String()
}

// Validate refuses a step that does not say how long it lasts, and sequences in
// sequences.
func (s Sequence) Validate() error {
	var errs []error
	if s.Times < 1 {
		errs = append(errs, fmt.Errorf("sequence: %d is not a number of times such as 2", s.Times))
	}
	switch step := s.Step.(type) {
	case nil:
		errs = append(errs, errors.New("sequence: want steps such as 2*status 503 -> ok"))
	case Sequence:
		errs = append(errs, fmt.Errorf("sequence: %q can't be a step", step))
	default:
		errs = append(errs, step.Validate())
	}
	if s.Then != nil {
		errs = append(errs, s.Then.Validate())
	}
	return errors.Join(errs...)
}

// At returns the kind for the n-th request, from 1; nil if nothing goes wrong.
func (s Sequence) At(n int) Kind {
	for {
		if n <= s.Times {
			return wrong(s.Step)
		}
		next, more := s.Then.(Sequence)
		if !more {
			return wrong(s.Then)
		}
		n -= s.Times
		s = next
	}
}

// Steps returns the kinds of the sequence in order, without those where nothing
// goes wrong; of any other kind, that kind alone.
func Steps(kind Kind) []Kind {
	var steps []Kind
	add := func(k Kind) {
		if k = wrong(k); k != nil {
			steps = append(steps, k)
		}
	}
	for {
		s, ok := kind.(Sequence)
		if !ok {
			add(kind)
			return steps
		}
		add(s.Step)
		kind = s.Then
	}
}

// wrong is the kind, nil for [OK].
func wrong(kind Kind) Kind {
	if kind == (OK{}) {
		return nil
	}
	return kind
}
