package view

import (
	"strconv"
	"strings"

	"holdfast.dev/holdfast/harness/result"
)

// Coverage is what of a service the scenarios touch, and what they do not.
type Coverage struct {
	Summary []string
	// Missing are the first things that no scenario touches, Further the others; More
	// says how many are not told.
	Missing, Further []string
	More             string
	Routes           []CoveredRoute
	RoutesLeftOut    string
	Places           []CoveredPlace
	Notes            []string
	Traffic          bool // shares are known
	Errors           bool // some route has documented errors
	Calls            bool // some place was seen to be called, or not
}

// CoveredRoute is one thing that the service can be asked.
type CoveredRoute struct {
	Route, Note string
	Share       *Share // nil: not known
	Scenarios   string
	Answers     string // what came of it in this run
	Errors      string // documented, and which of them there were
	Untouched   bool
}

// Share is a part of a whole, with its width as a bar.
type Share struct{ Width, Text string }

// CoveredPlace is one where things can go wrong: what did, and what never does.
type CoveredPlace struct {
	Place, Calls, Had, Never string
	Untouched                bool
}

// How much of a coverage is shown.
const (
	mostMissing = 10
	mostFurther = 90
	mostRoutes  = 40
)

func newCoverage(c *result.Coverage) *Coverage {
	if c == nil || len(c.Routes)+len(c.Places) == 0 {
		return nil
	}
	v := &Coverage{Notes: c.Notes, Traffic: c.Traffic != nil}
	for _, said := range c.Summary() {
		v.Summary = append(v.Summary, strings.ToUpper(said[:1])+said[1:]+".")
	}
	missing := c.Missing()
	v.Missing = missing[:min(len(missing), mostMissing)]
	rest := missing[len(v.Missing):]
	v.Further = rest[:min(len(rest), mostFurther)]
	if n := len(rest) - len(v.Further); n > 0 {
		v.More = count(int64(n)) + " more can be had of run.json."
	}
	for _, r := range c.Routes[:min(len(c.Routes), mostRoutes)] {
		v.Routes = append(v.Routes, coveredRoute(*c, r))
		v.Errors = v.Errors || len(r.Errors) > 0
	}
	if n := int64(len(c.Routes)-len(v.Routes)) + c.LeftOut; n > 0 {
		v.RoutesLeftOut = Plural(int(n), "more route is", "more routes are") + " not shown."
	}
	for _, p := range c.Places {
		v.Places = append(v.Places, coveredPlace(p))
		v.Calls = v.Calls || p.Calls != nil
	}
	return v
}

func coveredRoute(c result.Coverage, r result.CoveredRoute) CoveredRoute {
	v := CoveredRoute{Route: r.Route, Note: r.Operation, Scenarios: strings.Join(r.Scenarios, ", "), Untouched: len(r.Scenarios) == 0 && r.Ignored == ""}
	switch {
	case r.Ignored != "":
		v.Note = join(": ", r.Operation, "not to be asked: "+r.Ignored)
	case r.Unlisted && len(c.Sources) > 0:
		v.Note = "not in " + strings.Join(c.Sources, " or ")
	}
	if r.Share != nil {
		v.Share = &Share{Width: strconv.FormatFloat(*r.Share*100, 'f', 1, 64) + "%", Text: result.Format(*r.Share, result.UnitRatio)}
	}
	for _, status := range byNumber(r.Answers) {
		v.Answers = join(", ", v.Answers, status+": "+count(r.Answers[status]))
	}
	if v.Answers == "" && len(r.Scenarios) > 0 {
		v.Answers = map[bool]string{true: "asked", false: "not in this run"}[len(r.Asked) > 0]
	}
	for _, e := range r.Errors {
		said := "never"
		if e.Seen > 0 {
			said = count(e.Seen)
		} else if len(e.Expected) > 0 {
			said = "not in this run"
		}
		v.Errors = join(", ", v.Errors, e.Status+": "+said)
	}
	return v
}

func coveredPlace(p result.CoveredPlace) CoveredPlace {
	v := CoveredPlace{Place: p.Place, Untouched: true}
	if p.Calls != nil {
		v.Calls = count(*p.Calls)
	}
	for _, e := range p.Effects {
		switch {
		case len(e.Scenarios) == 0:
			v.Never = join(", ", v.Never, e.Name)
			continue
		case e.Fired == 0:
			v.Had = join(", ", v.Had, e.Name+" (not in this run)")
		default:
			v.Had = join(", ", v.Had, e.Name+" ("+count(e.Fired)+" times)")
		}
		v.Untouched = false
	}
	return v
}
