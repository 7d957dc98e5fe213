package fault

import (
	"fmt"
	"time"
)

// Twice sends a callback a second time, though nobody asked for that.
type Twice struct {
	// Together sends both at the same moment. Defaults to the second once the first
	// was answered.
	Together bool
}

// Name implements [Kind].
func (Twice) Name() string { return "twice" }

// String implements [Kind].
func (t Twice) String() string { return text("twice", when(t.Together, "together")) }

// Validate finds nothing wrong.
func (Twice) Validate() error { return nil }

func parseTwice(w *words) Kind { return Twice{Together: w.flag("together")} }

// Late sends a callback so much later than it is due.
type Late struct{ By time.Duration }

// Name implements [Kind].
func (Late) Name() string { return "late" }

// String implements [Kind].
func (l Late) String() string { return text("late", l.By.String()) }

// Validate refuses no time.
func (l Late) Validate() error {
	if l.By <= 0 {
		return fmt.Errorf("late is by more than nothing, not %v", l.By)
	}
	return checkTimes("late", l.By)
}

func parseLate(w *words) Kind { return Late{By: w.nextDuration("TIME")} }

// BeforeAnswer sends a callback before the answer to the request that caused it.
type BeforeAnswer struct{}

// Name implements [Kind].
func (BeforeAnswer) Name() string { return "before-answer" }

// String implements [Kind].
func (BeforeAnswer) String() string { return "before-answer" }

// Validate finds nothing wrong.
func (BeforeAnswer) Validate() error { return nil }

// Reordered lets the next callback overtake one.
type Reordered struct{}

// Name implements [Kind].
func (Reordered) Name() string { return "reordered" }

// String implements [Kind].
func (Reordered) String() string { return "reordered" }

// Validate finds nothing wrong.
func (Reordered) Validate() error { return nil }

// WrongSignature signs a callback with another secret.
type WrongSignature struct{}

// Name implements [Kind].
func (WrongSignature) Name() string { return "wrong-signature" }

// String implements [Kind].
func (WrongSignature) String() string { return "wrong-signature" }

// Validate finds nothing wrong.
func (WrongSignature) Validate() error { return nil }

func callbacks() []Row {
	return []Row{
		{"twice", "twice [together]", []Variant{
			{"twice", "a callback that was sent is sent once more when it was answered", "a provider that delivers at least once; an answer that it did not hear", "knows by the event's id that it has had it, answers 2xx, and does nothing"},
			{"twice together", "both are sent at the same moment", "two workers of a provider with the same event", "lets the database decide who is first (a unique key), not a look before the work"},
		}, parseTwice},
		row("late", "late TIME", parseLate, "a callback is sent so much later than it is due", "a provider with a backlog",
			"asks the API itself what is still open, does not give up what may yet be confirmed, and takes the callback when it comes", "late 2s"),
		row("before-answer", "before-answer", always(BeforeAnswer{}), "a callback arrives before the request that caused it is answered", "a provider that is faster than its own answer",
			"finds what it is about by a key of its own, written before the request was made; or refuses it, so that it comes again", "before-answer"),
		row("reordered", "reordered", always(Reordered{}), "a callback is held until the next one of the same API was sent", "a provider with several workers",
			"goes by the state of the thing or a version in the event, never by the order of arrival", "reordered"),
		row("wrong-signature", "wrong-signature", always(WrongSignature{}), "a callback is signed with another secret, in each of its attempts", "a forged callback; a secret that was rotated on one side",
			"refuses it with 4xx before it reads what is in it, and changes nothing", "wrong-signature"),
	}
}
