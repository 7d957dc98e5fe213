package harness

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"holdfast.dev/holdfast/harness/egress"
	"holdfast.dev/holdfast/harness/probe"
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

// contact is what the target did, or offered, that it may not; empty: nothing.
func (b *breach) contact() string {
	err := b.seen()
	if err == nil || errors.Is(err, errRunaway) {
		return "" // that was ours
	}
	return err.Error()
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
	st.letHostsThrough(ctx, s.cfg.Target.AllowHosts)
	st.letDatabaseThrough(ctx)
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

// letHostsThrough names the hosts that a person has: a name with all its addresses, for
// it may stand in a file of the machine, and no resolver be asked.
func (st *setup) letHostsThrough(ctx context.Context, hosts []string) {
	for _, host := range hosts {
		st.letThrough(ctx, host, host) // HOST:PORT
		st.gate.AllowHost(withoutPort(host))
		ips, err := net.DefaultResolver.LookupNetIP(ctx, "ip", withoutPort(host))
		if _, notIP := netip.ParseAddr(withoutPort(host)); err == nil && notIP != nil {
			for _, ip := range ips {
				st.gate.AllowHost(ip.Unmap().String())
			}
		}
	}
}

// letDatabaseThrough names the database of the experiment, by its network or by its
// Unix socket.
func (st *setup) letDatabaseThrough(ctx context.Context) {
	config, err := pgconn.ParseConfig(st.dsn)
	if st.dsn == "" || err != nil {
		return // there is none
	}
	if network, address := pgconn.NetworkAddress(config.Host, config.Port); network == "unix" {
		st.gate.AllowHost(address)
	} else {
		st.letThrough(ctx, standing.Database, address)
	}
}

// allowed reports which addresses a person has named; nil where the way out is open.
func (st *setup) allowed() func(netip.AddrPort) bool {
	if st.gate == nil {
		return nil
	}
	return st.gate.Allows
}

// listeningError is a target that others can reach, or at a port that nobody gave it.
type listeningError struct{ what []string }

// Error says who listens where, and what to do.
func (e *listeningError) Error() string {
	return strings.Join(e.what, "; ") + ": have each process listen at its own {host} and {port}, which its command or its environment can say"
}

// checkListeners ends the run where a process of the target, as soon as it is ready,
// listens where it should not.
func (s *Session) checkListeners(ctx context.Context, st *setup) error {
	if st.gate == nil || !probe.SocketsAreSeen {
		return nil
	}
	var ours []standing.Part
	for i, part := range st.watched() {
		if p, ok := s.cfg.Target.process(st.instances[i].part); !ok || p.Image == "" { // an image listens in a network of its own
			ours = append(ours, part)
		}
	}
	wrong, _, err := standing.Amiss(ctx, standing.Scene{Parts: ours})
	if err != nil || len(wrong) == 0 {
		return err
	}
	refused := &listeningError{wrong}
	s.breach.note(refused)
	return refused
}

// lookEvery is how often the sockets of a target are looked at whose way out could not
// be closed.
const lookEvery = 20 * time.Millisecond

// leadError is a call that was seen, not held back.
type leadError struct{ what, why string }

// Error says who was called and that it was not held back.
func (e *leadError) Error() string {
	return fmt.Sprintf("%s, which nobody named: the run ended (%s, so that the call was seen only when it was made); make it a dependency, or name its host with --allow-host", e.what, e.why)
}

// watchWayOut looks where the target's sockets lead, where its way out could not be
// closed, until the experiment is undone: the first that leads to somebody whom
// nobody named ends the run.
func (s *Session) watchWayOut(ctx context.Context, st *setup, undoing *cleanups, end context.CancelCauseFunc) {
	if st.gate == nil || !probe.SocketsAreSeen {
		return
	}
	why := st.gate.Closed()
	if why == nil {
		return
	}
	s.say(fmt.Sprintf("%v: its sockets are looked at instead, each %v", why, lookEvery))
	scene := standing.Scene{Parts: st.watched(), Outside: st.outside(), Allowed: st.allowed()}
	ctx, stop := context.WithCancel(ctx)
	var looking sync.WaitGroup
	looking.Go(func() {
		ticker := time.NewTicker(lookEvery)
		defer ticker.Stop()
		for {
			if _, lead, err := standing.Amiss(ctx, scene); err == nil && len(lead) > 0 {
				called := &leadError{strings.Join(lead, "; "), why.Error()}
				if s.breach.note(called) {
					end(called)
				}
				return
			}
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
			}
		}
	})
	undoing.add("stop looking where the target's sockets lead", func(context.Context) error {
		stop()
		looking.Wait()
		return nil
	})
}

// letThrough names an address, host:port, to the gate. One that is a path is not
// reached over the network.
func (st *setup) letThrough(ctx context.Context, name, address string) {
	all, err := standing.Resolved(ctx, address)
	if err == nil && st.gate != nil {
		st.gate.Allow(name, all...)
	}
}

// withContact are the checks, with what ended the experiment in the place of the
// standing check of the same name, and before all others: it explains them.
func withContact(checks []result.Check, m Measurement) []result.Check {
	if m.Contact == "" {
		return checks
	}
	contact := verdict.OfFinding(nowhere, "the target reaches its dependencies and nobody else, and nobody else reaches it", 1, 1, m.Contact)
	contact.Reason, contact.Primary = m.Contact, true
	checks = slices.DeleteFunc(checks, func(c result.Check) bool { return c.Metric == contact.Metric })
	for i := range checks {
		checks[i].Primary = false
	}
	return append([]result.Check{contact}, checks...)
}

// notRun says why an experiment does not take place after a breach; empty: it does.
func (s *Session) notRun() string {
	if err := s.breach.seen(); err != nil {
		return fmt.Sprintf("not run: %v", err)
	}
	return ""
}
