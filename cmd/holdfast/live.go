package main

import (
	"context"
	"fmt"
	"path/filepath"

	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/reports/live"
)

// serveLive serves the report of the run while it goes on, when that was asked
// for. The function that it returns ends that with the final result.
func (p *plan) serveLive(view *view) (func(context.Context, *result.Run) error, error) {
	if p.flags.serve == "" {
		return func(context.Context, *result.Run) error { return nil }, nil
	}
	path := filepath.Join(p.config.Out, "run.json")
	server, err := live.Listen(p.flags.serve, names(p.scenarios), func() (*result.Run, error) { return readRun(path) })
	if err != nil {
		return nil, fmt.Errorf("--serve: %w", err)
	}
	view.say("live report at " + server.URL())
	p.config.Observe = func(e harness.Event) {
		view.observe(e)
		follow(server, e)
	}
	return server.Finish, nil
}

// follow tells the server what the harness saw.
func follow(server *live.Server, e harness.Event) {
	switch e.Kind {
	case harness.ScenarioEnded:
		server.Ended(e.Scenario)
	case harness.Tick:
		m := live.Moment{Scenario: e.Scenario, Phase: e.Phase, At: e.At, Of: e.Of, RSSBytes: e.RSS, Faults: e.Faults}
		for _, s := range e.Streams {
			m.Streams = append(m.Streams, live.Stream{Name: s.Stream, Planned: s.Planned, Sent: s.Sent, OK: s.OK, Failed: s.Failed, InFlight: s.InFlight, Refused: s.ShedByTarget, Late: s.Late, Shed: s.Shed, P99MS: s.P99MS})
		}
		server.Tick(m)
	}
}
