package oracle

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"holdfast.dev/holdfast/adapter"
	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/probe"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
	"holdfast.dev/holdfast/scenarios/contract"
	"holdfast.dev/holdfast/scenarios/profile"
)

// service is an impact service as one scenario knows it: it takes note of the projects
// that the scenario asks about, of what it sets, and of what nobody told.
type service struct {
	contract.Impact
	draft    contract.Draft
	projects []contract.Project
	times    map[contract.Setting]time.Duration // that the scenario sets

	notTried  []string          // faults that would change nothing
	mayFail   map[string]fails  // by project
	asksAbout map[string]string // which project, by stream
}

// over is a scenario in the making.
func over(one contract.Impact) *service {
	return &service{Impact: one, times: map[contract.Setting]time.Duration{}, mayFail: map[string]fails{}, asksAbout: map[string]string{}}
}

// key is where an impact service is told.
const key = "contracts.impact."

// project is one more that is asked about. Some of its oracles, by their number from 1,
// are read by code that trusts what they say.
func (s *service) project(active int, at string, trusting ...int) contract.Project {
	if at == "" {
		s.needs("there", "other_apis")
		return contract.Project{Active: active}
	}
	p := s.Project(len(s.projects)+1, active, at, trusting...)
	if p.ID == "" {
		s.draft.Needs(contract.UntoldProject(active, at == s.There))
	}
	s.projects = append(s.projects, p)
	return p
}

// nameless is a project of whose APIs at a place the first so many that are asked are at a
// host that no name server knows.
func (s *service) nameless(active int, at string, first int) contract.Project {
	p := s.project(active, at)
	p.Nowhere = s.named(p, first)
	s.projects[len(s.projects)-1] = p
	return p
}

// another is one more project that is asked about, where somebody told of one.
func (s *service) another(active int, at string) (contract.Project, bool) {
	p := s.Project(len(s.projects)+1, active, at)
	if p.ID == "" || slices.ContainsFunc(s.projects, func(o contract.Project) bool { return o.ID == p.ID }) {
		return contract.Project{}, false
	}
	s.projects = append(s.projects, p)
	return p, true
}

// everyone are the projects that somebody told of, of those that scenarios ask about.
func (s *service) everyone() []contract.Project {
	for _, at := range []string{s.Here, s.There} {
		for _, active := range []int{s.AtMost, s.AtMost + 1, activeOracles, many, more} {
			if at != "" {
				s.another(active, at)
			}
		}
	}
	if len(s.projects) == 0 {
		s.draft.Needs(contract.UntoldProject(activeOracles, false))
	}
	return s.projects
}

// named are the first n of the APIs of a project that are asked, by their names.
func (s *service) named(p contract.Project, n int) []string {
	if len(p.Asked) >= n {
		return p.Asked[:n]
	}
	switch {
	case n > s.AtMost:
		s.needs(fmt.Sprintf("at_most is %d, and this takes %d that are asked", s.AtMost, n), "")
	case p.At == "": // there is no such place, and nothing else is missing
	case len(s.Project(1, 1, p.At).Asked) > 0: // they have names, and it is not known which are asked
		s.needs("asked", "first, if those are that come first")
	default:
		s.needs("apis", `"oracle-{n}"`)
	}
	return make([]string, n)
}

// changing are those faults that can change what is played at a place.
func (s *service) changing(place string, kinds ...string) []string {
	return slices.DeleteFunc(kinds, func(kind string) bool {
		changes := s.Spoils == nil || s.Spoils(place, adapter.Always(kind, place, kind).Kind)
		if !changes {
			s.notTried = append(s.notTried, kind)
		}
		return !changes
	})
}

// asked is how many APIs of a project are asked.
func (s *service) asked(p contract.Project) int { return min(p.Active, s.AtMost) }

// searched is a search of the same service.
func (s *service) searched(of *contract.Search) contract.Search {
	if of == nil {
		s.draft.Needs(contract.Untold{Key: "contracts.search", Example: "{ request: …, response: …, terms: … }"})
		return contract.Search{Stream: func(string, load.Profile, contract.Draw) load.Stream { return load.Stream{} }}
	}
	if _, ok := of.Term(contract.Some); !ok {
		s.draft.Needs(contract.Untold{Key: "contracts.search.terms.some", Example: "{ term: project, matches: 500 }"})
	}
	return *of
}

// reads are the tables that an answer reads, by what they hold, in a database of the run
// whose trouble may make the service refuse.
func (s *service) reads() []contract.Tables {
	if s.World(s.projects...).Data.Build == nil {
		s.draft.Needs(contract.Untold{Key: "dependencies.db", Example: "{ postgres: {} }"})
	}
	if s.Refused.Judge == nil {
		s.needs("refused", "{ status: 503, headers: { Retry-After: present } }")
	}
	if len(s.Reads) == 0 {
		s.needs("reads", "{ projects: [projects] }")
	}
	return s.Reads
}

