package standalone

import (
	"context"
	"fmt"
	"io"

	"holdfast.dev/holdfast/fakes/control"
	"holdfast.dev/holdfast/fakes/journal"
	"holdfast.dev/holdfast/fakes/stub"
	"holdfast.dev/holdfast/redact"
)

// StubOptions are the options of a plain HTTP API.
type StubOptions struct {
	Options
	// Routes are what it answers. There must be one.
	Routes []stub.Route
	// Judge holds each request against a description of the API. Defaults to nobody.
	Judge stub.Judge
	// WebhooksTo is the address that webhooks go to, those of the routes whose To is
	// [WebhooksTo]. Optional.
	WebhooksTo string
	// Relay passes on what the routes with PassOn are for.
	Relay *stub.Relay
}

// RunStub runs a plain HTTP API until ctx ends. It returns an error if it can't
// start.
func RunStub(ctx context.Context, o StubOptions) error {
	c := stub.Config{Config: o.host(), Routes: o.Routes, Judge: o.Judge, Relay: o.Relay}
	if o.WebhooksTo != "" {
		c.Values = map[string]string{WebhooksTo + ".url": o.WebhooksTo}
	}
	s, err := stub.Start(c)
	if err != nil {
		return fmt.Errorf("run fake: %w", err)
	}
	defer s.Close()
	if err := o.run(ctx, s.URLs(), stubPanel{withHooks(control.OfFake(s), s, o.Routes), s}, s.Journal()); err != nil {
		return err
	}
	s.Close()
	return o.keep(s)
}

// keep says what a relay could not pass on, and what it has recorded.
func (o Options) keep(s *stub.Server) error {
	out := o.Out
	if out == nil {
		out = io.Discard
	}
	for _, line := range s.Trouble() {
		fmt.Fprintln(out, "not passed on: "+line)
	}
	said, err := s.Save()
	for _, line := range said {
		fmt.Fprintln(out, line)
	}
	if err != nil {
		return fmt.Errorf("run fake: %w", err)
	}
	return nil
}

// stubPanel tells of each request what was said, beside what its journal has.
type stubPanel struct {
	control.Steered
	server *stub.Server
}

// Callbacks implements [control.Caller].
func (p stubPanel) Callbacks() []stub.Callback { return p.server.Callbacks() }

// Journal is what arrived.
func (p stubPanel) Journal() *journal.Journal { return p.server.Journal() }

// Arrivals implements [control.Steered].
func (p stubPanel) Arrivals(most int) []control.Arrival {
	calls, _ := p.server.Calls()
	byEntry := make(map[int]stub.Call, len(calls))
	for _, c := range calls {
		byEntry[c.Entry] = c
	}
	wrong := map[int][]string{}
	for _, i := range p.server.Invalid() {
		wrong[i.Entry] = i.Wrong
	}
	return control.Arrived(p.server.Journal(), most, func(entry int, a *control.Arrival) {
		if c, known := byEntry[entry]; known {
			a.What, a.Detail = c.Message.Method+" "+c.Message.Path, redact.Text(string(c.Message.Body))
		}
		a.Invalid = wrong[entry]
	})
}
