package main

import (
	"fmt"
	"strings"
	"time"

	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/result"
)

// block is what the terminal shows of a scenario while it runs: some lines that
// are drawn over each other. It keeps what it takes to tell rates.
type block struct {
	last   map[string]load.Snapshot
	checks map[result.Verdict]int // of the scenarios that have ended
}

func newBlock() *block {
	return &block{last: map[string]load.Snapshot{}, checks: map[result.Verdict]int{}}
}

// ended counts the checks of a scenario.
func (b *block) ended(s *result.Scenario) {
	clear(b.last)
	for _, c := range s.Checks {
		b.checks[c.Verdict]++
	}
}

// lines are the phase with how far it is, each stream with its rates, the
// target, the faults that are on, and the checks so far.
func (b *block) lines(e harness.Event) []string {
	lines := []string{"  " + bar(e.At, e.Of) + " " + e.Phase + " " + seconds(e.At) + " of " + seconds(e.Of)}
	for _, s := range e.Streams {
		lines = append(lines, "  "+b.stream(s))
	}
	var target []string
	if e.RSS > 0 {
		target = append(target, "memory "+result.Bytes(e.RSS))
	}
	if len(e.Faults) > 0 {
		target = append(target, "faults on: "+strings.Join(e.Faults, ", "))
	}
	if so := b.soFar(); so != "" {
		target = append(target, "checks so far: "+so)
	}
	if len(target) > 0 {
		lines = append(lines, "  "+strings.Join(target, " | "))
	}
	return lines
}

// stream tells planned and delivered rates since the last look, and the latency.
func (b *block) stream(s load.Snapshot) string {
	before := b.last[s.Stream]
	b.last[s.Stream] = s
	text := s.Stream + ": "
	if d := (s.At - before.At).Seconds(); d > 0 {
		rate := func(n int64) string { return result.Format(float64(int64(float64(n)/d+0.5)), result.UnitPerS) }
		text += fmt.Sprintf("planned %s, sent %s, ok %s", rate(s.Planned-before.Planned), rate(s.Sent-before.Sent), rate(s.OK-before.OK))
	} else {
		text += fmt.Sprintf("%d sent, %d ok", s.Sent, s.OK)
	}
	text += fmt.Sprintf(", %d failed, %d in flight", s.Failed, s.InFlight)
	if s.Late+s.Shed > 0 {
		text += fmt.Sprintf(", %d not sent", s.Late+s.Shed)
	}
	if s.P99MS != nil {
		text += ", p99 " + result.Format(*s.P99MS, result.UnitMS)
	}
	return text
}

func (b *block) soFar() string {
	var parts []string
	for _, v := range result.Verdicts() {
		if n := b.checks[v]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, v))
		}
	}
	return strings.Join(parts, ", ")
}

const barWidth = 20

// bar draws how much of a time is over.
func bar(at, of time.Duration) string {
	full := 0
	if of > 0 {
		full = int(min(max(float64(at)/float64(of), 0), 1) * barWidth)
	}
	return "[" + strings.Repeat("#", full) + strings.Repeat(".", barWidth-full) + "]"
}
