// Package desk runs by hand what is no fake of its own: a TCP proxy before a server
// that is there already, with faults that are switched on and off over its control API.
// Enter at [RunProxy]. What speaks Toxiproxy's language instead is desk/toxiproxyapi;
// fakes are run by fakes/standalone.
package desk

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net"
	"net/netip"

	"holdfast.dev/holdfast/fakes/control"
	"holdfast.dev/holdfast/harness/chaos"
	"holdfast.dev/holdfast/loopback"
)

// ProxyOptions are the options of a proxy.
type ProxyOptions struct {
	// Upstream is the server's address, HOST:PORT. It must be given.
	Upstream string
	// Listen is where clients find it, HOST:PORT of loopback. Defaults to a free port
	// of 127.0.0.1.
	Listen string
	// Control is the control API's address, on loopback, too; "off" does without.
	// Defaults to a free port of 127.0.0.1.
	Control string
	// Seed is where every draw comes from. Defaults to 1.
	Seed uint64
	// Faults are in force from the start, in their text form.
	Faults []string
	// Out is told the addresses, one NAME=VALUE per line, and at the end what was
	// seen. Defaults to nobody.
	Out io.Writer
}

// RunProxy runs a proxy until ctx ends. It returns an error if it can't start.
func RunProxy(ctx context.Context, o ProxyOptions) error {
	out := o.Out
	if out == nil {
		out = io.Discard
	}
	listen, err := Loopback(cmp.Or(o.Listen, "127.0.0.1:0"))
	if err != nil {
		return fmt.Errorf("run proxy: %w", err)
	}
	proxy, err := chaos.NewProxy(chaos.ProxyConfig{
		Upstream: o.Upstream, Listen: listen, Seed: cmp.Or(o.Seed, 1), Protocol: chaos.TCP,
		// Whether the server is there is its owner's business.
		Check: func(context.Context, string) error { return nil },
	})
	if err != nil {
		return fmt.Errorf("run proxy: %w", err)
	}
	defer proxy.Close()
	panel := &proxyPanel{proxy: proxy}
	if err := panel.AddText(o.Faults...); err != nil {
		return fmt.Errorf("run proxy: %w", err)
	}
	fmt.Fprintf(out, "PROXY=%s\n", proxy.Addr())
	if o.Control != "off" {
		s, err := control.ListenFor(cmp.Or(o.Control, "127.0.0.1:0"), false, panel)
		if err != nil {
			return fmt.Errorf("run proxy: %w", err)
		}
		defer s.Close()
		s.Tell(out)
	}
	<-ctx.Done()
	panel.tell(out)
	return nil
}

// Loopback reads HOST:PORT as an address of this machine alone. A proxy listens by IPv4,
// so localhost and ::1 are 127.0.0.1.
func Loopback(address string) (netip.AddrPort, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("address %q is not HOST:PORT", address)
	}
	if err := loopback.Check(address); err != nil {
		return netip.AddrPort{}, err
	}
	if ip, err := netip.ParseAddr(host); err != nil || !ip.Is4() {
		host = "127.0.0.1" // localhost, or ::1, where a proxy cannot be
	}
	at, err := netip.ParseAddrPort(net.JoinHostPort(host, port))
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("address %q is not HOST:PORT", address)
	}
	return at, nil
}
