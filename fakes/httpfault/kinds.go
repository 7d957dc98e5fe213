package httpfault

import (
	"errors"
	"fmt"

	"holdfast.dev/holdfast/fault"
)

// row is a kind that a server carries out, and how.
type row struct {
	fault.Carried
	behave func(fault.Kind) behaviour
}

// onRequests makes a row of the table, of what acts on each request alike.
func onRequests[K fault.Kind, B any](behave func(K) B) row {
	var kind K
	return row{
		fault.Carried{
			Kind: kind.Name(), Acts: "each request that is picked, on its own",
			Counts: "requests that it acted on", Undoing: "no request is held by it any more",
		},
		func(kind fault.Kind) behaviour { return behave(kind.(K)) },
	}
}

// but says of a row what is not as with the others.
func (r row) but(acts, counts, undoing string) row {
	r.Acts, r.Counts, r.Undoing = acts, counts, undoing
	return r
}

// kinds is the table of what happens to answers and connections.
func kinds() []row {
	return []row{
		onRequests(func(k fault.Delay) delaying { return delaying{k} }),
		onRequests(newHanging).but(
			"each request that is picked, on its own; accept: each new connection",
			"requests or connections that it held", "nothing is held by it any more"),
		onRequests(func(k fault.Drip) dripping { return dripping{k} }),
		onRequests(func(k fault.Bandwidth) narrowing { return narrowing{k} }).but(
			"the body of each answer that is picked, on its own: they share no line", "requests that it acted on", "no request is held by it any more"),
		onRequests(func(k fault.Overload) overloading { return overloading{k} }),
		onRequests(func(k fault.Refuse) refusing { return refusing{k} }).but(
			"all addresses of the server: new connections are refused by the kernel; open ones are served, or with cut reset",
			"connections that were open when it cut, or one: how many others the kernel refused cannot be counted", "every address listens again"),
		onRequests(func(k fault.Close) closing { return closing{k} }),
		onRequests(func(k fault.Reset) resetting { return resetting{k} }).but(
			"each request that is picked, on its own; without headers or body, its work is not done", "requests that it acted on", "no request is held by it any more"),
		onRequests(func(k fault.IdleClose) idleClosing { return idleClosing{k} }),
		onRequests(func(k fault.Lost) losing { return losing{k} }),
		onRequests(func(k fault.Garbage) garbling { return garbling{k} }),
		onRequests(func(k fault.BadChunk) badChunking { return badChunking{k} }),
		onRequests(func(k fault.Cut) cutting { return cutting{k} }),
		onRequests(func(k fault.Endless) flooding { return flooding{k} }),
		onRequests(func(k fault.GzipBomb) zipBombing { return zipBombing{k} }),
		onRequests(func(k fault.BigHeader) bigHeading { return bigHeading{k} }),
		onRequests(func(k fault.Status) replacing { return replacing{k} }),
		onRequests(func(k fault.Redirect) redirecting { return redirecting{k} }),
		onRequests(func(k fault.Wrong) mistaking { return mistaking{k} }),
		onRequests(newSpoiling),
	}
}

// behaviourOf makes a kind that [Support] has act; nil for one that it has not.
func behaviourOf(kind fault.Kind) behaviour {
	for _, row := range kinds() {
		if row.Kind == kind.Name() {
			return row.behave(kind)
		}
	}
	return nil
}

// Support is what a fake can do to the answers of its API.
func Support() fault.Support {
	s := fault.Support{
		Place: "a fake", About: "an API outside of the target, by who plays it (`fakes`)",
		Selectors: fault.Selectors(), Sequences: true, Limits: limits,
	}
	for _, row := range kinds() {
		s.Kinds = append(s.Kinds, row.Carried)
	}
	return s
}

// limits refuses what a server cannot do: it answers, so it cannot act on what
// comes, and before a request is read it knows nothing of it.
func limits(f fault.Fault) error {
	_, sequence := f.Kind.(fault.Sequence)
	var errs []error
	for _, kind := range fault.Steps(f.Kind) {
		switch k := kind.(type) {
		case fault.Delay:
			errs = append(errs, answersOnly(k, k.Direction))
		case fault.Bandwidth:
			errs = append(errs, answersOnly(k, k.Direction))
		}
		greets, ok := behaviourOf(kind).(greeter)
		switch {
		case ok && sequence:
			errs = append(errs, fmt.Errorf("%q can't be a step: it acts before a request is known", kind))
		case ok && greets.Greet() == Refuse && looksAtRequests(f.When):
			errs = append(errs, errors.New("refuse closes the address to all: it takes from, to and flap only"))
		}
	}
	return errors.Join(errs...)
}

func answersOnly(kind fault.Kind, d fault.Direction) error {
	if d.Or(fault.Down) == fault.Down {
		return nil
	}
	return fmt.Errorf("a fake acts on its answers alone, so down is all that it can do of %q", kind)
}

func looksAtRequests(s fault.Selector) bool {
	return s.Probability != 0 || s.Nth != 0 || s.Every != 0 || s.AtOnce != 0 || len(s.Keys) > 0 || s.Ramp != 0
}
