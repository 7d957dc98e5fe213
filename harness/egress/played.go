package egress

import (
	"net/netip"
	"strings"
)

// played are the hosts that somebody on this machine plays.
type played struct {
	hosts map[string]map[uint16]netip.AddrPort // by name or *.name, and by port
	stand map[string]netip.Addr                // the address that stands for a name
	names map[netip.Addr]string                // the other way
	doors map[netip.AddrPort]bool              // whose callers are remembered
	calls map[uint16]asker                     // who calls from which port
}

func newPlayed() played {
	return played{
		hosts: map[string]map[uint16]netip.AddrPort{}, stand: map[string]netip.Addr{}, names: map[netip.Addr]string{},
		doors: map[netip.AddrPort]bool{}, calls: map[uint16]asker{},
	}
}

// Replace has by play a host, on one port of it: a process that asks for the name gets
// an address that stands for it alone, and who connects to that is led to by. *.name is
// each name that has one more label. Another port of it is nobody's.
func (g *Gate) Replace(host string, port uint16, by netip.AddrPort) {
	g.mu.Lock()
	defer g.mu.Unlock()
	ports := g.played.hosts[hostKey(host)]
	if ports == nil {
		ports = map[uint16]netip.AddrPort{}
		g.played.hosts[hostKey(host)] = ports
	}
	ports[port] = by
}

// Watch lets the processes reach an address, and remembers who calls it, see
// [Gate.Caller].
func (g *Gate) Watch(address netip.AddrPort) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.played.doors[address] = true
}

// Caller is the process that called a host which is played, or an address that is
// watched, from a port of this machine; empty where none has.
func (g *Gate) Caller(port uint16) (process string, pid int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	who := g.played.calls[port]
	return who.process, who.pid
}

// calls remembers who calls from a port.
func (g *Gate) calls(port uint16, who asker) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.played.calls[port] = who
}

// of are the ports on which a host is played; nil: it is not.
func (p played) of(host string) map[uint16]netip.AddrPort {
	if ports, ok := p.hosts[host]; ok {
		return ports
	}
	_, domain, _ := strings.Cut(host, ".")
	return p.hosts["*."+domain]
}

// replaces reports whether a host is played.
func (g *Gate) replaces(host string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.played.of(hostKey(host)) != nil
}

// maxPlayed bounds the names that get an address: *.name has many.
const maxPlayed = 4096

// standFor is the address that stands for a host which is played: of 198.18.0.0/15,
// which RFC 2544 has set aside so that no host on the Internet has it.
func (g *Gate) standFor(host string) []netip.Addr {
	host = hostKey(host)
	g.mu.Lock()
	defer g.mu.Unlock()
	ip, ok := g.played.stand[host]
	if !ok {
		n := len(g.played.stand) + 1
		if n > maxPlayed {
			return nil
		}
		ip = netip.AddrFrom4([4]byte{198, 18, byte(n >> 8), byte(n)})
		g.played.stand[host], g.played.names[ip] = ip, host
	}
	return []netip.Addr{ip}
}

// leads is where a call of an address is led to. host is the one that the address
// stands for, also where nobody plays it on that port.
func (g *Gate) leads(to netip.AddrPort) (at netip.AddrPort, host string, ok bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.played.doors[to] {
		return to, "", true
	}
	if host, ok = g.played.names[to.Addr()]; !ok {
		return to, "", false
	}
	at, ok = g.played.of(host)[to.Port()]
	return at, host, ok
}
