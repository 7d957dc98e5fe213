package result

import (
	"fmt"
	"slices"
	"strings"
)

// Coverage is which of what is known of a service its scenarios touch: what it can be
// asked, what it talks to, what can go wrong there. It is information, and decides
// nothing.
type Coverage struct {
	// Sources are what the routes are known from, for example api.yaml. None: from the
	// scenarios alone, so that nobody knows what is missing.
	Sources []string `json:"sources,omitempty"`
	// Traffic is how much of what production is asked the scenarios ask. Absent: that is
	// not known.
	Traffic *Traffic `json:"traffic,omitempty"`
	// Routes are what the service can be asked, what no scenario asks first, and of these
	// what production is asked most. LeftOut counts those that are too many to be listed.
	Routes  []CoveredRoute `json:"routes"`
	LeftOut int64          `json:"left_out,omitempty"`
	// Places are where things can go wrong: dependencies with their routes and webhooks,
	// and processes.
	Places []CoveredPlace `json:"places"`
	Notes  []string       `json:"notes,omitempty"`
}

// Traffic is what production is asked, in requests, but for what is ignored, and how
// much of it goes to routes that are asked here.
type Traffic struct {
	Requests int64 `json:"requests"`
	Planned  int64 `json:"planned"` // to routes that some scenario asks
	Asked    int64 `json:"asked"`   // to routes that this run has asked
}

// CoveredRoute is one thing that the service can be asked.
type CoveredRoute struct {
	Route     string `json:"route"`               // GET /orders/{id}
	Operation string `json:"operation,omitempty"` // its ID in the description
	// Requests is how often production was asked, Share the part of all that is not
	// ignored. Absent: not known.
	Requests *int64   `json:"requests,omitempty"`
	Share    *float64 `json:"share,omitempty"`
	// Scenarios ask it; Asked are those of them that did in this run, and got answers.
	Scenarios []string `json:"scenarios"`
	Asked     []string `json:"asked,omitempty"`
	// Answers are those of this run by their status.
	Answers map[string]int64 `json:"answers,omitempty"`
	// Errors are the error answers that the description has.
	Errors []ErrorAnswer `json:"errors,omitempty"`
	// Unlisted says that no source knows it: it is what scenarios ask.
	Unlisted bool `json:"unlisted,omitempty"`
	// Ignored is why it is not to be asked. Empty: it is.
	Ignored string `json:"ignored,omitempty"`
}

// ErrorAnswer is one that a description has: a status, a class such as 4XX, or default.
type ErrorAnswer struct {
	Status string `json:"status"`
	// Expected are the scenarios that take such an answer for right; Seen is how often
	// there was one in this run.
	Expected []string `json:"expected,omitempty"`
	Seen     int64    `json:"seen"`
}

// CoveredPlace is one where things can go wrong.
type CoveredPlace struct {
	Place string `json:"place"`
	// Calls is how often the service called it in this run. Absent: that is not seen.
	Calls   *int64   `json:"calls,omitempty"`
	Effects []Effect `json:"effects"`
}

// Effect is one way in which something can go wrong at a place.
type Effect struct {
	Name string `json:"name"` // slow, down, losing replies, giving errors, answering wrongly; of a webhook the kind of fault
	// Scenarios lay a fault with that effect there; Fired is how often such a fault acted
	// in this run.
	Scenarios []string `json:"scenarios"`
	Fired     int64    `json:"fired"`
}

// The effects that faults have.
const (
	Slow          = "slow"
	Down          = "down"
	LosingReplies = "losing replies"
	GivingErrors  = "giving errors"
	Wrongly       = "answering wrongly"
)

// Summary says how much is touched, a sentence each.
func (c Coverage) Summary() []string {
	var known, planned, asked int
	for _, r := range c.Routes {
		if r.Unlisted || r.Ignored != "" {
			continue
		}
		known++
		if len(r.Scenarios) > 0 {
			planned++
		}
		if len(r.Asked) > 0 {
			asked++
		}
	}
	var all []string
	switch {
	case len(c.Sources) == 0:
		all = append(all, "what the service can be asked is not known: coverage names an OpenAPI file or an access log")
	case c.Traffic == nil || c.Traffic.Requests == 0:
		all = append(all, fmt.Sprintf("scenarios ask %d of %d routes; this run asked %d", planned, known, asked))
	default:
		share := func(n int64) string { return Format(float64(n)/float64(c.Traffic.Requests), UnitRatio) }
		all = append(all, fmt.Sprintf("scenarios ask %d of %d routes, %s of the traffic; this run asked %d, %s", planned, known, share(c.Traffic.Planned), asked, share(c.Traffic.Asked)))
	}
	if asked == 0 {
		all[0], _, _ = strings.Cut(all[0], "; this run")
	}
	broken := 0
	for _, p := range c.Places {
		if slices.ContainsFunc(p.Effects, func(e Effect) bool { return len(e.Scenarios) > 0 }) {
			broken++
		}
	}
	if len(c.Places) > 0 {
		all = append(all, fmt.Sprintf("scenarios have something go wrong at %d of %d places", broken, len(c.Places)))
	}
	return all
}

// Missing is what no scenario touches, a sentence each, what is worth most first.
func (c Coverage) Missing() []string {
	return slices.Concat(c.missingRoutes(), c.missingFaults(), c.missingErrors())
}

func (c Coverage) missingRoutes() []string {
	var all []string
	for _, r := range c.Routes {
		if len(r.Scenarios) > 0 || r.Ignored != "" {
			continue
		}
		text := "no scenario asks " + r.Route
		if r.Share != nil {
			text += " (" + Format(*r.Share, UnitRatio) + " of the traffic)"
		}
		all = append(all, text)
	}
	return all
}

func (c Coverage) missingFaults() []string {
	var all []string
	for _, p := range c.Places {
		var lacking []string
		laid := false
		for _, e := range p.Effects {
			laid = laid || len(e.Scenarios) > 0
			if len(e.Scenarios) == 0 && slices.Contains([]string{Slow, Down, LosingReplies, GivingErrors}, e.Name) {
				lacking = append(lacking, e.Name)
			}
		}
		switch {
		case p.Calls != nil && *p.Calls == 0:
			all = append(all, "no scenario of this run has the service call "+p.Place)
		case !laid && len(p.Effects) > 0:
			all = append(all, "no scenario breaks "+p.Place)
		case len(lacking) > 0 && !strings.Contains(p.Place, "."): // its parts are looked at whole
			all = append(all, "no scenario has "+p.Place+" "+either(lacking))
		}
	}
	return all
}

func (c Coverage) missingErrors() []string {
	var all []string
	for _, r := range c.Routes {
		var lacking []string
		for _, e := range r.Errors {
			switch {
			case len(e.Expected) > 0 || e.Seen > 0:
			case e.Status == "default":
				lacking = append(lacking, "any other error")
			default:
				lacking = append(lacking, e.Status)
			}
		}
		if len(lacking) > 0 && len(r.Scenarios) > 0 && r.Ignored == "" {
			all = append(all, "no scenario gets "+either(lacking)+" from "+r.Route)
		}
	}
	return all
}

// either is "a", "a or b", "a, b or c".
func either(all []string) string {
	if n := len(all); n > 1 {
		return strings.Join(all[:n-1], ", ") + " or " + all[n-1]
	}
	return strings.Join(all, "")
}
