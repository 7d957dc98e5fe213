package stub

import (
	"net/http"
	"slices"
	"strings"

	"holdfast.dev/holdfast/fakes/host"
)

// Judge says what is wrong with a request by the description of the API, a line each and
// without its values, and whether the description knows such requests at all. It must not
// change the request, and is asked from many goroutines at once.
type Judge func(r *http.Request, body []byte) (described bool, wrong []string)

// Invalid is a request that is not as the API's description says. It is answered all the
// same.
type Invalid struct {
	Entry int // its number in the journal, which tells when it came
	Route string
	// What is its method and path: the route's, or that of the request where no route is
	// for it.
	What string
	// Wrong is what is wrong with it; nil beyond the first 1,000 different ones.
	Wrong []string
}

// mostWrong is of how many different kinds of mistakes the words are kept.
const mostWrong = 1000

// invalids are the requests so far that were not as described. Its caller holds the lock.
type invalids struct {
	all   []Invalid
	words map[string][]string // each once, however many requests they are about
}

func (i *invalids) note(one Invalid) {
	text := one.What + "\n" + strings.Join(one.Wrong, "\n")
	known, ok := i.words[text]
	switch {
	case ok:
		one.Wrong = known
	case len(i.words) >= mostWrong:
		one.Wrong = nil
	default:
		if i.words == nil {
			i.words = map[string][]string{}
		}
		i.words[text] = one.Wrong
	}
	i.all = append(i.all, one)
}

// judge is what is wrong with a request; none where nobody looks. What a route of one's
// own is for need not be described.
func (a *api) judge(c *host.Call, x *exchange) []string {
	if a.judged == nil {
		return nil
	}
	described, wrong := a.judged(c.Request, c.Body)
	if !described && x.route != nil {
		return nil
	}
	return wrong
}

// longestPath is how much of a path is said that no route is for.
const longestPath = 200

// what a request was, in words: its values stand nowhere, unless no route is for it.
func (x *exchange) what() string {
	path := x.message.Path
	path = path[:min(len(path), longestPath)]
	if x.route != nil && x.route.Request.Path != "" {
		path = x.route.Request.Path
	}
	return x.message.Method + " " + path
}

// Invalid are the requests so far that are not as the API's description says, by arrival.
func (s *Server) Invalid() []Invalid {
	s.api.mu.Lock()
	defer s.api.mu.Unlock()
	all := slices.Clone(s.api.invalid.all)
	slices.SortFunc(all, func(a, b Invalid) int { return a.Entry - b.Entry })
	return all
}
