package standalone

import (
	"context"
	"fmt"

	"holdfast.dev/holdfast/fakes/control"
	"holdfast.dev/holdfast/fakes/journal"
	"holdfast.dev/holdfast/fakes/stub"
)

// StubOptions are the options of a plain HTTP API.
type StubOptions struct {
	Options
	// Routes are what it answers. There must be one.
	Routes []stub.Route
}

// RunStub runs a plain HTTP API until ctx ends. It returns an error if it can't
// start.
func RunStub(ctx context.Context, o StubOptions) error {
	s, err := stub.Start(stub.Config{Config: o.host(), Routes: o.Routes})
	if err != nil {
		return fmt.Errorf("run fake: %w", err)
	}
	defer s.Close()
	return o.run(ctx, s.URLs(), stubPanel{control.OfFake(s), s}, s.Journal())
}

// stubPanel tells of each request what was said, beside what its journal has.
type stubPanel struct {
	control.Steered
	server *stub.Server
}

// Journal is what arrived.
func (p stubPanel) Journal() *journal.Journal { return p.server.Journal() }

// Arrivals implements [control.Steered].
func (p stubPanel) Arrivals(most int) []control.Arrival {
	calls, _ := p.server.Calls()
	byEntry := make(map[int]stub.Call, len(calls))
	for _, c := range calls {
		byEntry[c.Entry] = c
	}
	return control.Arrived(p.server.Journal(), most, func(entry int, a *control.Arrival) {
		if c, known := byEntry[entry]; known {
			a.What, a.Detail = c.Message.Method+" "+c.Message.Path, string(c.Message.Body)
		}
	})
}
