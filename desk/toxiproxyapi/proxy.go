package toxiproxyapi

import (
	"fmt"
	"net"
	"net/netip"
	"slices"

	"holdfast.dev/holdfast/desk"
	"holdfast.dev/holdfast/harness/chaos"
)

// proxy is one proxy. Its server's lock guards it.
type proxy struct {
	name, listen, upstream string

	remote  bool // listen may be an address that others reach
	seed    uint64
	toxics  []*toxic
	running *chaos.Proxy // nil: it is not enabled
}

// state is a proxy as it is sent.
type state struct {
	Name     string   `json:"name"`
	Listen   string   `json:"listen"`
	Upstream string   `json:"upstream"`
	Enabled  bool     `json:"enabled"`
	Toxics   []*toxic `json:"toxics"`
}

func (p *proxy) state() state {
	return state{p.name, p.listen, p.upstream, p.running != nil, p.inOrder()}
}

// inOrder are its toxics as Toxiproxy tells them: those of upstream first. It is never
// nil.
func (p *proxy) inOrder() []*toxic {
	all := make([]*toxic, 0, len(p.toxics))
	for _, stream := range []string{"upstream", "downstream"} {
		for _, t := range p.toxics {
			if t.Stream == stream {
				all = append(all, t)
			}
		}
	}
	return all
}

// start has it listen, with its toxics on. One that is started stays as it is.
func (p *proxy) start() error {
	if p.running != nil {
		return nil
	}
	at, err := netip.ParseAddrPort(p.listen)
	if err != nil {
		return badBody(err)
	}
	config := chaos.ProxyConfig{Upstream: p.upstream, Listen: at, AllowRemote: p.remote, Seed: p.seed, Protocol: chaos.TCP}
	if err := config.Validate(); err != nil {
		return badBody(err)
	}
	if p.running, err = chaos.NewProxy(config); err != nil {
		return fmt.Errorf("start proxy %s: %w", p.name, err)
	}
	p.listen = p.running.Addr()
	p.shape()
	return nil
}

// stop ends its connections, and has new ones refused.
func (p *proxy) stop() {
	if p.running != nil {
		_ = p.running.Close() // has no error
		p.running = nil
	}
}

// shape has its toxics act.
func (p *proxy) shape() {
	if p.running == nil {
		return
	}
	shapers := make([]chaos.Shaper, 0, len(p.toxics))
	for _, t := range p.toxics {
		shapers = append(shapers, t)
	}
	p.running.Shape(shapers...)
}

// find returns the place of a toxic among the others, or an error.
func (p *proxy) find(name string) (int, error) {
	i := slices.IndexFunc(p.toxics, func(t *toxic) bool { return t.Name == name })
	if i < 0 {
		return i, errToxicNotFound
	}
	return i, nil
}

// add puts a toxic behind the others.
func (p *proxy) add(t *toxic) error {
	if _, err := p.find(t.Name); err == nil {
		return errToxicExists
	}
	p.toxics = append(p.toxics, t)
	p.shape()
	return nil
}

// replace puts a toxic in the place of another.
func (p *proxy) replace(i int, t *toxic) {
	p.toxics[i].retire()
	p.toxics[i] = t
	p.shape()
}

// remove takes toxics away. Connections that some of them held end with them.
func (p *proxy) remove(which func(*toxic) bool) {
	var over []*ending
	p.toxics = slices.DeleteFunc(p.toxics, func(t *toxic) bool {
		gone := which(t)
		if gone {
			over = append(over, t.retire()...)
		}
		return gone
	})
	p.shape()
	for _, e := range over {
		e.end(false)
	}
}

// place is an address to listen at, as a proxy has it: what Toxiproxy takes for every
// address, or for any port, is 127.0.0.1, unless others may reach it.
func place(listen string, remote bool) (string, error) {
	every := "127.0.0.1"
	if remote {
		every = "0.0.0.0"
	}
	if listen == "" {
		return net.JoinHostPort(every, "0"), nil
	}
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return "", badBody(fmt.Errorf("listen %q is not host:port", listen))
	}
	ip, notIP := netip.ParseAddr(host)
	if host == "" || notIP == nil && ip.IsUnspecified() {
		host = every
	}
	if at, err := netip.ParseAddrPort(net.JoinHostPort(host, port)); remote && err == nil && at.Addr().Is4() {
		return at.String(), nil
	}
	at, err := desk.Loopback(net.JoinHostPort(host, port))
	if err != nil {
		return "", badBody(err)
	}
	return at.String(), nil
}