// needs takes note of something that nobody told.
func (s *service) needs(what, example string) {
	s.draft.Needs(contract.Untold{Key: key + what, Example: example})
}

// give sets something that would be in the scenario's way.
func (s *service) give(setting contract.Setting, value string) {
	s.draft.Give(setting, s.Settings[setting], value)
	if d, err := time.ParseDuration(value); err == nil && s.Settings[setting].Settable() {
		s.times[setting] = d
	}
}

// time is what a time is: as the scenario sets it, or else as it is anyway; 0: nobody told.
func (s *service) time(setting contract.Setting) time.Duration {
	if d, ok := s.times[setting]; ok {
		return d
	}
	return s.Settings[setting].Is
}

// number sets a number that the scenario is about.
func (s *service) number(setting contract.Setting, value int) {
	s.draft.Number(key+"settings."+string(setting), s.Settings[setting], value)
}

// bound sets a time that the scenario is about, and returns what it is.
func (s *service) bound(setting contract.Setting, want time.Duration) time.Duration {
	s.times[setting] = s.draft.Bound(key+"settings."+string(setting), s.Settings[setting], want)
	return s.times[setting]
}

// patient gives a call and an answer so long, and returns how long they have.
func (s *service) patient(call, answer time.Duration) (time.Duration, time.Duration) {
	return s.bound(contract.CallTimeout, call), s.answersWithin(answer)
}

// answersWithin gives an answer so long.
func (s *service) answersWithin(d time.Duration) time.Duration {
	return s.bound(contract.Deadline, d)
}

// compressed says how much shorter a time is here than where nobody sets it.
func (s *service) compressed(name string, setting contract.Setting, used time.Duration) []result.Compressed {
	if is := s.Settings[setting].Is; is > used {
		return []result.Compressed{profile.Compressed(name, is, used)}
	}
	return nil
}

// in completes a scenario about the projects that it asked for.
func (s *service) in(sc harness.Scenario) harness.Scenario {
	sc, ok := s.over(sc)
	if !ok {
		return sc
	}
	return s.observed(sc)
}

// over is a scenario over its projects, whose answers are not held against the calls.
func (s *service) over(sc harness.Scenario) (harness.Scenario, bool) {
	sc.World = s.World(s.projects...)
	sc, ok := s.draft.Of(s.measurable(sc))
	if ok && s.In != nil {
		sc = s.In(sc)
	}
	return sc, ok
}

// measurable is a scenario without what nobody can measure of the service: which of a
// project's APIs are asked where that is not told, how many of a request's calls were
// under way at once where answers don't tell which calls are theirs, and a metric of its own.
// It says what is left out.
func (s *service) measurable(sc harness.Scenario) harness.Scenario {
	unknown := map[string]bool{together: !s.Tells.Said, s.pool(): s.InUse.Name == "", s.pool() + ".max": s.InUse.Name == ""}
	for _, p := range s.projects {
		unknown[beyond(p.At)] = len(p.Asked) == 0
	}
	var left []string
	for _, c := range sc.Checks {
		if unknown[c.Metric] && !slices.Contains(left, c.Metric) {
			left = append(left, c.Metric)
		}
	}
	for fact, of := range map[string][]string{contract.NotLookedAt: left, contract.NotTried: s.notTried} {
		if len(of) > 0 {
			sc.World = sc.World.With(fact, strings.Join(of, ", "))
		}
	}
	sc.Measures = slices.DeleteFunc(slices.Clone(sc.Measures), func(m harness.Measure) bool { return unknown[m.Name] })
	sc.Watch = slices.DeleteFunc(slices.Clone(sc.Watch), func(m probe.Metric) bool { return unknown[m.Series.Name] })
	sc.Checks = slices.DeleteFunc(slices.Clone(sc.Checks), func(c verdict.Check) bool { return unknown[c.Metric] })
	return sc
}

// pool is the series of the connections to the database that are in use.
func (s *service) pool() string { return s.Program + ".db_pool_in_use" }

// observed is a scenario whose answers are held against the calls, where they tell what
// each call said, or else must be told of in words that are known, and which must know what
// is new in the data.
func (s *service) observed(sc harness.Scenario) harness.Scenario {
	if s.News != nil {
		sc.World.News = s.News()
	}
	if !s.Tells.Said {
		return s.readable(sc)
	}
	return s.audited(sc)
}

// here and there are metrics of the two places.
func (s *service) here(metric string) string  { return s.Here + "." + metric }
func (s *service) there(metric string) string { return s.There + "." + metric }
