package fault

import "fmt"

// Direction is a way along a connection, seen from the client.
type Direction uint8

const (
	// Unset stands for the default of the kind, which its documentation names.
	Unset Direction = 0
	Up    Direction = 1         // from the client to the server: requests
	Down  Direction = 2         // from the server to the client: replies
	Both  Direction = Up | Down // each way, on its own
)

// String is the word of the text form: up, down, both; empty for [Unset].
func (d Direction) String() string {
	switch d {
	case Unset:
		return ""
	case Up:
		return "up"
	case Down:
		return "down"
	case Both:
		return "both"
	default:
		return fmt.Sprintf("direction(%d)", uint8(d))
	}
}

// Or is d, or the default where d is unset.
func (d Direction) Or(byDefault Direction) Direction {
	if d == Unset {
		return byDefault
	}
	return d
}

// Includes reports whether d includes the single direction one.
func (d Direction) Includes(one Direction) bool { return d&one != 0 }

func (d Direction) validate() error {
	if d > Both {
		return fmt.Errorf("no such direction: %d", uint8(d))
	}
	return nil
}
