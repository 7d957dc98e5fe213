// Package chaos carries out faults: it makes a dependency of the target, or the
// target's own process, misbehave during a window of the scenario's clock, and
// undoes that for certain.
//
// A fault is planned as data, a [Planned]: a [fault.Fault], at which [Place],
// from when to when. [Validate] judges a plan by what the places support, before
// any of them is there, [Start] carries it out, and [Schedule.Wait] gives the
// receipts: how often each fault acted, its measured shape beside the declared
// one, and that its undoing was read back. A fault without such a receipt proves
// nothing.
//
// Three places come with the package:
//
//   - [Proxy], a TCP proxy before a database server: delay, bandwidth, resets,
//     black holes and their like;
//   - [Signals], a process of the target with all that it has started: pause, kill,
//     terminate, starve, squeeze; [Each] is several of them;
//   - [Sessions], SQL sessions of our own: a locked table, connections held,
//     backends terminated; and the server itself, where it is ours to kill.
//
// [ProxySupport], [ProcessSupport] and [SessionsSupport] are the tables of the
// kinds that each of them carries out. Other places (a fake HTTP service, say)
// join the same timeline by implementing [Place].
//
// The package judges nothing: whether the target held is for checks elsewhere.
package chaos

import (
	"context"

	"holdfast.dev/holdfast/fault"
)

// Place is where faults are carried out. Its methods may be called from several
// goroutines.
type Place interface {
	// Support says what this sort of place can carry out. It is asked before the
	// run and touches nothing.
	Support() fault.Support
	// Apply puts the fault into force and returns when it is seen to be so. ctx
	// bounds the applying alone: the fault stays on until Undo. Where it fails it
	// has undone what it did, or returns an Applied beside its error.
	Apply(ctx context.Context, f fault.Fault) (Applied, error)
}

// Applied is a fault in force.
type Applied interface {
	// Undo takes the fault away and returns nil once that was read back. It may
	// be called again, and ends when ctx does. It is not called for a
	// [fault.OneShot].
	Undo(ctx context.Context) error
	// Receipt is what the fault has done so far. It may be called at any time.
	Receipt() fault.Receipt
}

// known is an Applied whose receipt names its fault.
type known struct {
	Applied
	fault fault.Fault
}

// Receipt implements [Applied].
func (k known) Receipt() fault.Receipt {
	r := k.Applied.Receipt()
	r.ID, r.Text = k.fault.Name(), k.fault.Text()
	return r
}

// withName makes the receipt of what was applied name its fault.
func withName(f fault.Fault, applied Applied, err error) (Applied, error) {
	if applied == nil {
		return nil, err
	}
	return known{applied, f}, err
}
