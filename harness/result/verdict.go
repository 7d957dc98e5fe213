package result

import (
	"fmt"
	"strings"
)

// Verdict is the outcome of a check, a scenario or a run. There are four, and
// only [Pass] is success. The zero value is no verdict yet: it is the state of
// a run that was cut short, and never counts as success.
type Verdict string

const (
	// Pass: it was exercised, it was measured, and it held.
	Pass Verdict = "pass"
	// NotExercised: nothing was shown, because the thing that the check is
	// about never happened (a fault that never fired, no samples, no load).
	NotExercised Verdict = "not-exercised"
	// Inconclusive: the experiment itself was not valid (the load was not
	// delivered, a probe died, the generator or the machine was saturated).
	Inconclusive Verdict = "inconclusive"
	// Fail: it was measured in a valid experiment, and it did not hold.
	Fail Verdict = "fail"
)

// Verdicts lists the four, worst first.
func Verdicts() []Verdict { return []Verdict{Fail, Inconclusive, NotExercised, Pass} }

// About says in a sentence what the verdict means, and what to do of it.
func (v Verdict) About() string {
	switch v {
	case Pass:
		return "It was exercised and measured in a valid experiment, and it held."
	case Fail:
		return "It was measured in a valid experiment, and it did not hold: the service is to be mended, or the limit."
	case Inconclusive:
		return "The experiment itself was not valid (the load was not delivered, the machine was full, a probe died): nothing is shown, run it again."
	case NotExercised:
		return "What the check is about never happened (a fault that never fired, no samples, no load): nothing is shown, look at why."
	default:
		return ""
	}
}

// rank orders verdicts, worst highest. What is not one of the four ranks as
// inconclusive, so that an unknown word never becomes a success.
func (v Verdict) rank() int {
	switch v {
	case Pass:
		return 0
	case NotExercised:
		return 1
	case Fail:
		return 3
	default:
		return 2
	}
}

// Worse reports whether v is a worse outcome than other.
func (v Verdict) Worse(other Verdict) bool { return v.rank() > other.rank() }

// Worst returns the worst of vs: fail, then inconclusive, then not-exercised,
// then pass. The worst of nothing is [NotExercised]: no data never passes.
func Worst(vs ...Verdict) Verdict {
	if len(vs) == 0 {
		return NotExercised
	}
	worst := Pass
	for _, v := range vs {
		if v.Worse(worst) {
			worst = v
		}
	}
	if worst.Valid() {
		return worst
	}
	return Inconclusive
}

// Valid reports whether v is one of the four verdicts.
func (v Verdict) Valid() bool {
	switch v {
	case Pass, NotExercised, Inconclusive, Fail:
		return true
	}
	return false
}

// Mark returns the one-character sign that stands beside the word, so that no
// reader depends on colour.
func (v Verdict) Mark() string {
	switch v {
	case Pass:
		return "✓"
	case Fail:
		return "✕"
	case NotExercised:
		return "–"
	default:
		return "?"
	}
}

// Label returns the verdict as shown to people, for example "NOT EXERCISED".
func (v Verdict) Label() string {
	if v == "" {
		return "NO VERDICT"
	}
	return strings.ToUpper(strings.ReplaceAll(string(v), "-", " "))
}

// UnmarshalText accepts the four verdicts and the empty one.
func (v *Verdict) UnmarshalText(text []byte) error {
	got := Verdict(text)
	if got != "" && !got.Valid() {
		return fmt.Errorf("verdict %q: want one of %v", text, Verdicts())
	}
	*v = got
	return nil
}

// ExitCode is what a program that ran to its end returns for v: 0 for pass, 1
// for fail, 3 for inconclusive, 5 for not-exercised. No verdict counts as
// inconclusive.
func (v Verdict) ExitCode() int {
	switch v {
	case Pass:
		return 0
	case Fail:
		return 1
	case NotExercised:
		return 5
	default:
		return 3
	}
}
