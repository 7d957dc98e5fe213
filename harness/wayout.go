package harness

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"sync"

	"holdfast.dev/holdfast/harness/egress"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/standing"
	"holdfast.dev/holdfast/harness/undo"
	"holdfast.dev/holdfast/harness/verdict"
)

// nowhere is the name of the standing check that the target calls nobody else.
const nowhere = "nowhere"

// breach is the first harm that was about to be done to somebody else: it ends the
// run. A call of somebody whom nobody named is one, for what was not stubbed is the real
// one.
type breach struct {
	mu    sync.Mutex // guards first
	first error
}

// note keeps the first one, and reports whether err is it.
func (b *breach) note(err error) (first bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if first = b.first == nil; first {
		b.first = err
	}
	return first
}

// seen is the first one, nil if there was none.
func (b *breach) seen() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.first
}

// closeWayOut puts a gate between the target of an experiment and everybody else. end
// ends the experiment.
func (s *Session) closeWayOut(ctx context.Context, st *setup, undoing *cleanups, end context.CancelCauseFunc) error {
	if !s.cfg.Target.Closed {
		return nil
	}
	gate, err := egress.Open(undo.RunVariable+"="+s.journal.Run(), func(c egress.Contact) {
		err := &egress.ContactError{Contact: c}
		if s.breach.note(err) {
			end(err)
		}
	})
	if err != nil {
		return err
	}
	undoing.add("open the way out again", func(context.Context) error { return gate.Close() })
	st.gate = gate
	for _, host := range s.cfg.Target.AllowHosts {
		gate.AllowHost(host)
	}
	for _, o := range st.outside() {
		for _, address := range o.Addresses {
			st.letThrough(ctx, o.Name, address)
		}
	}
	for name, f := range st.fakes {
		if told, ok := f.(interface{ Values() map[string]string }); ok {
			for _, value := range told.Values() {
				if a, err := netip.ParseAddrPort(value); err == nil {
					gate.Allow(name, a)
				}
			}
		}
	}
	return nil
}

// letThrough names an address, host:port, to the gate. One that is a path is not
// reached over the network.
func (st *setup) letThrough(ctx context.Context, name, address string) {
	all, err := standing.Resolved(ctx, address)
	if err == nil && st.gate != nil {
		st.gate.Allow(name, all...)
	}
}

// contactOf is a check that failed because the target tried to reach somebody whom
// nobody named: beside what was seen of its sockets, where there was load.
func contactOf(m Measurement) []result.Check {
	if m.Contact == "" {
		return nil
	}
	return []result.Check{verdict.OfFinding(nowhere, "the target reaches its dependencies and nobody else", 1, 1, m.Contact)}
}

// withContact are the checks with that of a contact in the place of the standing check
// of the same name.
func withContact(checks []result.Check, m Measurement) []result.Check {
	contact := contactOf(m)
	if contact == nil {
		return checks
	}
	checks = slices.DeleteFunc(checks, func(c result.Check) bool { return c.Metric == contact[0].Metric })
	return append(checks, contact...)
}

// notRun says why an experiment does not take place after a breach; empty: it does.
func (s *Session) notRun() string {
	if err := s.breach.seen(); err != nil {
		return fmt.Sprintf("not run: %v", err)
	}
	return ""
}
