package harness

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"holdfast.dev/holdfast/harness/egress"
	"holdfast.dev/holdfast/harness/replace"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/loopback"
)

// proxyName is what the proxy is called to which programs are told to go.
const proxyName = "the proxy of replaced hosts"

// played is how hosts are played that are constants in the target's code.
type played struct {
	players []player
	hosts   []replace.Host
	files   replace.Files
	proxy   *replace.Proxy
	led     bool // by the gate, without the proxy
}

// player is who plays a host, and where.
type player struct {
	host replace.Host
	at   string // host:port
}

// replaced are the hosts of a world that are replaced.
func (w World) replaced() []replace.Host {
	var all []replace.Host
	for _, d := range w.Dependencies {
		all = append(all, d.Replaces...)
	}
	return all
}

// authority vouches for the hosts that are replaced; nil: there are none.
func (w World) authority() (*replace.Authority, error) {
	hosts := w.replaced()
	if len(hosts) == 0 {
		return nil, nil
	}
	return replace.NewAuthority(hosts)
}

// mayReplace reports hosts that cannot be played for the target, or that are to be real
// as well.
func (l Launch) mayReplace(p *problems, d Dependency) {
	for _, h := range d.Replaces {
		if l.Allows(net.JoinHostPort(h.Name, strconv.Itoa(int(h.Port)))) {
			p.say("%s is played by %s, and --allow-host lets the real one in: give up one of the two", h, d.Name)
		}
		if l.URL != "" {
			p.say("%s is played by %s for what is started here, and the target is a service that somebody else runs", h, d.Name)
		}
		for _, process := range l.Processes {
			if process.Image != "" {
				p.say("%s is played by %s, and the process %s is an image: what runs in a container does not see this run's certificate; run it as a command, or tell it the address by export", h, d.Name, process.Name)
			}
		}
	}
}

// replacedOnce reports hosts that are replaced twice.
func (w World) replacedOnce(p *problems) {
	for i, d := range w.Dependencies {
		for _, other := range w.Dependencies[:i] {
			for _, h := range d.Replaces {
				if at := slices.IndexFunc(other.Replaces, h.Meets); at >= 0 {
					p.say("%s is replaced by %s, and %s by %s: a host is played by one", h, d.Name, other.Replaces[at], other.Name)
				}
			}
		}
	}
}

// play has the hosts that are replaced played by the dependencies that replace them: by
// a proxy for programs that heed its variables, and by the gate for all others.
func (s *Session) play(st *setup, undoing *cleanups, contact func(egress.Contact)) error {
	if st.authority == nil {
		return nil
	}
	p := &played{hosts: st.scenario.World.replaced(), led: st.gate != nil && egress.Possible() == nil}
	for _, d := range st.scenario.World.Dependencies {
		for _, host := range d.Replaces {
			p.players = append(p.players, player{host, st.values[d.Name+".address"]})
		}
	}
	store, err := s.cfg.snapshots()
	if err != nil {
		return err
	}
	dir, err := store.scratch(s.journal, undoing)
	if err != nil {
		return err
	}
	if p.files, err = st.authority.Write(dir, s.cfg.Target.callsSomebodyReal()); err != nil {
		return err
	}
	if p.proxy, err = replace.StartProxy(s.route(st, p.players, contact)); err != nil {
		return err
	}
	undoing.add("close "+proxyName, func(context.Context) error { return p.proxy.Close() })
	st.played = p
	return st.leadThere()
}

// callsSomebodyReal reports whether a host beyond this machine was named: it shows a
// certificate of its own.
func (l Launch) callsSomebodyReal() bool {
	return slices.ContainsFunc(l.AllowHosts, func(host string) bool { return !loopback.Is(withoutPort(host)) })
}

// leadThere has the gate lead who calls a replaced host to who plays it.
func (st *setup) leadThere() error {
	if st.gate == nil {
		return nil
	}
	proxy, err := netip.ParseAddrPort(st.played.proxy.Address())
	if err != nil {
		return err
	}
	st.gate.Watch(proxy)
	for _, one := range st.played.players {
		at, err := netip.ParseAddrPort(one.at)
		if err != nil {
			return fmt.Errorf("play %s: %w", one.host, err)
		}
		st.gate.Replace(one.host.Name, one.host.Port, at)
	}
	return nil
}

// route says where a call of the proxy leads: to who plays the host, or to who may be
// reached without it. Anybody else nobody has named.
func (s *Session) route(st *setup, players []player, contact func(egress.Contact)) replace.Route {
	gate := st.gate
	return func(_ context.Context, c replace.Caller) (string, error) {
		for _, one := range players {
			if one.host.Covers(c.Host, c.Port) {
				return one.at, nil
			}
		}
		address := net.JoinHostPort(c.Host, strconv.Itoa(int(c.Port)))
		if s.cfg.Target.Allows(address) || onThisMachine(gate, c) {
			return address, nil
		}
		called := egress.Contact{Network: "tcp", Address: address, Process: "a process of the target"}
		if _, notIP := netip.ParseAddr(c.Host); notIP != nil {
			called.Host = c.Host
		}
		if gate != nil {
			if process, pid := gate.Caller(c.From.Port()); process != "" {
				called.Process, called.PID = process, pid
			}
		}
		contact(called)
		return "", fmt.Errorf("%s is nobody whom this run may reach", address)
	}
}

