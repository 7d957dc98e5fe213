// Package fault is the language of faults: what can go wrong at a dependency,
// to which requests and when, as plain values with one text form.
//
// A [Fault] is a [Kind] (what happens) and a [Selector] (to which requests, and
// when). [Parse] reads its text form and [Fault.String] writes it; each is the
// other's inverse. [Catalogue] is the table of all kinds.
//
//	delay 200ms jitter 50ms
//	delay lognormal median=80ms sigma=0.8 max=5s key=oracle-3 from=10s to=30s
//	status 503 retry-after=30 p=0.1
//	2*status 503 -> ok
//	black-hole down lose upon COMMIT
//	lock-table projects
//
// The same words mean the same wherever they are said. What carries a fault out
// stays with its place: a fake server, a TCP proxy, a process, SQL sessions. A
// place says by a [Support] which kinds and which selectors it understands, so
// that a fault which it does not know is refused before anything is started, and
// what a fault did comes back as a [Receipt].
//
// This package carries nothing out, and knows no place.
package fault
