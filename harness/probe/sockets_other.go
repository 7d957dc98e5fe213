//go:build !linux

package probe

import (
	"errors"
	"math"
)

// handles and table are what only Linux has.
type (
	handles map[int32]int
	table   struct{}
)

// SocketsAreSeen says whether [Sockets] can look on this system.
const SocketsAreSeen = false

func (handles) keep([]int32) {}

func (s *Sockets) measured() float64 { return math.NaN() }

// errNoSockets is what it says where it cannot look.
var errNoSockets = errors.New("where a process's sockets lead can be seen on Linux alone")

func (s *Sockets) look([]int32) error { return errNoSockets }
