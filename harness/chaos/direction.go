package chaos

import (
	"holdfast.dev/holdfast/fault"
)

// way is the direction in which a kind acts on a connection: as asked for, or
// the kind's default; both for a kind that has none.
func way(kind fault.Kind) fault.Direction {
	switch k := kind.(type) {
	case fault.Delay:
		return k.Direction.Or(fault.Down)
	case fault.Slicer:
		return k.Direction.Or(fault.Down)
	case fault.LimitData:
		return k.Direction.Or(fault.Down)
	case fault.Bandwidth:
		return k.Direction.Or(fault.Both)
	case fault.BlackHole:
		return k.Direction.Or(fault.Both)
	default:
		return fault.Both
	}
}

// towards says in words where the bytes of d go.
func towards(d fault.Direction) string {
	switch d {
	case fault.Up:
		return "to the server"
	case fault.Down:
		return "to the client"
	default:
		return "each way"
	}
}
