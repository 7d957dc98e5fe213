package main

import (
	_ "embed"
	"fmt"
	"time"

	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/result"
)

// eventSchema is the JSON Schema of a line that --json prints.
//
//go:embed events.schema.json
var eventSchema []byte

// eventLine is an event as --json prints it: times in seconds, sizes in bytes. What was
// not measured is absent.
type eventLine struct {
	Kind     string         `json:"kind"`
	Scenario string         `json:"scenario,omitempty"`
	N        int            `json:"n,omitempty"`
	All      int            `json:"all,omitempty"`
	Phase    string         `json:"phase,omitempty"`
	AtS      *float64       `json:"at_s,omitempty"`
	OfS      *float64       `json:"of_s,omitempty"`
	Text     string         `json:"text,omitempty"`
	Streams  []streamLine   `json:"streams,omitempty"`
	Faults   []string       `json:"faults,omitempty"`
	RSSBytes float64        `json:"rss_bytes,omitempty"`
	Verdict  result.Verdict `json:"verdict,omitempty"`
	Reason   string         `json:"reason,omitempty"`
	NotBegun []string       `json:"not_begun,omitempty"`
	Report   string         `json:"report,omitempty"`
}

// streamLine is how a stream stands; the numbers count from its beginning.
type streamLine struct {
	Name         string   `json:"name"`
	AtS          float64  `json:"at_s"`
	Planned      int64    `json:"planned"`
	Sent         int64    `json:"sent"`
	OK           int64    `json:"ok"`
	Failed       int64    `json:"failed"`
	ShedByTarget int64    `json:"shed_by_target"`
	NotSent      int64    `json:"not_sent"`
	InFlight     int64    `json:"in_flight"`
	P99S         *float64 `json:"p99_s,omitempty"`
}

// lineOf is the line of an event.
func lineOf(e harness.Event) eventLine {
	l := eventLine{Kind: string(e.Kind), Scenario: e.Scenario, N: e.N, All: e.All, Phase: e.Phase, Text: e.Text, Faults: e.Faults, RSSBytes: e.RSS}
	for _, s := range e.Streams {
		l.Streams = append(l.Streams, streamOf(s))
	}
	if e.Kind == harness.Tick || e.Kind == harness.PhaseStarted {
		l.AtS, l.OfS = inSeconds(e.At), inSeconds(e.Of)
	}
	if e.Result != nil {
		l.Verdict, l.Reason = e.Result.Verdict, e.Result.Reason
	}
	return l
}

func streamOf(s load.Snapshot) streamLine {
	l := streamLine{
		Name: s.Stream, AtS: s.At.Seconds(), Planned: s.Planned, Sent: s.Sent, OK: s.OK, Failed: s.Failed,
		ShedByTarget: s.ShedByTarget, NotSent: s.Late + s.Shed, InFlight: s.InFlight,
	}
	if s.P99MS != nil {
		p99 := *s.P99MS / 1000
		l.P99S = &p99
	}
	return l
}

func inSeconds(d time.Duration) *float64 { s := d.Seconds(); return &s }

func seconds(d time.Duration) string {
	if d < 10*time.Second {
		return fmt.Sprintf("%.1f s", d.Seconds())
	}
	return fmt.Sprintf("%.0f s", d.Seconds())
}
