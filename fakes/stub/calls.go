package stub

import (
	"cmp"
	"slices"

	"holdfast.dev/holdfast/fakes/host"
	"holdfast.dev/holdfast/message"
)

// Call is one request as it came, whatever became of it.
type Call struct {
	Entry int // its number in the journal, which tells when it came and how it ended
	// Route is the route's name, or [Unmatched].
	Route string
	// Key is that of the journal.
	Key     string
	Message *message.Message
}

// Calls returns all requests so far, by arrival, and how many more there were that
// were too much to keep: see [Config.KeepCallBytes].
func (s *Server) Calls() (all []Call, left int) {
	s.api.mu.Lock()
	defer s.api.mu.Unlock()
	all = slices.Clone(s.api.calls.all)
	slices.SortFunc(all, func(a, b Call) int { return cmp.Compare(a.Entry, b.Entry) })
	return all, s.api.calls.left
}

// Asked are the different requests, but for their queries, that no route was for:
// the first few.
func (s *Server) Asked() []string {
	s.api.mu.Lock()
	defer s.api.mu.Unlock()
	return slices.Clone(s.api.told)
}

// calls are the requests so far. Its caller holds the lock.
type calls struct {
	all   []Call
	bytes int
	most  int
	left  int
}

// callBytes is what a call takes beside its body and its headers, roughly.
const callBytes = 512

func (c *calls) note(call *host.Call, x *exchange) {
	c.bytes += callBytes + len(call.Body)
	for name, values := range call.Request.Header {
		for _, value := range values {
			c.bytes += len(name) + len(value)
		}
	}
	if c.bytes > c.most {
		c.left++
		return
	}
	m := x.message
	c.all = append(c.all, Call{
		Entry: call.Entry(), Route: call.Group, Key: call.Key,
		// Another message than the one in use, which keeps what it has parsed.
		Message: &message.Message{Method: m.Method, Path: m.Path, PathValues: m.PathValues, Query: m.Query, Header: m.Header, Body: m.Body},
	})
}
