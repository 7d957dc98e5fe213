package httpfault

import "time"

// behaviour is a kind in force. It acts through one or more of [waiter],
// [changer], [sender] and [greeter].
type behaviour any

// waiter is a behaviour that lets time pass before the answer's first byte.
type waiter interface {
	// Wait returns for how long; [Forever] is until the fault is lifted.
	Wait(*Draw) time.Duration
}

// changer is a behaviour that changes what is answered.
type changer interface {
	// Change says whether there was anything to change.
	Change(*Draw, *Answer) bool
}

// sender is a behaviour that sends the answer in its own way. The connection is
// closed afterwards.
type sender interface {
	// Send says whether the client could have the whole answer. It returns
	// [ErrGone] if the fault could not take place, because the client let go
	// first.
	Send(*Exchange) (whole bool, err error)
}

// greeter is a behaviour that acts on a connection before any request is known.
type greeter interface {
	// Greet says what becomes of a fresh connection.
	Greet() Greeting
}

// Greeting is what becomes of a fresh connection.
type Greeting int

// What may become of a fresh connection.
const (
	Hold   Greeting = iota + 1 // it is accepted and never read
	Refuse                     // nobody listens
)

// refuser is a behaviour that stands for work that was not carried out.
type refuser interface{ Refuses() bool }

// picky is a behaviour that is possible with some requests only.
type picky interface{ possible(*Request) bool }
