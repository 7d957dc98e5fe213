package load

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"holdfast.dev/holdfast/harness/result"
)

// Shape is a load that is given by the phases of an experiment and not by time:
// it can be laid over phases of any length. A profile that a shape gave knows it
// ([ShapeOf]).
type Shape interface {
	// Over returns the profile of the shape over these phases, from the start of
	// the first to the end of the last.
	Over(phases []result.Phase) Profile
	// Times returns the shape with f times the rate.
	Times(f float64) Shape
	// String is the shape's text form, which [ParseShape] reads back.
	String() string
}

// Throughout is a shape of one rate in all phases, in requests per second.
func Throughout(rate float64) Shape { return perPhase{base: rate} }

// PerPhase is a shape with a rate of its own in some phases, by their names, and
// another in all that are not named, in requests per second.
func PerPhase(rate float64, in map[string]float64) Shape {
	if len(in) == 0 {
		return Throughout(rate)
	}
	return perPhase{rate, maps.Clone(in)}
}

// BurstsThroughout is a shape of size requests at the same instant, again and
// again after each period of every, whatever the phase.
func BurstsThroughout(size int, every time.Duration) Shape { return bursting{int64(size), every} }

// ShapeOf returns the shape that gave p, if one did: p is fixed otherwise.
func ShapeOf(p Profile) (Shape, bool) {
	s, ok := p.(shaped)
	return s.shape, ok
}

// shaped is a profile that a shape gave.
type shaped struct {
	Profile
	shape Shape
}

type perPhase struct {
	base float64
	in   map[string]float64
}

func (r perPhase) at(phase string) float64 {
	if rate, ok := r.in[phase]; ok {
		return rate
	}
	return r.base
}

// Over joins phases of the same rate, so that no request is moved by a border
// that means nothing to it.
func (r perPhase) Over(phases []result.Phase) Profile {
	var parts []Profile
	for i := 0; i < len(phases); {
		rate, from := r.at(phases[i].Name), phases[i].From
		for i++; i < len(phases) && r.at(phases[i].Name) == rate; i++ {
		}
		parts = append(parts, Constant(rate, phases[i-1].To-from))
	}
	return shaped{Sequence(parts...), r}
}

func (r perPhase) Times(f float64) Shape {
	in := make(map[string]float64, len(r.in))
	for phase, rate := range r.in {
		in[phase] = rate * f
	}
	return PerPhase(r.base*f, in)
}

func (r perPhase) String() string {
	text := rateText(r.base)
	for _, phase := range slices.SortedFunc(maps.Keys(r.in), byPhase) {
		text += fmt.Sprintf(", %s in %s", rateText(r.in[phase]), phase)
	}
	return text
}

// phaseNames are those of the phases that have load, in their order.
var phaseNames = [...]string{result.WarmUp, result.Baseline, result.Inject, result.Heal}

func byPhase(a, b string) int {
	if i, j := slices.Index(phaseNames[:], a), slices.Index(phaseNames[:], b); i != j {
		return i - j
	}
	return strings.Compare(a, b)
}

type bursting struct {
	size  int64
	every time.Duration
}

func (b bursting) Over(phases []result.Phase) Profile {
	var d time.Duration
	for _, p := range phases {
		d += p.Length()
	}
	return shaped{bursts{b.size, b.every, d}, b}
}

func (b bursting) Times(f float64) Shape { return bursting{scaledCount(b.size, f), b.every} }

func (b bursting) String() string {
	return fmt.Sprintf("bursts of %d every %s", b.size, lengthText(b.every))
}

// scaledCount is f times n, rounded, and 1 at least where n is.
func scaledCount(n int64, f float64) int64 {
	return max(min(n, 1), int64(math.Round(float64(n)*f)))
}

// ParseShape reads a shape in its text form: "40/s", "40/s, 200/s in inject" or
// "bursts of 50 every 500ms".
func ParseShape(text string) (Shape, error) {
	s, err := parseShape(text)
	if err != nil {
		return nil, fmt.Errorf(`shape %q: %w; write it as "40/s", "40/s, 200/s in inject" or "bursts of 50 every 500ms"`, text, err)
	}
	return s, nil
}

func parseShape(text string) (Shape, error) {
	if strings.HasPrefix(strings.TrimSpace(text), "bursts") {
		w := &wording{rest: strings.Fields(text)}
		w.word("bursts", "of")
		b := bursting{size: w.count()}
		b.every = w.length("every")
		return b, w.done()
	}
	var r perPhase
	for i, clause := range strings.Split(text, ",") {
		w := &wording{rest: strings.Fields(clause)}
		rate := w.rate()
		if i == 0 {
			r.base = rate
		} else if err := r.enter(w, rate); err != nil {
			return nil, err
		}
		if err := w.done(); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// enter reads "in PHASE" behind a rate.
func (r *perPhase) enter(w *wording, rate float64) error {
	w.word("in")
	phase := w.next("a phase")
	if w.err != nil {
		return w.err
	}
	phase, err := phaseNamed(phase)
	if err != nil {
		return err
	}
	if _, twice := r.in[phase]; twice {
		return fmt.Errorf("%s has two rates", phase)
	}
	if r.in == nil {
		r.in = make(map[string]float64)
	}
	r.in[phase] = rate
	return nil
}
