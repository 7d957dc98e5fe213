package main

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
)

// progress is what a terminal shows of a run while it goes on: a line for each scenario
// that runs, and the checks so far. It is fed with events and draws nothing itself.
type progress struct {
	running []*running
	begun   int                       // scenarios that were started
	all     int                       // of how many
	checks  map[string][]result.Check // of the scenarios that have ended, of each its last try
}

// running is a scenario that goes on.
type running struct {
	name, phase string
	at, of      time.Duration
	last        map[string]load.Snapshot
	rates       *rates // nil: not known yet
	p99MS       *float64
	rss         float64 // 0: not known
	notSent     int64
	faults      []string
	seen        time.Time // when it was last heard of; zero: it is being set up
}

// rates are those of all streams of a scenario together, a second.
type rates struct{ planned, ok, shed, failed float64 }

// forgotten is after how long without a word a scenario is no longer shown: what tries
// one several times in a row does not say each time that it has ended.
const forgotten = 5 * time.Second

func newProgress() *progress { return &progress{checks: map[string][]result.Check{}} }

// observe takes one event in, and reports whether what is shown has changed.
func (p *progress) observe(e harness.Event, now time.Time) bool {
	p.running = slices.DeleteFunc(p.running, func(r *running) bool { return !r.seen.IsZero() && now.Sub(r.seen) > forgotten })
	switch e.Kind {
	case harness.ScenarioStarted:
		p.begun, p.all = max(p.begun, e.N), e.All
		p.of(e.Scenario).phase = "set-up"
	case harness.Tick:
		p.of(e.Scenario).tick(e, now)
	case harness.ScenarioEnded:
		p.running = slices.DeleteFunc(p.running, func(r *running) bool { return r.name == e.Scenario })
		p.checks[e.Scenario] = e.Result.Checks
	default:
		return false
	}
	return true
}

// of is the scenario of that name, which is there from now on.
func (p *progress) of(name string) *running {
	for _, r := range p.running {
		if r.name == name {
			return r
		}
	}
	r := &running{name: name, last: map[string]load.Snapshot{}}
	p.running = append(p.running, r)
	return r
}

func (r *running) tick(e harness.Event, now time.Time) {
	r.phase, r.at, r.of, r.rss, r.faults, r.seen = e.Phase, e.At, e.Of, e.RSS, e.Faults, now
	r.p99MS, r.notSent = nil, 0
	var sum rates
	known := false
	for _, s := range e.Streams {
		before := r.last[s.Stream]
		r.last[s.Stream] = s
		if d := (s.At - before.At).Seconds(); d > 0 {
			known = true
			sum.planned += float64(s.Planned-before.Planned) / d
			sum.ok += float64(s.OK-before.OK) / d
			sum.shed += float64(s.ShedByTarget-before.ShedByTarget) / d
			sum.failed += float64(s.Failed-before.Failed) / d
		}
		if s.P99MS != nil && (r.p99MS == nil || *s.P99MS > *r.p99MS) {
			r.p99MS = s.P99MS
		}
		r.notSent += s.Late + s.Shed
	}
	if known {
		r.rates = &sum
	}
}

// lines are what is shown in so many columns: a table with a line a scenario where it
// fits, else some lines each.
func (p *progress) lines(columns int) []string {
	if len(p.running) == 0 {
		return nil
	}
	var lines []string
	if columns < leastTable {
		for _, r := range p.running {
			lines = append(lines, r.narrow(columns)...)
		}
	} else {
		lines = append(lines, p.table(columns)...)
	}
	return append(lines, folded(p.soFar(), columns)...)
}

// leastTable is the width from which the table has room for names.
const leastTable = 75

// table has a heading, a line a scenario, and below it what is on now.
func (p *progress) table(columns int) []string {
	const rest = " %-10s %-8s %6s %5s %4s %4s %7s %7s"
	heading := fmt.Sprintf(rest, "", "phase", "plan/s", "ok/s", "shed", "fail", "p99", "memory")
	room := columns - len(heading)
	lines := []string{padded("scenario", room) + heading}
	for _, r := range p.running {
		var plan, ok, shed, failed string
		if r.rates != nil {
			plan, ok, shed, failed = short(r.rates.planned), short(r.rates.ok), short(r.rates.shed), short(r.rates.failed)
		}
		lines = append(lines, padded(r.name, room)+strings.TrimRight(fmt.Sprintf(rest, bar(r.at, r.of), padded(r.phase, 8), plan, ok, shed, failed, r.p99(), r.memory()), " "))
		if now := r.now(); now != "" {
			lines = append(lines, folded("    "+now, columns)...)
		}
	}
	return lines
}

// narrow is one scenario where a table has no room: the same words, below each other.
func (r *running) narrow(columns int) []string {
	lines := append(folded(r.name, columns), fitting("  "+bar(r.at, r.of)+" "+r.phase, columns))
	var said []string
	if r.rates != nil {
		said = append(said, "planned "+short(r.rates.planned)+"/s", "ok "+short(r.rates.ok), "shed "+short(r.rates.shed), "failed "+short(r.rates.failed))
	}
	if r.p99MS != nil {
		said = append(said, "p99 "+r.p99())
	}
	if r.rss > 0 {
		said = append(said, r.memory())
	}
	if now := r.now(); now != "" {
		said = append(said, now)
	}
	if len(said) > 0 {
		lines = append(lines, folded("  "+strings.Join(said, ", "), columns)...)
	}
	return lines
}

// now is what is not as usual at this moment.
func (r *running) now() string {
	var said []string
	if r.notSent > 0 {
		said = append(said, fmt.Sprintf("%d not sent", r.notSent))
	}
	if len(r.faults) > 0 {
		said = append(said, "faults on: "+strings.Join(r.faults, ", "))
	}
	return strings.Join(said, ", ")
}

func (r *running) p99() string {
	if r.p99MS == nil {
		return ""
	}
	return result.Format(*r.p99MS, result.UnitMS)
}

func (r *running) memory() string {
	if r.rss == 0 {
		return ""
	}
	return result.Bytes(r.rss)
}

// soFar is how far the run is and what its checks came to.
func (p *progress) soFar() string {
	counts := map[result.Verdict]int{}
	for _, checks := range p.checks {
		for _, c := range checks {
			if !verdict.Silent(c) { // or it had nothing to look at
				counts[c.Verdict]++
			}
		}
	}
	var parts []string
	for _, v := range result.Verdicts() {
		if n := counts[v]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, v))
		}
	}
	said := fmt.Sprintf("%d of %d", p.begun, p.all)
	if p.all == 0 {
		said = "running"
	}
	if len(parts) > 0 {
		said += ", checks so far: " + strings.Join(parts, ", ")
	}
	return said
}

// short is a rate in five characters.
func short(perSecond float64) string {
	if perSecond >= 99999.5 {
		return fmt.Sprintf("%.0fk", perSecond/1000)
	}
	return fmt.Sprintf("%.0f", math.Abs(perSecond)) // no sign before a zero
}

const barWidth = 8

// bar draws how much of a time is over.
func bar(at, of time.Duration) string {
	full := 0
	if of > 0 {
		full = int(min(max(float64(at)/float64(of), 0), 1) * barWidth)
	}
	return "[" + strings.Repeat("#", full) + strings.Repeat(".", barWidth-full) + "]"
}
