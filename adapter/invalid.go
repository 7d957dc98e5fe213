package adapter

import (
	"fmt"
	"strings"
	"time"

	"holdfast.dev/holdfast/fakes/journal"
	"holdfast.dev/holdfast/fakes/stub"
	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/standing"
	"holdfast.dev/holdfast/harness/verdict"
)

// invalidOf is how many requests at a place, that of a stub or of its route, are not as the
// API's description says.
func invalidOf(place string) harness.Measure {
	d := verdict.Descriptor{Name: place + ".invalid", Unit: result.UnitCount, About: "requests that are not as the API's description says"}
	return harness.Measure{Descriptor: d, Read: func(state harness.State, w verdict.Window) verdict.Reading {
		fake, part := at(state, place)
		s, ok := fake.(*Stubbed)
		if !ok {
			return verdict.Reading{}
		}
		f := During(s.Journal(), state, w)
		f.Group = part
		requests := s.Journal().Count(f)
		wrong := map[int]bool{}
		for _, i := range s.api.Invalid() {
			wrong[i.Entry] = true
		}
		f.Where = func(e journal.Entry) bool { return wrong[e.N] }
		return verdict.Reading{Value: float64(s.Journal().Count(f)), Samples: int64(requests)}
	}}
}

// withDescription adds what is measured of a place where there is a description.
func withDescription(d *harness.Dependency, place string, by stub.Judge) {
	m := invalidOf(place)
	if by == nil {
		d.Unmeasured[m.Name] = "the API has no description; give it one, such as openapi: payments.yaml"
		return
	}
	d.Measures = append(d.Measures, m)
}

// Described says whether the API has a description that requests are held against.
func (s *Stubbed) Described() bool { return s.described }

// Judged is how many requests there were that a description was asked about, how many of
// them are not as it says, and the first of each kind.
func (s *Stubbed) Judged(zero time.Time) standing.Judged {
	j := s.Journal()
	out := standing.Judged{Requests: j.Gauge("").Total}
	kinds := map[string]int{} // where an example of it is
	times := []int{}
	for _, i := range s.api.Invalid() {
		out.Invalid++
		text := fmt.Sprintf("%s to %s: %s", i.What, s.name, strings.Join(i.Wrong, "; "))
		if at, known := kinds[text]; known {
			times[at]++
			continue
		}
		kinds[text] = len(times)
		times = append(times, 1)
		if len(out.First) < standing.MostExamples {
			out.First = append(out.First, standing.Example{At: s.arrived(i.Entry, zero), What: text})
		}
	}
	for at := range out.First {
		if times[at] > 1 {
			out.First[at].What += fmt.Sprintf(" (%d times)", times[at])
		}
	}
	return out
}

// arrived is when a request did, counted from zero.
func (s *Stubbed) arrived(entry int, zero time.Time) time.Duration {
	for e := range s.Journal().Entries(journal.Filter{}) {
		if e.N == entry {
			return s.Journal().Start().Add(e.Start).Sub(zero)
		}
	}
	return -1
}