// onThisMachine reports whether a call leads to who may be reached on this machine.
func onThisMachine(gate *egress.Gate, c replace.Caller) bool {
	if !loopback.Is(c.Host) {
		return false
	}
	ip, err := netip.ParseAddr(c.Host)
	if err != nil {
		ip = netip.AddrFrom4([4]byte{127, 0, 0, 1})
	}
	return gate == nil || gate.Allows(netip.AddrPortFrom(ip, c.Port))
}

// variables are those by which programs are told of it.
func (p *played) variables() map[string]string {
	if p == nil {
		return nil
	}
	return replace.Variables(p.hosts, p.files, p.proxy.Address(), p.led)
}

// Parted is a client that did not come to speak with who plays a host.
type Parted struct {
	From netip.AddrPort
	// Why is what its TLS said, or what was seen; Distrust says that it was about the
	// certificate.
	Why      string
	Distrust bool
}

// Secured is what came of the connections with TLS of who plays a host.
type Secured struct {
	Served  int64    // on which something was asked
	Refused []Parted // which did not come to be
	Silent  []Parted // which the client closed without a word, as soon as it had seen the certificate or later
}

// secured is a fake that speaks TLS, for the hosts that its dependency replaces.
type secured interface{ Secured() Secured }

// PlayedSeen is what became of the hosts that a dependency replaces.
type PlayedSeen struct {
	Name   string // of the dependency
	Hosts  []string
	Served int64 // connections with TLS on which something was asked
	// Refused are the programs that did not take its certificate or could not speak with
	// it, and why; Silent those that have said nothing. Each once.
	Refused, Silent []string
	// Distrusted says that one of them refused the certificate.
	Distrusted bool
}

// playedSeen is what became of the hosts that are replaced.
func (st *setup) playedSeen() []PlayedSeen {
	var all []PlayedSeen
	for _, d := range st.scenario.World.Dependencies {
		f, ok := st.fakes[d.Name].(secured)
		if !ok || len(d.Replaces) == 0 {
			continue
		}
		came := f.Secured()
		seen := PlayedSeen{Name: d.Name, Served: came.Served}
		for _, h := range d.Replaces {
			seen.Hosts = append(seen.Hosts, h.String())
		}
		for _, p := range came.Refused {
			seen.Refused = append(seen.Refused, st.callerAt(p.From)+": "+p.Why)
			seen.Distrusted = seen.Distrusted || p.Distrust
		}
		for _, p := range came.Silent {
			seen.Silent = append(seen.Silent, st.callerAt(p.From))
		}
		seen.Refused, seen.Silent = once(seen.Refused), once(seen.Silent)
		all = append(all, seen)
	}
	return all
}

func once(all []string) []string {
	slices.Sort(all)
	return slices.Compact(all)
}

// callerAt is the process that calls a player from an address, as far as it is known.
func (st *setup) callerAt(from netip.AddrPort) string {
	if st.played != nil && st.gate != nil {
		if client, proxied := st.played.proxy.Client(from.Port()); proxied {
			from = client
		}
		if process, _ := st.gate.Caller(from.Port()); process != "" {
			return process
		}
	}
	return "a process of the target"
}

// unplayed says why a dependency did not play its hosts for some client; empty: it did.
func (p PlayedSeen) unplayed() string {
	const means = "its calls ended here. Have it trust the file that SSL_CERT_FILE names, or tell it where the dependency is by export: docs/replaces.md"
	hosts := strings.Join(p.Hosts, ", ")
	switch {
	case p.Distrusted:
		return fmt.Sprintf("%s: it does not trust the certificate of this run for %s, for it has a trust store of its own or pins a certificate; %s", strings.Join(p.Refused, "; "), hosts, means)
	case len(p.Refused) > 0 && p.Served == 0:
		return fmt.Sprintf("%s: it could not speak TLS with who plays %s, which has HTTP/1.1; %s", strings.Join(p.Refused, "; "), hosts, means)
	case len(p.Silent) > 0 && p.Served == 0:
		return fmt.Sprintf("%s: it closed each connection to %s before it asked anything, as who pins a certificate does; %s", strings.Join(p.Silent, ", "), hosts, means)
	}
	return ""
}

// unplayed says why hosts were not played for some client; empty: they were.
func (m *Measurement) unplayed() string {
	for _, p := range m.Played {
		if why := p.unplayed(); why != "" {
			return why
		}
	}
	return ""
}

// asUnplayed is that in the place of what came of it: the target then suffers what is our
// doing, and fails by it, perhaps before it is ready.
func (m *Measurement) asUnplayed() {
	why := m.unplayed()
	if why == "" {
		return
	}
	if m.Failed != "" {
		why += "; then: " + m.Failed
	}
	m.Unmet, m.Failed = why, ""
}

// playedEvidence says who was played, where anybody called by TLS. Where a host was not
// played for a client, the experiment could not be carried out.
func playedEvidence(m Measurement) []result.Check {
	var checks []result.Check
	for _, p := range m.Played {
		if p.unplayed() == "" && p.Served > 0 {
			checks = append(checks, evidence("played by "+p.Name, true, result.NotExercised,
				fmt.Sprintf("%d connections with TLS asked something of %s", p.Served, strings.Join(p.Hosts, ", "))))
		}
	}
	return checks
}

// unplayed are the checks where a host could not be played for a client: what the target
// missed is our doing then, and neither a failure of its own nor of this machine's.
func unplayed(checks []result.Check, m Measurement) []result.Check {
	why := m.unplayed()
	for i := range checks {
		if why != "" && (checks[i].Verdict == result.Fail || checks[i].Verdict == result.Inconclusive) {
			checks[i].Verdict, checks[i].Reason = result.NotExercised, why
		}
	}
	return checks
}
