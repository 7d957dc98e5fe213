package fault

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// maxText is the longest text form that is read.
const maxText = 8 << 10

// ErrText is what [Parse] wraps when a text is not a fault.
var ErrText = errors.New("not a fault")

// Parse reads a fault's text form:
//
//	fault    = step { "->" step } { selector }
//	step     = [ times "*" ] ( kind | status | "ok" )
//	kind     = name { word | option }              see Catalogue
//	option   = name=value, or name and value as two words
//	selector = p=0.1 | nth=3 | every=5 | per=all | key=a,b,c* | pick=2 |
//	           from=10s | to=30s | ramp=5s | flap=3s/2s | at-once=4 | id=name
//
// A status alone, such as 503, is short for "status 503". A step without a
// number of times, but the last, lasts once. Errors wrap [ErrText].
func Parse(text string) (Fault, error) {
	f, err := parse(text)
	if err == nil {
		err = f.Validate()
	}
	if err != nil {
		return Fault{}, fmt.Errorf("%w: %q: %w", ErrText, text[:min(len(text), 200)], err)
	}
	return f, nil
}

func parse(text string) (Fault, error) {
	if len(text) > maxText {
		return Fault{}, errors.New("too long")
	}
	when := &words{}
	var steps []Sequence // each for itself; Times is 0 where the text gives none
	for part := range strings.SplitSeq(text, "->") {
		selectors, rest := takeSelectors(strings.Fields(part))
		when.left = append(when.left, selectors...)
		step, err := parseStep(rest)
		if err != nil {
			return Fault{}, err
		}
		steps = append(steps, step)
	}
	f := Fault{ID: when.option("id"), Kind: inARow(steps), When: when.selector()}
	return f, when.end()
}

// inARow makes one kind of the steps of a text.
func inARow(steps []Sequence) Kind {
	var kind Kind
	for i, step := range slices.Backward(steps) {
		if last := i == len(steps)-1; last && step.Times == 0 {
			kind = step.Step
			continue
		}
		step.Times = max(step.Times, 1)
		step.Then = kind
		kind = step
	}
	return kind
}

func parseStep(step []string) (Sequence, error) {
	missing := errors.New("a kind of fault is missing")
	if len(step) == 0 {
		return Sequence{}, missing
	}
	s := Sequence{}
	if times, rest, ok := strings.Cut(step[0], "*"); ok {
		n, err := strconv.Atoi(times)
		if err != nil || n < 1 {
			return Sequence{}, fmt.Errorf("%q is not a number of times such as 2*", step[0])
		}
		s.Times = n
		step = slices.Clone(step)
		step[0] = rest
		if rest == "" {
			step = step[1:]
		}
	}
	if len(step) == 0 {
		return Sequence{}, missing
	}
	if len(step) == 1 && step[0] == "ok" {
		s.Step = OK{}
		return s, nil
	}
	var err error
	s.Step, err = parseKind(step)
	return s, err
}

func parseKind(step []string) (Kind, error) {
	if _, err := strconv.Atoi(step[0]); err == nil {
		step = append([]string{"status"}, step...)
	}
	row, err := find(step[0])
	if err != nil {
		return nil, err
	}
	w := &words{left: slices.Clone(step[1:])}
	kind := row.parse(w)
	err = w.end()
	if err == nil {
		err = kind.Validate()
	}
	if err != nil {
		return nil, fmt.Errorf("%w; it is written %q", err, row.Form)
	}
	return kind, nil
}
