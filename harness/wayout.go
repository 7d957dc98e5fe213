package harness

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"holdfast.dev/holdfast/harness/chaos"
	"holdfast.dev/holdfast/harness/egress"
	"holdfast.dev/holdfast/harness/probe"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/standing"
	"holdfast.dev/holdfast/harness/target"
	"holdfast.dev/holdfast/harness/undo"
	"holdfast.dev/holdfast/harness/verdict"
)

// nowhere is the name of the standing check that the target calls nobody else.
const nowhere = "nowhere"

// closeWayOut puts a gate between the target of an experiment and everybody else, and has
// the hosts played that are replaced. end ends the experiment.
func (s *Session) closeWayOut(ctx context.Context, st *setup, undoing *cleanups, end context.CancelCauseFunc) error {
	contact := func(c egress.Contact) {
		s.breach.note(st, &egress.ContactError{Contact: c}, end)
	}
	if err := s.openGate(ctx, st, undoing, contact); err != nil {
		return err
	}
	return s.play(st, undoing, contact)
}

// openGate opens the gate, where the target's way out is to be closed, and names to it
// who may be reached.
func (s *Session) openGate(ctx context.Context, st *setup, undoing *cleanups, contact func(egress.Contact)) error {
	if !s.cfg.Target.Closed {
		return nil
	}
	gate, err := egress.Open(undo.RunVariable+"="+s.journal.Run(), contact)
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

// outside is whom the target has to do with.
func (st *setup) outside() []standing.Outside {
	var all []standing.Outside
	if st.data != nil {
		o := standing.Outside{Name: standing.Database, Addresses: []string{st.data.Addr()}}
		if proxy, ok := st.places[OnDatabase].(*chaos.Proxy); ok {
			o.Addresses = append(o.Addresses, proxy.Addr()) // who goes past it is seen elsewhere
		}
		all = append(all, o)
	}
	for _, d := range st.scenario.World.Dependencies {
		o := standing.Outside{Name: d.Name}
		if f, ok := st.fakes[d.Name].(reachable); ok {
			o.Addresses = f.Addresses()
		}
		if f, ok := st.fakes[d.Name].(busy); ok {
			o.Calls = f.Traffic
		}
		if f, ok := st.fakes[d.Name].(described); ok && f.Described() {
			o.Judged = f.Judged
		}
		if f, ok := st.fakes[d.Name].(bypassable); ok {
			o.Addresses = append(o.Addresses, f.Bypass()...)
		}
		all = append(all, o)
	}
	if st.played != nil {
		all = append(all, standing.Outside{Name: proxyName, Addresses: []string{st.played.proxy.Address()}})
	}
	return all
}

// allowed reports which addresses a person has named; nil where the way out is open.
func (st *setup) allowed() func(netip.AddrPort) bool {
	if st.gate == nil {
		return nil
	}
	return st.gate.Allows
}

// listeningError is a target that others can reach, or at a port that nobody gave it.
type listeningError struct {
	what []string
	at   []string // where a file has the commands of those who do
}

// Error says who listens where, and what to do.
func (e *listeningError) Error() string {
	text := strings.Join(e.what, "; ") + ": have each process listen at its own {host} and {port}, which its command or its environment can say"
	if len(e.at) > 0 {
		text += " (" + strings.Join(e.at, ", ") + ")"
	}
	return text + "; code that is told a port alone listens on all addresses, so give it the host too: app.listen(PORT, HOST), HOST + \":\" + PORT"
}

// declaredOf is where a file has the commands of the processes with whose names texts begin.
func declaredOf(all []target.Process, texts []string) []string {
	var at []string
	for _, p := range all {
		begins := func(text string) bool {
			return strings.HasPrefix(text, p.Name+" ") || strings.HasPrefix(text, p.Name+".")
		}
		if p.Declared.Command != "" && slices.ContainsFunc(texts, begins) {
			at = append(at, p.Declared.Command)
		}
	}
	return at
}

// checkListeners ends the run where a process of the target, as soon as it is ready,
// listens where it should not.
func (s *Session) checkListeners(ctx context.Context, st *setup, end context.CancelCauseFunc) error {
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
	refused := &listeningError{wrong, declaredOf(s.cfg.Target.Processes, wrong)}
	s.breach.note(st, refused, end)
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
				s.breach.note(st, &leadError{strings.Join(lead, "; "), why.Error()}, end)
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
