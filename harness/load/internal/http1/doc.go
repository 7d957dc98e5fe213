// Package http1 is an HTTP/1.1 client for what nearly every request of a load is: plain
// text, and all of it at hand. A request is written and its answer read on the
// goroutine of the one who asks, with a system call each, where net/http hands both to
// goroutines of the connection and back.
//
// It understands by itself the plainest answers alone: with a Content-Length, in one
// piece up to the end of their header. Every other is read by net/http from the same
// bytes: chunks, informational answers, other versions, and whatever is wrong. So an
// answer means the same whoever read it.
//
// Enter at [New]; [Client.Do] is one exchange. A request is written at most once.
package http1
