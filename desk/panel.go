package desk

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"

	"holdfast.dev/holdfast/fakes/control"
	"holdfast.dev/holdfast/fakes/httpfault"
	"holdfast.dev/holdfast/fault"
	"holdfast.dev/holdfast/harness/chaos"
)

// proxyPanel is how a proxy is steered.
type proxyPanel struct {
	proxy *chaos.Proxy

	mu  sync.Mutex // one change at a time; guards on and off
	on  []inForce
	off []fault.Receipt
}

// inForce is a fault that is in force.
type inForce struct {
	name    string
	applied chaos.Applied
}

// AddText implements [control.Steered].
func (p *proxyPanel) AddText(lines ...string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	before := len(p.on)
	for _, line := range lines {
		err := p.add(line)
		if err == nil {
			continue
		}
		errs := []error{err}
		for _, f := range slices.Backward(p.on[before:]) {
			errs = append(errs, f.applied.Undo(context.Background()))
		}
		p.on = p.on[:before]
		return errors.Join(errs...)
	}
	return nil
}

func (p *proxyPanel) add(line string) error {
	f, err := fault.Parse(line)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(p.on, func(o inForce) bool { return o.name == f.Name() }) {
		return fmt.Errorf("add fault %q: %w", f.Name(), httpfault.ErrPresent)
	}
	applied, err := p.proxy.Apply(context.Background(), f)
	if err != nil {
		return fmt.Errorf("add fault %q: %w", f.Name(), err)
	}
	p.on = append(p.on, inForce{f.Name(), applied})
	return nil
}

// Receipts implements [control.Steered].
func (p *proxyPanel) Receipts() []fault.Receipt {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := append([]fault.Receipt{}, p.off...) // never null in JSON
	for _, f := range p.on {
		all = append(all, f.applied.Receipt())
	}
	return all
}

// Lift implements [control.Steered].
func (p *proxyPanel) Lift(ctx context.Context, name string) (fault.Receipt, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	i := slices.IndexFunc(p.on, func(o inForce) bool { return o.name == name })
	if i < 0 {
		return fault.Receipt{}, fmt.Errorf("lift fault %q: %w", name, httpfault.ErrUnknown)
	}
	applied := p.on[i].applied
	if err := applied.Undo(ctx); err != nil {
		return applied.Receipt(), fmt.Errorf("lift fault %q: %w", name, err)
	}
	receipt := applied.Receipt()
	receipt.Lifted = true
	p.on = slices.Delete(p.on, i, i+1)
	p.off = append(p.off, receipt)
	if over := len(p.off) - mostLifted; over > 0 {
		p.off = slices.Delete(p.off, 0, over)
	}
	return receipt, nil
}

// mostLifted is how many faults that are over are remembered.
const mostLifted = 1000

// Clear implements [control.Steered].
func (p *proxyPanel) Clear(ctx context.Context) ([]fault.Receipt, error) {
	p.mu.Lock()
	var names []string
	for _, f := range p.on {
		names = append(names, f.name)
	}
	p.mu.Unlock()
	all := []fault.Receipt{}
	var errs []error
	for _, name := range names {
		r, err := p.Lift(ctx, name)
		if errors.Is(err, httpfault.ErrUnknown) {
			continue // another has lifted it meanwhile
		}
		all, errs = append(all, r), append(errs, err)
	}
	return all, errors.Join(errs...)
}

// Support implements [control.Steered].
func (p *proxyPanel) Support() fault.Support { return chaos.TCPSupport() }

// ProxySummary is what a proxy saw, counted.
type ProxySummary struct {
	Accepted       int64 `json:"accepted"`        // connections so far
	Open           int64 `json:"open"`            // now
	Overflowed     int64 `json:"overflowed"`      // reset because too many were open
	UpstreamErrors int64 `json:"upstream_errors"` // reset because the server could not be reached
	BytesUp        int64 `json:"bytes_up"`        // written to the server
	BytesDown      int64 `json:"bytes_down"`      // written to clients
}

// Summary implements [control.Steered].
func (p *proxyPanel) Summary() any {
	s := p.proxy.Stats()
	return ProxySummary{s.Accepted, s.Open, s.Overflowed, s.UpstreamErrors, s.BytesUp, s.BytesDown}
}

// Arrivals implements [control.Steered]: a proxy counts connections, and tells none
// by itself.
func (p *proxyPanel) Arrivals(int) []control.Arrival { return []control.Arrival{} }

// tell says what the proxy saw and what the faults did.
func (p *proxyPanel) tell(out io.Writer) {
	s := p.proxy.Stats()
	fmt.Fprintf(out, "%d connections, %d of them not to be brought to the server; %d bytes up, %d down\n", s.Accepted, s.UpstreamErrors, s.BytesUp, s.BytesDown)
	for _, r := range p.Receipts() {
		fmt.Fprintf(out, "fault %q: fired %d times\n", r.ID, r.Fired)
	}
}
