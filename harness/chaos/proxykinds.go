package chaos

import (
	"errors"
	"fmt"
	"slices"

	"holdfast.dev/holdfast/fault"
)

// networkRow is a kind that a [Proxy] carries out, and by which effect.
type networkRow struct {
	fault.Carried
	effect func(fault.Fault) effect
}

// onConnections makes a row of the table.
func onConnections[K fault.Kind](effectOf func(K) effect, acts, counts, undoing string) networkRow {
	var kind K
	return networkRow{
		fault.Carried{Kind: kind.Name(), Acts: acts, Counts: counts, Undoing: undoing},
		func(f fault.Fault) effect { return effectOf(f.Kind.(K)) },
	}
}

// networkKinds is the table of what happens to connections.
func networkKinds() []networkRow {
	const off = "the setting is off and a new connection through the proxy is answered"
	return []networkRow{
		onConnections(newDelaying,
			"every chunk read from now on, on open and new connections, in order; the end of a stream, too; by default replies alone; undone, what waits goes at once",
			"chunks that were delayed: to their time, until the fault was undone, or until the client gave up", off),
		onConnections(newNarrowing,
			"all bytes written from now on, on open and new connections, which share the line; by default each way; undone, what waits goes at once",
			"pieces that had to wait for the line", off),
		onConnections(newSlicing,
			"all bytes written from now on, on open and new connections; by default replies alone; undone, the rest goes whole",
			"pieces written", off),
		onConnections(newLimiting,
			"every connection, open or new, on its own; by default replies alone",
			"connections ended", off),
		onConnections(newSwallowing,
			"all bytes, ends and resets from now on, or from the first chunk with TEXT in it or the first statement with TEXT in its SQL on, on open and new connections; by default each way; connecting still succeeds, as the kernel answers; "+
				"undone, what was held is delivered, or with lose the touched connections are reset",
			"chunks held back or lost", off),
		onConnections(newRefusing,
			"new connections are refused by the kernel (ECONNREFUSED); open ones are left alone, or with cut reset",
			"open connections that were cut, and one: a connection of our own that was seen to be refused; how many others the kernel refused cannot be counted",
			"the proxy listens at the same address and a new connection through it is answered"),
		onConnections(newResetting,
			"open connections are reset at once, both ends; new ones are accepted and then reset, for as long as the window lasts; it knows no answers, so not within one",
			"connections reset", off),
		onConnections(newStalling,
			"new connections only; undone, those that wait are served at once",
			"connections that had to wait", off),
		onConnections(newCanceling,
			"new connections that open with a CancelRequest; a request inside TLS is not seen",
			"requests swallowed", off),
		{fault.Carried{
			Kind: fault.SQLState{}.Name(),
			Acts: "what is asked from now on, on open and new connections; a query is what reads or writes, not what steers a transaction or a ping; an ERROR is raised by the server itself, " +
				"in place of the statement; a FATAL ends the server's session first; p=, nth= and every= count in the order of arrival; inside TLS nothing is seen",
			Counts:  "sessions or statements refused; connections that were encrypted are missed",
			Undoing: off,
		}, newAnswering},
	}
}

// effectOf makes the state of one application of a fault whose kind
// [ProxySupport] has.
func effectOf(f fault.Fault) effect {
	for _, row := range networkKinds() {
		if row.Kind == f.Kind.Name() {
			return row.effect(f)
		}
	}
	return nil
}

// ProxySupport is what a TCP proxy can do to the connections through it.
func ProxySupport() fault.Support {
	s := fault.Support{
		Place: "a TCP proxy", About: "the network before a database (`chaos.Proxy`); before another program or address, all but `cancel-lost` and `sqlstate`",
		Selectors: []string{"p", "nth", "every"},
		Limits:    proxyLimits, Excludes: proxyExcludes,
	}
	for _, row := range networkKinds() {
		s.Kinds = append(s.Kinds, row.Carried)
	}
	return s
}

// TCPSupport is what a TCP proxy can do to connections whose bytes mean nothing to
// it: all that [ProxySupport] has but what only Postgres knows.
func TCPSupport() fault.Support {
	s := ProxySupport()
	s.About = "the network before a program or a service of somebody else's (`chaos.Proxy`)"
	s.Selectors = nil
	s.Kinds = slices.DeleteFunc(s.Kinds, func(c fault.Carried) bool {
		return c.Kind == fault.SQLState{}.Name() || c.Kind == fault.CancelLost{}.Name()
	})
	return s
}

// proxyLimits refuses what only one who knows requests could do, and what would
// never be seen.
func proxyLimits(f fault.Fault) error {
	if _, ok := f.Kind.(fault.SQLState); !ok && len(f.When.Used()) > 0 {
		return fmt.Errorf("a TCP proxy knows statements for sqlstate alone, and nothing else to select %q from", f.Kind)
	}
	switch k := f.Kind.(type) {
	case fault.Reset:
		if k.At != "" {
			return fmt.Errorf("a TCP proxy knows no answers, so it cannot carry out %q", k)
		}
	case fault.Delay:
		if k.Distribution == fault.Fixed(0) {
			return errors.New("a delay at a TCP proxy is more than nothing")
		}
	}
	return nil
}

// proxyExcludes: two of a name exclude each other where they act in the same
// direction, and so do two kinds that decide what becomes of new connections.
func proxyExcludes(a, b fault.Kind) error {
	if _, ok := a.(fault.SQLState); ok && a != b && !(decidesOnNew(a) && decidesOnNew(b)) {
		return nil // each picks statements of its own
	}
	if a.Name() == b.Name() && way(a)&way(b) != 0 {
		return fmt.Errorf("%q and %q act on the same bytes", a, b)
	}
	if decidesOnNew(a) && decidesOnNew(b) {
		return fmt.Errorf("%q and %q both decide what becomes of new connections", a, b)
	}
	return nil
}

func decidesOnNew(kind fault.Kind) bool {
	switch k := kind.(type) {
	case fault.Refuse, fault.Reset, fault.SlowAccept:
		return true
	case fault.SQLState:
		return k.Refuses() == fault.OnConnect
	default:
		return false
	}
}
