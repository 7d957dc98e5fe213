package mapped

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"holdfast.dev/holdfast/adapter"
	"holdfast.dev/holdfast/fakes/httpfault"
	"holdfast.dev/holdfast/fakes/journal"
	"holdfast.dev/holdfast/fault"
	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
	"holdfast.dev/holdfast/scenarios/contract"
)

// DefaultAtMost is the source's number of outside APIs that are asked for one project.
const DefaultAtMost = 10

// Names in the texts of an [Impact].
const (
	ProjectName = "project" // in its request
	NumberName  = "n"       // in the name of an outside API
)

// Impact is what a team tells of a service that asks outside APIs about a project.
type Impact struct {
	// Request asks about {project}. It goes to the process To.
	Request load.Template
	To      string
	Response
	// OK says which answers tell of a project's APIs. Defaults to any 2xx.
	OK load.Expectation
	// Refused says what an orderly refusal looks like. Optional.
	Refused load.Expectation
	// Here and There are the dependencies that play outside APIs, of which the key of a
	// call is the name of its API. There is optional.
	Here, There string
	// Answers are bodies as a place answers with, one of each kind; an empty one is not known.
	Answers map[string][]string
	// APIs is the name of the n-th outside API of a project, over {n}, from 1; optional.
	// First says that those are asked that come first.
	APIs  string
	First bool
	// AtMost is the most that are asked, Memory what the process may use, in bytes.
	AtMost      int
	Memory      float64
	Projects    []Project
	Reads       []contract.Tables
	Settings    map[contract.Setting]contract.Knob
	Parts       []harness.Part
	Protections []string
}

// Project is one of the data, with so many active outside APIs, all of them Here or There.
type Project struct {
	ID     string
	Active int
	There  bool
}

// Over is the service as scenarios ask it, over a world.
func (m Impact) Over(world func() harness.World) contract.Impact {
	m.AtMost, m.Memory = cmp.Or(m.AtMost, DefaultAtMost), cmp.Or(m.Memory, DefaultMemory)
	if m.OK.Judge == nil {
		m.OK = load.Status()
	}
	return contract.Impact{
		World: func(about ...contract.Project) harness.World { return m.world(world(), about) }, Project: m.project,
		Here: m.Here, There: m.There, Elsewhere: m.elsewhere(), LedTo: m.There, AtMost: m.AtMost, Memory: m.Memory, Program: m.To, Reads: m.Reads, Settings: m.Settings,
		Ask: m.asking, OK: m.OK, Refused: m.Refused, Read: m.read, Tells: m.tells(), Spoils: m.spoils, In: m.in,
		CallOf: func(_ *journal.Journal, e journal.Entry) contract.ImpactCall { return contract.ImpactCall{API: e.Key} },
	}
}

// world is one in which it is counted whom the calls of a place were for.
func (m Impact) world(w harness.World, about []contract.Project) harness.World {
	if len(about) > 0 {
		w = w.With("active oracles of the project", strconv.Itoa(about[0].Active))
	}
	w.Dependencies = slices.Clone(w.Dependencies)
	for i, d := range w.Dependencies {
		if d.Name == m.Here || d.Name == m.There {
			w.Dependencies[i].Measures = append(slices.Clone(d.Measures), askedPerProject(d.Name))
		}
	}
	return w
}

// elsewhere is where an API may lead the service: the second place, where one is told.
func (m Impact) elsewhere() string {
	if m.There == "" {
		return ""
	}
	return "{" + m.There + ".url}"
}

// askedPerProject is how many outside APIs were asked at a place, where a scenario has
// one project at each.
func askedPerProject(place string) harness.Measure {
	d := verdict.Descriptor{Name: place + ".asked_per_project", Unit: result.UnitCount, About: "how many APIs at this place were asked, however often, for the one project that has its there"}
	return adapter.Measure(place, d, func(j *journal.Journal, o harness.State, w verdict.Window) verdict.Reading {
		asked := map[string]bool{}
		reading := verdict.Reading{}
		for e := range j.Entries(adapter.During(j, o, w)) {
			asked[e.Key] = true
			reading.Samples++
		}
		reading.Value = float64(len(asked))
		return reading
	})
}

// project is the one that was told to have so many active APIs at a place. Which of them are
// read by code that trusts them nobody told.
func (m Impact) project(_, active int, at string, _ ...int) contract.Project {
	p := contract.Project{Active: active, At: at}
	i := slices.IndexFunc(m.Projects, func(told Project) bool { return told.Active == active && told.There == (at == m.There) })
	if i >= 0 {
		p.ID = m.Projects[i].ID
	}
	if m.First || active <= m.AtMost {
		p.Asked = m.names(min(active, m.AtMost))
	}
	return p
}

