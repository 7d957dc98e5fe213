package load

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/nearest"
)

// ParseRate reads a rate in requests per second: "200/s", "90/min", "20/h".
func ParseRate(text string) (float64, error) { return parseRate(text) }

// Lay reads a load as one text and lays it over the phases of an experiment: a
// [Shape], which follows the phases, or a [Profile], which is fixed in time and does
// not. [Text] is its inverse.
func Lay(text string, phases []result.Phase) (Profile, error) {
	if fixedInTime(text) {
		return ParseProfile(text)
	}
	shape, err := ParseShape(text)
	if err != nil {
		return nil, err
	}
	return shape.Over(phases), nil
}

// Text writes a profile as [Lay] reads it.
func Text(p Profile) string {
	if shape, ok := ShapeOf(p); ok {
		return shape.String()
	}
	return p.String()
}

// fixedInTime reports whether a text says how long its load lasts.
func fixedInTime(text string) bool {
	return slices.ContainsFunc(strings.Fields(text), func(word string) bool {
		return slices.Contains([]string{"for", "over", "each", "then", "steps", "waves"}, word)
	})
}

// ByPhase is a shape of rates that are given by the names of phases, as [ParseRate]
// reads them. A phase that is not named has the rate of the baseline, so that the
// warm-up prepares for what is compared and healing is seen at it. A baseline that is
// not named is without load, as of a stream that is there while a fault is.
func ByPhase(rates map[string]string) (Shape, error) {
	var errs []error
	in := make(map[string]float64, len(rates))
	for _, name := range slices.Sorted(maps.Keys(rates)) {
		phase, err := phaseNamed(name)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		rate, err := parseRate(rates[name])
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", name, err))
		}
		in[phase] = rate
	}
	if len(rates) == 0 {
		errs = append(errs, errors.New("there are none"))
	}
	base := in[result.Baseline]
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("rates by phase: %w", err)
	}
	maps.DeleteFunc(in, func(_ string, rate float64) bool { return rate == base })
	return PerPhase(base, in), nil
}

// RatesOf is the inverse of [ByPhase]; false for a shape that is not rates by phase.
func RatesOf(s Shape) (map[string]string, bool) {
	r, ok := s.(perPhase)
	if !ok {
		return nil, false
	}
	base := r.at(result.Baseline)
	rates := map[string]string{result.Baseline: rateText(base)}
	for _, phase := range phaseNames {
		if rate := r.at(phase); rate != base {
			rates[written(phase)] = rateText(rate)
		}
	}
	return rates, true
}

// phaseNamed finds a phase that has load by its name, with a line above or below
// between its words.
func phaseNamed(name string) (string, error) {
	phase := strings.ReplaceAll(name, "_", "-")
	switch {
	case phase == result.Drain:
		return "", errors.New("nothing is sent in the drain")
	case !slices.Contains(phaseNames[:], phase):
		return "", fmt.Errorf("there is no phase %q%s", name, nearest.Hint(phase, phaseNames[:]))
	}
	return phase, nil
}

// written is a phase's name as a key of a file has it: warm_up.
func written(phase string) string { return strings.ReplaceAll(phase, "-", "_") }

// Stage is a part of a load that leads evenly from the rate before to Target, in
// requests per second. One of no duration jumps there.
type Stage struct {
	Duration time.Duration
	Target   float64
}

// Stages plans one stage after another, from a rate in requests per second on.
func Stages(start float64, stages ...Stage) Profile {
	var parts []Profile
	for _, s := range stages {
		if s.Duration > 0 {
			parts = append(parts, Ramp(start, s.Target, s.Duration))
		}
		start = s.Target
	}
	return Sequence(parts...)
}

// StagesOf is the inverse of [Stages]; false for a profile that is not made of rates
// which are constant or change evenly.
func StagesOf(p Profile) (start float64, stages []Stage, ok bool) {
	parts := []Profile{p}
	if s, several := p.(sequence); several {
		parts = s.profiles()
	}
	for i, part := range parts {
		r, isRamp := part.(ramp)
		switch {
		case !isRamp:
			return 0, nil, false
		case i == 0:
			start = r.from
		case r.from != stages[len(stages)-1].Target:
			stages = append(stages, Stage{Target: r.from})
		}
		stages = append(stages, Stage{Duration: r.d, Target: r.to})
	}
	return start, stages, true
}
