package load

import (
	"compress/gzip"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"holdfast.dev/holdfast/harness/load/internal/http1"
)

// sender sends the requests of one stream.
type sender struct {
	caller
	next     func(n int64, r *rand.Rand, known given) Request
	values   given // what was given to the run
	sessions []*session
	maxLag   time.Duration
	seed     uint64 // of this stream
	pacer    *pacer
	rec      *recorder
	stop     <-chan struct{}
	fence    *Fence     // nil: there is none
	scratch  *sync.Pool // of *scratch, shared by the streams of a run
}

// scratch is what one exchange needs while it lasts.
type scratch struct {
	pcg  rand.PCG
	rand *rand.Rand
	// answer is what is read into; message what is written, of lines and id.
	answer  http1.Answer
	message []byte
	lines   []line
	id      []byte
	// plain and unzip are of answers that come compressed; nil until there is one.
	plain []byte
	unzip *gzip.Reader
}

func newScratch() any {
	s := new(scratch)
	s.rand = rand.New(&s.pcg)
	return s
}

// turn sends request n, which the pacer has handed on, and gives its room back.
func (s *sender) turn(n int64) {
	defer s.pacer.done()
	sc := s.scratch.Get().(*scratch)
	defer s.scratch.Put(sc)
	s.send(n, sc)
}

func (s *sender) send(n int64, sc *scratch) {
	due, _ := s.pacer.due(n)
	ask, err := s.ask(n, sc)
	if err != nil {
		s.rec.unfit(due, err)
		return
	}
	if s.stopped() {
		s.rec.unsent(due)
		return
	}
	x := Exchange{
		Stream: s.name, N: n, Due: due, Sent: s.now(),
		Method: ask.Method, Path: ask.Shown().Path, BytesOut: int64(len(ask.Body)),
	}
	if x.Sent-due > s.maxLag {
		s.rec.lateAfterAll(due)
		return
	}
	s.rec.send(due, x.Sent)
	answer := s.call(&x, ask, sc)
	if x.unsent != "" {
		s.rec.takeBack(&x)
		return
	}
	s.rec.finish(&x)
	s.rec.example(&x, func() string { return s.explain(&x, answer) })
	if s.answers != nil && x.Status != 0 {
		s.answers(x, ask, answer)
	}
}

// stopped reports whether nothing more is to be sent.
func (s *sender) stopped() bool {
	select {
	case <-s.stop:
		return true
	default:
		return !s.fence.Open()
	}
}

// first builds the first request, so that a mistake is found before the run.
func (s *sender) first(sc *scratch) error {
	ask, err := s.ask(0, sc)
	if err != nil {
		return err
	}
	return s.try(ask)
}

// ask asks the stream what request n looks like. The source of randomness
// depends on the seed, the stream and n alone, so that a run can be replayed
// whatever the order in which its requests are built.
func (s *sender) ask(n int64, sc *scratch) (Request, error) {
	sc.pcg.Seed(s.seed, mix(uint64(n)))
	known := s.values
	one := sessionOf(s.sessions, n)
	if one != nil {
		known = one.knows(s.values)
	}
	r := s.next(n, sc.rand, known)
	if !strings.HasPrefix(r.Path, "/") || strings.HasPrefix(r.Path, "//") {
		return r, fmt.Errorf("stream %s: request %d: path %q does not begin with a single /", s.name, n, r.Path)
	}
	if one != nil {
		r.cookies = one.jar.of(s.cookieURL(r))
	}
	return r, nil
}
