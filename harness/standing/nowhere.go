package standing

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
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
			seen, settled := make([][]probe.Sighting, len(s.Parts)), false
			look := func() {
				for i, part := range s.Parts {
					seen[i] = part.Sockets.Seen()
				}
			}
			return Watch{
				Drained: func(context.Context, Settled) { look(); settled = true },
				Ended: func(e Ended) Finding {
					if !settled {
						look()
					}
					return known.judge(seen, e.Start)
				},
			}, nil
		},
	}
}

// places are the addresses that the parts of a target have to do with.
type places struct {
	parts  []Part
	own    []map[uint16]netip.AddrPort // of each part, by their ports
	all    map[netip.AddrPort]string   // the part at each address: they may call each other
	others map[netip.AddrPort]string
	// allowed are those that a person has named; nil: nobody
	allowed func(netip.AddrPort) bool
}

// placesOf are those of a scene, names resolved as the target would.
func placesOf(ctx context.Context, s Scene) (places, error) {
	p := places{parts: s.Parts, all: map[netip.AddrPort]string{}, others: map[netip.AddrPort]string{}, allowed: s.Allowed}
	for _, part := range s.Parts {
		own := map[uint16]netip.AddrPort{}
		for _, address := range part.Listens {
			at, err := Resolved(ctx, address)
			if err != nil {
				return places{}, fmt.Errorf("the address of %s: %w", part.name(), err)
			}
			own[at[0].Port()] = at[0]
			for _, one := range at {
				p.all[one] = part.name()
			}
		}
		p.own = append(p.own, own)
	}
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

// Amiss says what sockets of a scene's parts do at this moment that they should not:
// listen at ports that they were not given, or where others than this machine reach
// them; and lead to somebody whom nobody named.
func Amiss(ctx context.Context, s Scene) (listen, lead []string, err error) {
	p, err := placesOf(ctx, s)
	if err != nil {
		return nil, nil, err
	}
	for i, part := range s.Parts {
		sockets, err := part.Sockets.Look()
		if err != nil {
			return nil, nil, fmt.Errorf("look at the sockets of %s: %w", part.name(), err)
		}
		for _, socket := range sockets {
			what := p.wrong(i, socket)
			switch {
			case what == "":
			case socket.Listening:
				listen = append(listen, what)
			case socket.Remote.IsValid():
				lead = append(lead, what)
			}
		}
	}
	slices.Sort(listen)
	slices.Sort(lead)
	return slices.Compact(listen), slices.Compact(lead), nil
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

// taken reports whether a socket of a part is one that somebody else opened to it.
func (p places) taken(part int, s probe.Socket) bool {
	_, own := p.own[part][s.Local.Port()]
	return !s.Listening && s.Network == "tcp" && own
}

// judge holds what was seen of each part against the places.
func (p places) judge(seen [][]probe.Sighting, start time.Time) Finding {
	var f Finding
	for part, sightings := range seen {
		for _, s := range sightings {
			f.Looked++
			if what := p.wrong(part, s.Socket); what != "" {
				f.Add(Example{At: max(0, s.At.Sub(start)), What: what})
			}
		}
	}
	if f.Looked == 0 {
		f.Unseen = "no socket of the target was seen"
	}
	return f
}

// wrong says what a socket of a part does that it should not; empty: nothing.
func (p places) wrong(part int, s probe.Socket) string {
	_, known := p.others[s.Remote]
	_, ours := p.all[s.Remote]
	own, told := p.own[part][s.Local.Port()]
	who := p.parts[part].name()
	switch {
	case s.Listening && !told:
		return fmt.Sprintf("%s listens on %s, which it was not told to", who, s.Local)
	case s.Listening && !s.Local.Addr().IsLoopback() && own.Addr().IsLoopback():
		return fmt.Sprintf("%s listens on %s, not on loopback alone", who, s.Local)
	case s.Listening, known, ours, p.taken(part, s), s.Remote.IsValid() && p.allowed != nil && p.allowed(s.Remote):
		return ""
	case s.Network == "udp" && !s.Remote.IsValid():
		return fmt.Sprintf("%s takes packets on %s, which it was not told to", who, s.Local)
	case !s.Remote.IsValid(): // cut off before it could be asked
		return ""
	case s.Network == "udp" && s.Remote.Port() == domainPort:
		return fmt.Sprintf("%s asks the resolver %s for a name: its dependencies are addresses", who, s.Remote)
	case s.Opening:
		return fmt.Sprintf("%s calls %s, which is none of its dependencies; nobody answers there", who, s.Remote)
	}
	return fmt.Sprintf("%s has a connection to %s, which is none of its dependencies", who, s.Remote)
}

// domainPort is that of name servers.
const domainPort = 53
