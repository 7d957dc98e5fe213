package fault

import (
	"errors"
	"fmt"
	"strings"
)

// Sequence is one thing after another: by default, over the attempts at the same
// request.
type Sequence []Step

// Step is a kind that lasts for a number of requests.
type Step struct {
	Times int  // 0: for ever; only the last step may
	Kind  Kind // nil: nothing goes wrong
}

// String returns for example "2*status 503 -> ok".
func (s Sequence) String() string {
	steps := make([]string, len(s))
	for i, step := range s {
		text := "ok"
		if step.Kind != nil {
			text = step.Kind.String()
		}
		if step.Times > 0 {
			text = fmt.Sprintf("%d*%s", step.Times, text)
		}
		steps[i] = text
	}
	return strings.Join(steps, " -> ")
}

// Validate refuses an empty sequence, a step after one that lasts for ever, and
// kinds that can't be part of one.
func (s Sequence) Validate() error {
	if len(s) == 0 || len(s) == 1 && s[0].Times == 0 {
		return errors.New("sequence: want steps such as 2*status 503 -> ok")
	}
	var errs []error
	for i, step := range s {
		if step.Times < 0 || step.Times == 0 && i < len(s)-1 {
			errs = append(errs, fmt.Errorf("sequence: step %d needs a number of times, such as 2*", i+1))
		}
		switch step.Kind.(type) {
		case nil:
			continue
		case Sequence, Greeter:
			errs = append(errs, fmt.Errorf("sequence: %q can't be a step", step.Kind))
		}
		errs = append(errs, step.Kind.Validate())
	}
	return errors.Join(errs...)
}

// at returns the kind for the n-th request, from 1; nil if nothing goes wrong.
func (s Sequence) at(n int) Kind {
	for _, step := range s {
		if step.Times == 0 || n <= step.Times {
			return step.Kind
		}
		n -= step.Times
	}
	return nil
}