// names are those of the first n outside APIs of a project; none where nobody told.
func (m Impact) names(n int) []string {
	if m.APIs == "" {
		return nil
	}
	all := make([]string, n)
	for i := range all {
		all[i] = strings.ReplaceAll(m.APIs, "{"+NumberName+"}", strconv.Itoa(i+1))
	}
	return all
}

// spoils reports whether a fault can be told: whether it changes each body that a place
// answers with, which are of no project and no time that is known.
func (m Impact) spoils(place string, kind fault.Kind) bool {
	return !slices.ContainsFunc(m.Answers[place], func(body string) bool {
		switch k := kind.(type) {
		case fault.JSON:
			return !httpfault.Spoils(k, []byte(body))
		case fault.Cut:
			return body == ""
		case fault.Wrong:
			return true
		}
		return false
	})
}

// asking is the stream of the question about a project.
func (m Impact) asking(project string) load.Stream {
	asked := m.Request
	asked.Vars = map[string]load.Var{ProjectName: {Words: []string{project}}}
	return load.Stream{To: m.To, Template: &asked}
}

// in is a scenario of the service: the target is asked first whether it is the one that
// was mapped.
func (m Impact) in(sc harness.Scenario) harness.Scenario {
	sc.Parts = m.Parts
	sc.Preflight = slices.Clone(sc.Preflight)
	for _, p := range m.probed() {
		sc.Preflight = append(sc.Preflight, harness.Preflight{
			Name: "contracts.impact, the project " + p.ID, To: m.To, Template: *m.asking(p.ID).Template,
			Judge: func(a load.Answer) string { return m.answers(p, a) }, Seen: m.called(p),
		})
	}
	sc.World = sc.World.With(contract.JudgedBy, m.judged())
	return protected(sc, m.Protections)
}

// probed are the projects by which the target is asked whether it is as mapped: of each
// place the largest whose APIs are all asked, for with the protections or without them its
// answer tells of all. Where there is none it is the smallest.
func (m Impact) probed() []Project {
	var all []Project
	for _, there := range []bool{false, true} {
		best := Project{}
		for _, p := range m.Projects {
			if p.There == there && p.Active <= m.AtMost && p.Active > best.Active {
				best = p
			}
		}
		if best.Active > 0 {
			all = append(all, best)
		}
	}
	if len(all) == 0 && len(m.Projects) > 0 {
		all = append(all, slices.MinFunc(m.Projects, func(a, b Project) int { return cmp.Compare(a.Active, b.Active) }))
	}
	return all
}

// answers says what of an answer is not as it is mapped. How many APIs are asked where
// there are more than may be is left to the scenarios.
func (m Impact) answers(p Project, a load.Answer) string {
	if m.OK.Judge(a) != "" {
		return fmt.Sprintf("status %d is none of an answer: %s", a.Status, short(string(a.Body)))
	}
	got, wrong := m.shape(a.Body)
	if wrong != "" {
		return wrong
	}
	told := slices.Sorted(maps.Keys(got.Results))
	for _, name := range told {
		if r := got.Results[name]; !r.OK && !r.Failed {
			return r.Unmapped
		}
	}
	if len(told) == 0 || p.Active <= m.AtMost && len(told) != p.Active {
		return m.counted(p, len(told))
	}
	if p.Active > m.AtMost {
		return ""
	}
	for _, name := range m.names(p.Active) {
		if !slices.Contains(told, name) {
			return fmt.Sprintf("apis is %q, which makes %s, and the answer tells of %s: mend contracts.impact.apis", m.APIs, name, short(strings.Join(told, ", ")))
		}
	}
	return ""
}

// counted says that an answer tells of another number of APIs than it must.
func (m Impact) counted(p Project, n int) string {
	mend := fmt.Sprintf("contracts.impact.projects.%s.active", p.ID)
	if n < p.Active {
		mend += fmt.Sprintf(", or at_most, which is %d", m.AtMost)
	}
	return fmt.Sprintf("projects.%s is told to have %d outside APIs, and the answer tells of %d: mend %s", p.ID, p.Active, n, mend)
}

// judged says by what an answer is held to be right.
func (m Impact) judged() string {
	by := []string{"how many outside APIs are told of"}
	if m.APIs != "" {
		by = append(by, "which")
	}
	by = append(by, "good or failed")
	if len(m.Classes) > 0 {
		by = append(by, "the class of an error")
	}
	return strings.Join(append(by, "and the calls at "+m.Here), ", ")
}
