package egress

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"strings"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// resolver answers the target's questions for names: those of hosts that were named
// with what the machine's own resolver says, all others with "no such host".
type resolver struct {
	gate   *Gate
	conn   *net.UDPConn
	suffix []string // that resolvers of C append: .cluster.local
	own    string   // this machine's name
	over   chan struct{}
}

// resolveTimeout bounds the question for a host that was named.
const resolveTimeout = 3 * time.Second

func newResolver(g *Gate) (*resolver, error) {
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return nil, err
	}
	r := &resolver{gate: g, conn: conn, over: make(chan struct{})}
	r.own, _ = os.Hostname()
	if text, err := os.ReadFile("/etc/resolv.conf"); err == nil {
		r.suffix = searched(string(text))
	}
	go r.serve() // ends with the connection, which close closes
	return r, nil
}

func (r *resolver) address() netip.AddrPort {
	return r.conn.LocalAddr().(*net.UDPAddr).AddrPort()
}

func (r *resolver) close() error {
	err := r.conn.Close()
	<-r.over
	return err
}

// searched are the domains that a resolver appends to a name.
func searched(resolvConf string) []string {
	var all []string
	for line := range strings.Lines(resolvConf) {
		if words := strings.Fields(line); len(words) > 1 && (words[0] == "search" || words[0] == "domain") {
			all = words[1:]
		}
	}
	return all
}

func (r *resolver) serve() {
	defer close(r.over)
	buf := make([]byte, 1500)
	for {
		n, from, err := r.conn.ReadFromUDPAddrPort(buf)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue
		}
		if answer, err := r.answer(buf[:n], from); err == nil {
			_, _ = r.conn.WriteToUDPAddrPort(answer, from) // who asked may be gone
		}
	}
}

// answer is the answer to one question.
func (r *resolver) answer(packet []byte, from netip.AddrPort) ([]byte, error) {
	var p dnsmessage.Parser
	head, err := p.Start(packet)
	if err != nil {
		return nil, err
	}
	q, err := p.Question()
	if err != nil {
		return nil, err
	}
	host := r.plain(q.Name.String())
	reply := dnsmessage.Header{ID: head.ID, Response: true, RecursionDesired: head.RecursionDesired, RecursionAvailable: true}
	var ips []netip.Addr
	switch {
	case host == "localhost" || strings.HasSuffix(host, ".localhost"):
		ips = []netip.Addr{netip.AddrFrom4([4]byte{127, 0, 0, 1})}
	case r.gate.allowedHost(host):
		ips = r.gate.resolve(host)
	case r.gate.replaces(host):
		ips = r.gate.standFor(host)
	default:
		reply.RCode = dnsmessage.RCodeNameError
		if !r.harmless(host) {
			r.gate.unknownHost(host, from.Port())
		}
	}
	return built(reply, q, ips)
}

// plain is a name without the domain that a resolver appended.
func (r *resolver) plain(name string) string {
	host := hostKey(name)
	for _, s := range r.suffix {
		if short, ok := strings.CutSuffix(host, "."+hostKey(s)); ok && strings.Contains(short, ".") {
			return short
		}
	}
	return host
}

// harmless names tell of no wish to call somebody: the machine's own, and those of
// addresses, which programs ask for to have a name in their log.
func (r *resolver) harmless(host string) bool {
	own := hostKey(r.own)
	short, _, _ := strings.Cut(own, ".")
	first, _, _ := strings.Cut(host, ".")
	return host == own || first == short || strings.HasSuffix(host, ".arpa")
}

// built is an answer with these addresses.
func built(head dnsmessage.Header, q dnsmessage.Question, ips []netip.Addr) ([]byte, error) {
	b := dnsmessage.NewBuilder(nil, head)
	if err := errors.Join(b.StartQuestions(), b.Question(q), b.StartAnswers()); err != nil {
		return nil, err
	}
	of := dnsmessage.ResourceHeader{Name: q.Name, Class: q.Class, TTL: 1}
	for _, ip := range ips {
		var err error
		switch {
		case q.Type == dnsmessage.TypeA && ip.Is4():
			err = b.AResource(of, dnsmessage.AResource{A: ip.As4()})
		case q.Type == dnsmessage.TypeAAAA && ip.Is6():
			err = b.AAAAResource(of, dnsmessage.AAAAResource{AAAA: ip.As16()})
		}
		if err != nil {
			return nil, err
		}
	}
	return b.Finish()
}

// resolve asks the machine's resolver for a host that was named, and lets the
// processes reach what it says.
func (g *Gate) resolve(host string) []netip.Addr {
	ctx, cancel := context.WithTimeout(context.Background(), resolveTimeout)
	defer cancel()
	ips, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return nil // the target sees a host without an address, as it would have
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	for i, ip := range ips {
		ips[i] = ip.Unmap()
		g.ips[ips[i]] = true
	}
	return ips
}

// asks remembers who asks for names from a port of this machine.
func (g *Gate) asks(port uint16, who asker) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.asked[port] = who
}

// unknownHost tells of a question for a host that nobody named.
func (g *Gate) unknownHost(host string, port uint16) {
	g.mu.Lock()
	who, known := g.asked[port]
	g.mu.Unlock()
	if !known {
		who.process = "a process of the target"
	}
	g.contact(Contact{At: time.Now(), Process: who.process, PID: who.pid, Command: commandOf(who.pid), Network: "dns", Host: host})
}
