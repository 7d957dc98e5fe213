package standing

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"time"

	"holdfast.dev/holdfast/harness/probe"
)

// nowhere is that a target talks to nobody but those that it was given, and listens
// nowhere but where it was told to.
//
// What is seen is what a socket of its processes leads to while it is open. A call
// that is refused, or answered and closed, within a tenth of a second may slip through.
func nowhere() Check {
	return Check{
		Name:  "nowhere",
		About: "the target's sockets lead to its dependencies only, and it listens only where it was told to",
		Begin: func(ctx context.Context, s Scene) (Watch, error) {
			if !probe.SocketsAreSeen {
				return Watch{}, errors.New("where a process's sockets lead can be seen on Linux alone")
			}
			known, err := placesOf(ctx, s)
			if err != nil {
				return Watch{}, err
			}
			for _, o := range s.Outside {
				if len(o.Addresses) == 0 {
					return Watch{}, fmt.Errorf("where %s is called is not known", o.Name)
				}
			}
			// What is asked of the target when all is over is no longer its own doing.
			var seen []probe.Sighting
			settled := false
			return Watch{
				Drained: func(context.Context, Settled) { seen, settled = s.Sockets.Seen(), true },
				Ended: func(e Ended) Finding {
					if !settled {
						seen = s.Sockets.Seen()
					}
					return known.judge(seen, e.Start)
				},
			}, nil
		},
	}
}

// places are the addresses that a target has to do with.
type places struct {
	own    netip.AddrPort
	others map[netip.AddrPort]string
}

// placesOf are those of a scene, names resolved as the target would.
func placesOf(ctx context.Context, s Scene) (places, error) {
	p := places{others: map[netip.AddrPort]string{}}
	u, err := url.Parse(s.Target)
	if err != nil {
		return places{}, fmt.Errorf("the target's address: %w", err)
	}
	own, err := Resolved(ctx, u.Host)
	if err != nil {
		return places{}, fmt.Errorf("the target's address: %w", err)
	}
	p.own = own[0]
	for _, o := range s.Outside {
		for _, address := range o.Addresses {
			all, err := Resolved(ctx, address)
			if err != nil {
				continue // a path, say: it is not reached over the network
			}
			for _, a := range all {
				p.others[a] = o.Name
			}
		}
	}
	return p, nil
}

// Resolved are the addresses that host:port stands for, at least one.
func Resolved(ctx context.Context, address string) ([]netip.AddrPort, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return nil, err
	}
	ips, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return nil, err
	}
	var all []netip.AddrPort
	for _, ip := range ips {
		all = append(all, netip.AddrPortFrom(ip.Unmap(), uint16(number)))
	}
	return all, nil
}

// taken reports whether a socket is one that somebody else opened to the target.
func (p places) taken(s probe.Socket) bool {
	return !s.Listening && s.Network == "tcp" && s.Local.Port() == p.own.Port()
}

// judge holds what was seen against the places.
func (p places) judge(seen []probe.Sighting, start time.Time) Finding {
	var f Finding
	for _, s := range seen {
		f.Looked++
		if what := p.wrong(s.Socket); what != "" {
			f.Add(Example{At: max(0, s.At.Sub(start)), What: what})
		}
	}
	if f.Looked == 0 {
		f.Unseen = "no socket of the target was seen"
	}
	return f
}

// wrong says what a socket does that it should not; empty: nothing.
func (p places) wrong(s probe.Socket) string {
	_, known := p.others[s.Remote]
	switch {
	case s.Listening && s.Local.Port() != p.own.Port():
		return fmt.Sprintf("the target listens on %s, which it was not told to", s.Local)
	case s.Listening && !s.Local.Addr().IsLoopback() && p.own.Addr().IsLoopback():
		return fmt.Sprintf("the target listens on %s, not on loopback alone", s.Local)
	case s.Listening, known, s.Remote == p.own, p.taken(s):
		return ""
	case s.Network == "udp" && !s.Remote.IsValid():
		return fmt.Sprintf("the target takes packets on %s, which it was not told to", s.Local)
	case !s.Remote.IsValid(): // cut off before it could be asked
		return ""
	case s.Network == "udp" && s.Remote.Port() == domainPort:
		return fmt.Sprintf("the target asks the resolver %s for a name: its dependencies are addresses", s.Remote)
	case s.Opening:
		return fmt.Sprintf("the target calls %s, which is none of its dependencies; nobody answers there", s.Remote)
	}
	return fmt.Sprintf("the target has a connection to %s, which is none of its dependencies", s.Remote)
}

// domainPort is that of name servers.
const domainPort = 53
