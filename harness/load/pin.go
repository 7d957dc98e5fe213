package load

import (
	"context"
	"fmt"
	"net"
	"net/netip"
)

// Lookup finds the addresses of a host.
type Lookup func(ctx context.Context, host string) ([]netip.Addr, error)

// pins remember the addresses of hosts from their first lookup on, so that a name
// which changes its answer cannot move the load to another machine.
type pins struct {
	lookup Lookup
	lock   chan struct{} // has room for the one who may look at known
	known  map[string][]netip.Addr
}

func newPins(lookup Lookup) *pins {
	if lookup == nil {
		lookup = func(ctx context.Context, host string) ([]netip.Addr, error) {
			return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
		}
	}
	return &pins{lookup: lookup, lock: make(chan struct{}, 1), known: make(map[string][]netip.Addr)}
}

// of returns the addresses of a host: those that it had when it was first found.
func (p *pins) of(ctx context.Context, host string) ([]netip.Addr, error) {
	if literal, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{literal}, nil
	}
	select {
	case p.lock <- struct{}{}:
		defer func() { <-p.lock }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if found := p.known[host]; len(found) > 0 {
		return found, nil
	}
	found, err := p.lookup(ctx, host)
	if err == nil && len(found) == 0 {
		err = &net.DNSError{Err: "no address", Name: host, IsNotFound: true}
	}
	if err != nil {
		return nil, err
	}
	p.known[host] = found
	return found, nil
}

// dial connects to the first of a host's addresses that takes the connection.
func (p *pins) dial(ctx context.Context, dialer *net.Dialer, network, address string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("dial: %w", err)
	}
	if path, is := socketOf(host); is {
		return dialer.DialContext(ctx, "unix", path)
	}
	if _, err := netip.ParseAddr(host); err == nil {
		return dialer.DialContext(ctx, network, address)
	}
	found, err := p.of(ctx, host)
	if err != nil {
		return nil, &net.OpError{Op: "dial", Net: network, Err: err}
	}
	for _, addr := range found {
		var conn net.Conn
		if conn, err = dialer.DialContext(ctx, network, net.JoinHostPort(addr.Unmap().String(), port)); err == nil {
			return conn, nil
		}
	}
	return nil, err
}
