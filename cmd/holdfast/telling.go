package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/telemetry"
)

// sender sends the figures of a run to whoever collects such.
type sender interface {
	telemetry.Durations
	// Follow sends these from now on, every few seconds.
	Follow(*telemetry.Figures) error
	// Close sends the last, and waits for that no longer than a moment.
	Close(context.Context)
}

// checkTelling says what is wrong with whom a run is to tell its figures.
func checkTelling(f runFlags, getenv func(string) string) error {
	errs := []error{checkSender(getenv)}
	if f.metrics != "" {
		if err := telemetry.Check(f.metrics); err != nil {
			errs = append(errs, fmt.Errorf("--metrics: %w", err))
		}
	}
	if err := (load.Tracing{Share: f.trace}).Validate(); err != nil {
		errs = append(errs, fmt.Errorf("--trace %v: %w", f.trace, err))
	}
	return errors.Join(errs...)
}

// tell has the figures of the run told while it goes on, to those for whom that was
// asked. The function that it returns ends that with the last of them.
func (p *plan) tell(env environ, view *view) (func(context.Context), error) {
	run := telemetry.Run{ID: p.config.ID, Profile: p.config.Profile, Version: version(), Seed: p.config.Seed}
	sender, err := newSender(run, env.getenv, view.say)
	if err != nil {
		return nil, err
	}
	var durations []telemetry.Durations
	latencies := telemetry.NewLatencies()
	if p.flags.metrics != "" {
		durations = append(durations, latencies)
	}
	if sender != nil {
		durations = append(durations, sender)
	}
	if len(durations) == 0 {
		return func(context.Context) {}, nil
	}
	figures := telemetry.New(run, durations...)
	endPage, err := p.servePage(view, telemetry.Handler(figures, latencies))
	if err != nil {
		return nil, err
	}
	if sender != nil {
		if err := sender.Follow(figures); err != nil {
			endPage(context.Background())
			return nil, err
		}
	}
	p.feed(figures)
	return func(ctx context.Context) {
		if sender != nil {
			sender.Close(ctx)
		}
		endPage(ctx)
	}, nil
}

// servePage serves the figures at the address of --metrics, where there is one.
func (p *plan) servePage(view *view, page http.Handler) (end func(context.Context), err error) {
	if p.flags.metrics == "" {
		return func(context.Context) {}, nil
	}
	server, err := telemetry.Listen(p.flags.metrics, page)
	if err != nil {
		return nil, fmt.Errorf("--metrics: %w", err)
	}
	view.say("metrics at " + server.URL())
	return func(ctx context.Context) {
		if err := server.Finish(ctx); err != nil { // no reason to doubt the verdict
			view.say("--metrics: " + err.Error())
		}
	}, nil
}

// feed has the figures told what happens, beside whom it is told already.
func (p *plan) feed(figures *telemetry.Figures) {
	observe, exchanges := p.config.Observe, p.config.Exchanges
	p.config.Observe = func(e harness.Event) {
		observe(e)
		figures.Observe(e)
	}
	p.config.Exchanges = func(scenario string, start time.Time, x load.Exchange) {
		if exchanges != nil {
			exchanges(scenario, start, x)
		}
		figures.Exchange(scenario, start, x)
	}
	p.config.Journeys = figures.Exchange
}
