package probe

import (
	"cmp"
	"context"
	"net/netip"
	"slices"
	"sync"
	"time"

	"holdfast.dev/holdfast/harness/result"
)

// Socket is one socket of a target that leads to the network.
type Socket struct {
	Network string // tcp or udp
	Local   netip.AddrPort
	Remote  netip.AddrPort // not valid: none, or not known (yet)
	// Listening takes connections; Opening waits for its first answer.
	Listening, Opening bool
}

// Sighting is a socket that was seen while a target was looked at.
type Sighting struct {
	Socket
	At    time.Time // when first
	Times int64     // how many sockets like it
}

// Sockets looks where the sockets of a target's processes lead. As a [Probe] it
// measures target.sockets, how many there are; what it saw is in [Sockets.Seen].
//
// A connection that lasts is seen for certain, and so is one that waits for an
// answer which never comes; one that is over within 100 ms may slip through.
type Sockets struct {
	tree *Tree

	mu    sync.Mutex // guards below
	known map[uint64]Socket
	// opening are those that waited for their first answer when last looked at;
	// without an address where it is not known yet.
	opening map[uint64]Socket
	hands   handles
	table   table
	count   int
	at      time.Time
	took    time.Duration
	seen    map[Socket]*Sighting
	last    []Socket
	holders map[int32]bool
}

// DefaultSocketsEvery is what [Sockets] samples at.
const DefaultSocketsEvery = 100 * time.Millisecond

// maxSightings bounds what is remembered of places that sockets led to.
const maxSightings = 4096

// NewSockets looks at the sockets of a target's processes.
func NewSockets(t *Tree) *Sockets {
	return &Sockets{tree: t, known: map[uint64]Socket{}, hands: handles{}, seen: map[Socket]*Sighting{}, holders: map[int32]bool{}}
}

// Name implements [Probe].
func (*Sockets) Name() string { return "target sockets" }

// Every implements [Probe].
func (*Sockets) Every() time.Duration { return DefaultSocketsEvery }

// Series implements [Probe].
func (*Sockets) Series() []Series {
	return []Series{{Name: "target.sockets", Unit: result.UnitCount}}
}

// Sample implements [Probe].
func (s *Sockets) Sample(context.Context) ([]float64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if time.Since(s.at) >= costShare*s.took {
		if err := s.look(s.tree.Members()); err != nil {
			return nil, err
		}
	}
	return []float64{s.measured()}, nil
}

// Close lets go of the processes.
func (s *Sockets) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hands.keep(nil)
	return nil
}

// Look is what sockets there are at this moment, those of which it could be told
// where they lead.
func (s *Sockets) Look() ([]Socket, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	err := s.look(s.tree.Look())
	return slices.Clone(s.last), err
}

// Holders is how many of the processes that were there at the last look ever held a
// connection when they were looked at. One that several share is held by the first.
func (s *Sockets) Holders() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.holders)
}

// Seen is where sockets led until now, in the order in which they came. Of
// connections that the target took from others, one stands for all to that
// address of its own.
func (s *Sockets) Seen() []Sighting {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []Sighting
	for _, one := range s.seen {
		all = append(all, *one)
	}
	slices.SortFunc(all, func(a, b Sighting) int {
		return cmp.Or(a.At.Compare(b.At), a.Local.Compare(b.Local), a.Remote.Compare(b.Remote))
	})
	return all
}

// note remembers a socket by what does not differ from one connection to the next:
// where it leads, or, of one that somebody else opened, where it was taken.
func (s *Sockets) note(socket Socket) {
	kind := Socket{Network: socket.Network, Remote: socket.Remote, Listening: socket.Listening}
	switch {
	case socket.Listening || !socket.Remote.IsValid():
		kind.Local = socket.Local
	case s.takes(socket.Local):
		kind.Local, kind.Remote = netip.AddrPortFrom(netip.Addr{}, socket.Local.Port()), netip.AddrPort{}
	}
	if one := s.seen[kind]; one != nil {
		one.Times++
		return
	}
	if len(s.seen) < maxSightings {
		first := socket
		if !kind.Remote.IsValid() {
			first.Remote = netip.AddrPort{}
		}
		s.seen[kind] = &Sighting{Socket: first, At: time.Now(), Times: 1}
	}
}

// takes reports whether the target listens there.
func (s *Sockets) takes(local netip.AddrPort) bool {
	for _, k := range s.known {
		if k.Listening && k.Local.Port() == local.Port() {
			return true
		}
	}
	return false
}
