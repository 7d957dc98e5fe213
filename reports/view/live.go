package view

import (
	"cmp"
	"slices"
	"strings"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/reports/chart"
	"holdfast.dev/holdfast/reports/visible"
)

// Now is how things stand in a run that goes on.
type Now struct {
	Sentence string
	Going    []Going // the scenarios that run; none between two of them
	// Of all their streams together so far: Late and Shed were not sent, the generator's own doing.
	Sent, Failed, Refused, Late, Shed int64
}

// Going is a scenario that runs.
type Going struct {
	Scenario string
	Faults   []FaultOn // so far
}

// of is the scenario of that name, if it runs.
func (n Now) of(scenario string) (Going, bool) {
	i := slices.IndexFunc(n.Going, func(g Going) bool { return g.Scenario == scenario })
	if i < 0 {
		return Going{}, false
	}
	return n.Going[i], true
}

// FaultOn is a stretch of time, in seconds, for which a fault was seen to be on.
type FaultOn struct {
	Name       string
	FromS, ToS float64
	On         bool // still
}

// Live derives the drawn view of a run that goes on. What has no verdict is still to come;
// what has one keeps it, for a failure is proven, whatever comes.
func Live(run *result.Run, now Now) Run {
	now = *visible.Copy(&now)
	v := drawn(run, now)
	for _, b := range v.unjudged(now) {
		*b.badge = Badge{Class: "none", Mark: "…", Word: b.word}
	}
	if v.Verdict.Is == "" {
		v.Title = v.Verdict.Word + " – Holdfast run " + v.ID
	}
	v.Sentence, v.Lacking = cmp.Or(now.Sentence, "No scenario runs at this moment: the next one is being prepared, or the last one judged."), "The run is going on. This page fills until it is over."
	for i := range v.Rows {
		v.Rows[i].Reason = toCome(v.Rows[i].Reason)
	}
	for i := range v.Scenarios {
		v.Scenarios[i].Reason = toCome(v.Scenarios[i].Reason)
		_, runs := now.of(v.Scenarios[i].Name)
		v.Scenarios[i].Unfolded = runs || v.Scenarios[i].Verdict.Is == result.Fail
	}
	for i := range v.Tiles {
		if v.Tiles[i].Name == journalName {
			v.Tiles[i] = Tile{Class: "none", Mark: result.NotExercised.Mark(), Name: journalName, Value: "being written"}
		}
	}
	tiles := now.tiles()
	for i := range tiles {
		tiles[i].Word = idOf(v.Words, strings.ToLower(tiles[i].Name))
	}
	v.Tiles = append(tiles, v.Tiles...)
	return v
}

// tiles count what the scenarios that run have come to so far.
func (n Now) tiles() []Tile {
	if len(n.Going) == 0 {
		return nil
	}
	var on []string
	for _, g := range n.Going {
		for _, f := range g.Faults {
			if f.On {
				on = append(on, f.Name)
			}
		}
	}
	plain := func(name, value string) Tile {
		return Tile{Class: "none", Mark: result.NotExercised.Mark(), Name: name, Value: value}
	}
	counted := func(name string, n int64) Tile {
		t := plain(name, count(n))
		if n > 0 {
			t.Class, t.Mark = "bad", "!"
		}
		return t
	}
	return []Tile{
		plain("Faults on now", cmp.Or(strings.Join(on, ", "), "none")), plain("Sent so far", count(n.Sent)), counted("Failed", n.Failed),
		plain("Refused in order", count(n.Refused)), counted("Not sent (too late)", n.Late), counted("Not sent (shed)", n.Shed),
	}
}

// bands are the faults as they are drawn in the charts of a scenario.
func (n Now) bands(scenario string) (all []chart.Band) {
	g, _ := n.of(scenario)
	for _, f := range g.Faults {
		name := f.Name
		if f.On {
			name += " (on now)"
		}
		all = append(all, chart.Band{Name: name, Span: chart.Span{From: f.FromS, To: f.ToS}})
	}
	return all
}

type openBadge struct {
	badge *Badge
	word  string
}

// unjudged are the badges of what has no verdict, and what they are to say as things stand.
func (v *Run) unjudged(now Now) (all []openBadge) {
	add := func(b *Badge, word string) {
		if b.Is == "" {
			all = append(all, openBadge{b, word})
		}
	}
	word := func(i int) string {
		if _, runs := now.of(v.Scenarios[i].Name); runs || !v.Scenarios[i].Begun.IsZero() {
			return "RUNNING"
		}
		return "TO COME"
	}
	add(&v.Verdict, "RUNNING")
	for i := range v.Rows {
		add(&v.Rows[i].Verdict, word(i))
	}
	for i := range v.Scenarios {
		add(&v.Scenarios[i].Verdict, word(i))
	}
	return all
}

func toCome(reason string) string {
	if reason == unjudged {
		return "not judged yet"
	}
	return reason
}
