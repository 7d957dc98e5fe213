package view

import (
	"strconv"
	"strings"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/reports/chart"
)

// AlertCourse is what one alert did over a scenario: the spans in which it was pending and
// in which it fired, beneath those of the faults, on a scale of 0 to 1000.
type AlertCourse struct {
	Alert, Words           string
	Fault, Pending, Firing []Stretch
}

// Stretch is a part of the scale, as numbers in text.
type Stretch struct{ X, Width string }

// The states of an alert, as its series has them.
const (
	alertPending = 1
	alertFiring  = 2
	scale        = 1000
)

// alertOf is the alert whose states a series tells; empty of all others.
func alertOf(s result.Series) string {
	name, ok := strings.CutPrefix(s.Name, "alert.")
	if !ok {
		return ""
	}
	name, ok = strings.CutSuffix(name, ".state")
	if !ok {
		return ""
	}
	return name
}

// alertCourses are those of all alerts of which there is a series.
func alertCourses(s result.Scenario) []AlertCourse {
	var all []AlertCourse
	span := spanOf(s)
	if !(span.To > span.From) {
		return nil
	}
	stretch := func(from, to float64) Stretch {
		at := func(t float64) float64 {
			return (min(max(t, span.From), span.To) - span.From) / (span.To - span.From) * scale
		}
		return Stretch{strconv.FormatFloat(at(from), 'f', 1, 64), strconv.FormatFloat(max(at(to)-at(from), 1), 'f', 1, 64)}
	}
	var acts []Stretch
	phases, faults := bands(s, span)
	if len(faults) == 0 {
		for _, p := range phases {
			if p.Name == result.Inject {
				faults = append(faults, p)
			}
		}
	}
	for _, f := range faults {
		acts = append(acts, stretch(f.Span.From, f.Span.To))
	}
	for _, series := range s.Series[:min(len(s.Series), mostSeries)] {
		alert := alertOf(series)
		if alert == "" {
			continue
		}
		c := AlertCourse{Alert: alert, Fault: acts}
		var said []string
		for _, one := range stays(series) {
			from, to := duration(one.Span.From), duration(one.Span.To)
			switch one.state {
			case alertPending:
				c.Pending = append(c.Pending, stretch(one.Span.From, one.Span.To))
				said = append(said, "pending from "+from)
			case alertFiring:
				c.Firing = append(c.Firing, stretch(one.Span.From, one.Span.To))
				said = append(said, "firing from "+from+" to "+to)
			}
		}
		c.Words = strings.Join(said, ", ")
		if len(said) == 0 {
			c.Words = "inactive"
		}
		all = append(all, c)
	}
	return all
}

// stay is a span in which a series has one value.
type stay struct {
	Span  chart.Span
	state float64
}

// stays are the spans of a series that jumps from one value to the next.
func stays(s result.Series) []stay {
	var all []stay
	n := min(len(s.T), len(s.V))
	for i := 0; i+1 < n; i++ {
		if s.T[i+1] > s.T[i] && s.V[i] == s.V[i+1] && s.T[i+1] < longestTime {
			all = append(all, stay{chart.Span{From: s.T[i], To: s.T[i+1]}, s.V[i]})
		}
	}
	return all
}
