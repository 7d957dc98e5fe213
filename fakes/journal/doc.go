// Package journal is what a fake saw: every request that reached it, how it
// ended, and what was accepted, each counted exactly and kept in few bytes.
//
// Enter at [New]. A server calls [Journal.Begin] when a request has been read
// and [Journal.End] when it is over; in between, [Journal.Accept] notes work
// that was taken on, apart from whether the client ever heard of it. Scenarios
// ask afterwards: [Journal.Entries], [Journal.Attempts], [Journal.Gaps],
// [Journal.PerRecipient], [Journal.Duplicates], [Journal.MostInFlight].
//
// A request costs 24 bytes, a distinct key its own length and about 20 bytes
// more. Headers and bodies are sampled, not kept. Times are offsets from the
// start of the run, kept to the microsecond.
//
// It does not answer requests and it judges nothing.
package journal
