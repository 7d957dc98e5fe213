// Package egress closes the ways out of a target: its processes reach whom they were
// given, and nobody else. What is not stubbed is the real one: a charge at the real
// payment provider, a row in the developer's own database.
//
// Enter at [Open], which makes a [Gate]; [Gate.Allow] and [Gate.AllowHost] name who may be
// reached; [Gate.Start] starts a process behind it, with all that it will ever
// start. On Linux each call for a connection waits until the gate has looked at the
// address (seccomp's user notification): one that nobody named is refused, and no packet
// leaves. Questions for names are answered by the gate itself, so that it knows
// the name and no resolver hears of it. A host that is played on this machine, see [Gate.Replace],
// is led there instead, whatever the program knows of proxies. It takes no privilege, and costs a connection,
// not a request, about 50 µs (BenchmarkConnection). Where the kernel cannot, [Gate.Closed] says so,
// and whoever started the process looks at its sockets.
//
// It guards against mistakes, not against malice: a packet of UDP that is sent with sendmsg
// is not held back, and a program that changes the address while it is looked at gets by.
package egress

import (
	"fmt"
	"net/netip"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"
)

// Contact is an attempt to reach somebody whom nobody named.
type Contact struct {
	At      time.Time
	Process string // as it was called at [Gate.Start]
	PID     int
	Command string // what runs there, without its arguments' end; empty: not known
	Network string // tcp, udp, unix or dns
	// Host is the name that was asked for; empty where an address was called.
	Host string
	// Address is host:port or the path of a Unix socket; empty for dns.
	Address string
}

// Who is the host as it is known best.
func (c Contact) Who() string {
	if c.Host != "" {
		return c.Host
	}
	return c.Address
}

// String says who tried to reach whom.
func (c Contact) String() string {
	by := fmt.Sprintf("%s (pid %d", c.Process, c.PID)
	if c.Command != "" {
		by += ": " + c.Command
	}
	by += ")"
	switch {
	case c.Network == "dns":
		return fmt.Sprintf("%s asks for the host %s", by, c.Host)
	case c.Network == "unix":
		return fmt.Sprintf("%s calls the Unix socket %s", by, c.Address)
	case c.Host != "":
		return fmt.Sprintf("%s calls %s (%s %s)", by, c.Host, c.Network, c.Address)
	}
	return fmt.Sprintf("%s calls %s over %s", by, c.Address, c.Network)
}

// ContactError is a [Contact] as what ends a run.
type ContactError struct{ Contact Contact }

// Error says who was called, and what to do.
func (e *ContactError) Error() string {
	return fmt.Sprintf("%s, which nobody named: the call was refused and the run ended; make it a dependency, or name it with --allow-host %s",
		e.Contact, e.Contact.Who())
}

// Gate stands between the processes of one experiment and everybody else. Its
// methods may be called from several goroutines.
type Gate struct {
	mark    string
	contact func(Contact)
	began   time.Time
	names   *resolver

	mu      sync.Mutex // guards below
	known   map[netip.AddrPort]string
	hosts   map[string]bool     // in lower case
	ips     map[netip.Addr]bool // of hosts
	why     error               // why one was not
	lookers []func()            // end what looks after one process
	asked   map[uint16]asker    // who asks for names from which port
	played  played
	waiting sync.WaitGroup // for the lookers
}

type asker struct {
	process string
	pid     int
}

// Open makes a gate that lets nobody through. contact is told of each [Contact],
// from goroutines of the gate, while the call waits: it should return soon. mark is
// an environment variable, NAME=VALUE, that all processes of the run carry: what they
// say to each other is let through. The caller must call [Gate.Close].
func Open(mark string, contact func(Contact)) (*Gate, error) {
	g := &Gate{
		mark: mark, contact: contact, began: time.Now(),
		known: map[netip.AddrPort]string{}, hosts: map[string]bool{}, ips: map[netip.Addr]bool{}, asked: map[uint16]asker{}, played: newPlayed(),
	}
	var err error
	if g.names, err = newResolver(g); err != nil {
		return nil, fmt.Errorf("close the target's ways out: %w", err)
	}
	g.Allow("the resolver of this run", g.names.address())
	return g, nil
}

// Possible is nil where this machine can close a way out; else why it cannot.
func Possible() error {
	why := make(chan error)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread is behind the filter
		why <- try()
	}()
	return <-why
}

// Allow lets the processes reach these addresses, which are called name.
func (g *Gate) Allow(name string, addresses ...netip.AddrPort) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, a := range addresses {
		g.known[netip.AddrPortFrom(a.Addr().Unmap(), a.Port())] = name
	}
}

// AllowHost lets the processes reach a host, by its name or its address, on every port.
func (g *Gate) AllowHost(host string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if ip, err := netip.ParseAddr(host); err == nil {
		g.ips[ip.Unmap()] = true
	}
	g.hosts[hostKey(host)] = true
}

// Closed is nil while every process was started behind the gate; else why it was not.
func (g *Gate) Closed() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.why
}

// Close ends the gate. Processes that are still there can call nobody any more.
func (g *Gate) Close() error {
	g.mu.Lock()
	lookers := slices.Clone(g.lookers)
	g.lookers = nil
	g.mu.Unlock()
	for _, end := range lookers {
		end()
	}
	g.waiting.Wait()
	return g.names.close()
}

// hostKey is a host's name as it is compared.
func hostKey(host string) string { return strings.ToLower(strings.TrimSuffix(host, ".")) }

// Allows reports whether an address was named, or belongs to a host that was.
func (g *Gate) Allows(a netip.AddrPort) bool {
	a = netip.AddrPortFrom(a.Addr().Unmap().WithZone(""), a.Port())
	g.mu.Lock()
	defer g.mu.Unlock()
	_, known := g.known[a]
	return known || g.ips[a.Addr()]
}

// allowedHost reports whether a host was named.
func (g *Gate) allowedHost(host string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.hosts[hostKey(host)]
}
