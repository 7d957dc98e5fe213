// Package fault is what may go wrong with one answer of an HTTP server, as
// values that compose, and which answers it goes wrong with.
//
// A [Fault] is a [Kind] (what happens) and a [Selector] (to which requests, and
// when). Both have a short text form: [Parse] reads it and [Fault.String] writes
// it. [Catalogue] is the table of all kinds.
//
//	delay lognormal median=80ms sigma=0.8 max=5s
//	status 503 retry-after=30 p=0.1 key=oracle-3 from=10s to=30s ramp=5s
//	2*status 503 -> ok
//
// A server holds a [Set], to which faults are added and from which they are
// lifted while it runs. For each request it asks [Set.Plan] what is to happen,
// and lets the plan wait, change the answer and send it. Lifting a fault lets go
// of everything that it holds.
//
// Every draw comes from the seed, the fault, the request's key and its attempt.
// So the order in which requests happen to arrive changes nothing: the same seed
// makes the same faults for the same requests.
//
// Several faults may act on one request. Waits add up, changes are applied in
// the order of the set, and the first that sends the answer in a way of its own
// is the one that does.
package fault
