// Package chaos carries out faults: it makes a dependency of the target, or the
// target's own process, misbehave during a window of the scenario's clock, and
// undoes that for certain.
//
// A fault is planned as data, a [Planned]: which [Kind] of trouble, at which
// [Place], from when to when. [Validate] judges a plan before the run, [Start]
// carries it out, and [Schedule.Wait] gives the receipts: how often each fault
// acted, its measured shape beside the declared one, and that its undoing was
// read back. A fault without such a receipt proves nothing.
//
// Three places come with the package:
//
//   - [Proxy], a TCP proxy before a database server: delay, bandwidth, resets,
//     black holes and their like;
//   - [Signals], the target's process: pause, kill, terminate;
//   - [Sessions], SQL sessions of our own: a locked table, connections held,
//     backends terminated.
//
// Every kind that they know is a row of [Kinds], with its text form, which
// [ParseKind] reads back, what it models and what a correct client does. Other
// places (a fake HTTP service, say) join the same timeline by implementing
// [Place] with kinds of their own.
//
// The package judges nothing: whether the target held is for checks elsewhere.
package chaos

import "context"

// Kind is one kind of trouble with its parameters: a plain, comparable value.
// Its powers beyond that are further interfaces, such as [OneShot].
type Kind interface {
	// String is the kind's text form, for example "delay 200ms jitter 50ms".
	// [ParseKind] reads those of this package back.
	String() string
}

// OneShot is a [Kind] that happens at one moment and cannot be undone, such as
// a kill. It is planned with no end.
type OneShot interface {
	Kind
	OneShot()
}

// Place is where faults are carried out. Its methods may be called from several
// goroutines.
type Place interface {
	// Accepts says why this place cannot carry out the kind, or nil. It is asked
	// before the run and touches nothing.
	Accepts(Kind) error
	// Apply puts the fault into force and returns when it is seen to be so. ctx
	// bounds the applying alone: the fault stays on until Undo. Where it fails it
	// has undone what it did, or returns an Applied beside its error.
	Apply(ctx context.Context, kind Kind) (Applied, error)
}

// Conflicter is a [Place] at which some kinds exclude each other.
type Conflicter interface {
	Place
	// Conflict says why the two cannot be on at the same time, or nil.
	Conflict(a, b Kind) error
}

// Applied is a fault in force.
type Applied interface {
	// Undo takes the fault away and returns nil once that was read back. It may
	// be called again, and ends when ctx does. It is not called for a [OneShot].
	Undo(ctx context.Context) error
	// Receipt is what the fault has done so far. It may be called at any time.
	Receipt() Receipt
}

// Receipt is what a fault did.
type Receipt struct {
	Fired   int64 // how often it acted; what is counted stands in the kind's [Spec]
	Touched int64 // how many connections, processes or sessions it acted on
	Missed  int64 // how many it should have acted on but did not
	// Declared and Measured are its shape as asked for and as seen, in words, for
	// example "200 ms per chunk to the client" and "median 200.3 ms over 312 chunks".
	Declared string
	Measured string
	// Err is what went wrong while the fault was on, for example a lock that was
	// lost before its time. The fault then was not what was declared.
	Err error
}
