package worker

import (
	"context"
	"encoding/json"
	"fmt"
	"hash/maphash"
	"slices"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"holdfast.dev/holdfast/fleet"
	"holdfast.dev/holdfast/harness/load"
)

// Bounds of what is told at once, and of how long it is tried.
const (
	tellsPerTerm = 4
	chunkBytes   = 192 << 10 // of requests in one message
	deltaBytes   = 384 << 10 // of counts in one message
	answerBytes  = 256 << 10 // of one answer, and of all that only differ in one message
	mostAnswers  = 100
	tellFor      = 5 // terms
)

// teller tells the coordinator what becomes of a lane.
type teller struct {
	*sending
	h    *holding
	seq  int
	full chan struct{} // has room for the news that much is to be told
	dead bool          // nothing can be told any more

	mu      sync.Mutex // guards all below
	chunks  [][]byte   // requests that ended
	arrived [][]byte   // arrivals that ended
	answers []fleet.Answer
	size    int // of the answers, in bytes
}

func newTeller(s *sending, h *holding) *teller {
	return &teller{sending: s, h: h, full: make(chan struct{}, 1)}
}

// tell tells what becomes of an attack, several times a term, until it is over.
func (t *teller) tell(attack *load.Attack) {
	over := make(chan struct{})
	t.work.Go(func() {
		defer close(over)
		attack.Wait()
	})
	tick := time.NewTicker(t.term / tellsPerTerm)
	defer tick.Stop()
	for {
		select {
		case <-over:
			t.publish(attack.Take())
			return
		case <-tick.C:
		case <-t.full:
		}
		t.publish(attack.Take())
	}
}

// publish tells of counts, and before them of the requests behind them.
func (t *teller) publish(deltas []load.Delta) {
	t.mu.Lock()
	chunks, arrived, answers := t.chunks, t.arrived, t.answers
	t.chunks, t.arrived, t.answers, t.size = nil, nil, nil, 0
	t.mu.Unlock()
	deltas = slices.DeleteFunc(deltas, func(d load.Delta) bool { return nothing(d) })
	for _, chunk := range arrived {
		t.send(fleet.Told{Arrivals: chunk})
	}
	for len(chunks) > 1 {
		t.send(fleet.Told{Exchanges: chunks[0]})
		chunks = chunks[1:]
	}
	var whole []fleet.Answer
	size := 0
	for _, a := range answers {
		if size += sizeOf(a); size > answerBytes && len(whole) > 0 {
			t.send(fleet.Told{Answers: whole})
			whole, size = nil, sizeOf(a)
		}
		whole = append(whole, a)
	}
	if len(whole) > 0 {
		t.send(fleet.Told{Answers: whole})
	}
	var told fleet.Told
	size = 0
	for _, d := range deltas {
		if size += weight(d); size > deltaBytes && len(told.Deltas) > 0 {
			t.send(told)
			told.Deltas, size = nil, weight(d)
		}
		told.Deltas = append(told.Deltas, d)
	}
	if len(chunks) > 0 {
		told.Exchanges = chunks[0]
	}
	if len(told.Deltas)+len(told.Exchanges) > 0 {
		t.send(told)
	}
}

// weight is about what a delta takes in a message.
func weight(d load.Delta) int {
	size := 256 + 4*len(d.Answered)/3 + 64*len(d.Levels) + 512*len(d.Slowest)
	for _, c := range d.Counts {
		size += 512 + len(c.Latency) + len(c.LatencyOK) + len(c.FromSend) + len(c.Lag)
	}
	for _, p := range d.Points {
		size += 192 + len(p.Latency)
	}
	for class, text := range d.Examples {
		size += len(class) + 2*len(text)
	}
	return size
}

// nothing reports whether a delta tells nothing new. How much is open is told with what
// has changed.
func nothing(d load.Delta) bool {
	return len(d.Counts)+len(d.Points)+len(d.Levels)+len(d.Slowest)+len(d.Answered)+len(d.Examples)+len(d.Problem) == 0
}

// last tells that nothing follows, and why the lane was not sent to its end. It reports
// false where that could not be told.
func (t *teller) last(cut string) bool {
	t.send(fleet.Told{Final: true, Cut: cut})
	return !t.dead
}

// send tells one thing, again and again until the broker has it: it takes each once. What
// it does not take in time ends the lane, for nobody would know what was sent.
func (t *teller) send(told fleet.Told) {
	if t.dead {
		return
	}
	told.Worker, told.Load, told.Lane, told.Epoch, told.Seq = t.id, t.order.Load, t.h.lane, t.h.epoch, t.seq
	data, err := json.Marshal(told)
	if err != nil {
		t.die(err)
		return
	}
	ctx, cancel := context.WithTimeout(t.job.ctx, tellFor*t.term)
	defer cancel()
	for {
		if err = t.once(ctx, told, data); err == nil {
			t.seq++
			return
		}
		pause := time.NewTimer(t.term / fleet.Renew)
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
			t.die(err)
			return
		}
	}
}

func (t *teller) once(ctx context.Context, told fleet.Told, data []byte) error {
	ctx, cancel := context.WithTimeout(ctx, t.term)
	defer cancel()
	_, err := t.js.PublishMsg(ctx, &nats.Msg{Subject: fleet.ToldSubject(t.run, t.h.lane), Data: data},
		jetstream.WithMsgID(told.ID()), jetstream.WithExpectStream(fleet.ToldStream(t.run)))
	return err
}

// die ends a lane of which nothing can be told any more.
func (t *teller) die(err error) {
	t.dead = true
	t.h.fence.Shut()
	t.silence()
	t.fault(fmt.Errorf("what lane %d sent could not be told: %w", t.h.lane, err))
}

// exchanged notes a request that has ended.
func (t *teller) exchanged(x load.Exchange) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.chunks = t.append(t.chunks, x)
}

// arrival notes an arrival that has ended.
func (t *teller) arrival(x load.Exchange) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.arrived = t.append(t.arrived, x)
}

// append adds to chunks that each fit into a message.
func (t *teller) append(chunks [][]byte, x load.Exchange) [][]byte {
	if n := len(chunks); n == 0 || len(chunks[n-1]) > chunkBytes {
		if n > 0 {
			t.hasMuch()
		}
		chunks = append(chunks, nil)
	}
	last := &chunks[len(chunks)-1]
	*last = fleet.AppendExchange(*last, x)
	return chunks
}

// hasMuch says that what is to be told should not wait.
func (t *teller) hasMuch() {
	select {
	case t.full <- struct{}{}:
	default:
	}
}

// answered notes an answer that is to be shown.
func (t *teller) answered(x load.Exchange, r load.Request, a load.Answer) {
	if len(a.Body)+len(r.Body) > answerBytes {
		return // it is looked at nowhere, which the coordinator knows of its kind
	}
	sum, whole, isNew := t.shown.look(x, r, a)
	if !whole && !isNew {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if !whole && (len(t.answers) >= mostAnswers || t.size > answerBytes) {
		return // it is new once more when it comes again
	}
	t.shown.note(sum)
	shown := fleet.Answer{
		Exchange: fleet.AppendExchange(nil, x), Method: r.Method, Path: r.Path, Asked: r.Header, Body: slices.Clone(r.Body),
		Status: a.Status, Header: a.Header.Clone(), Answered: slices.Clone(a.Body),
	}
	t.answers = append(t.answers, shown)
	if t.size += sizeOf(shown); t.size > answerBytes {
		t.hasMuch()
	}
}

// sizeOf is about what an answer takes in a message.
func sizeOf(a fleet.Answer) int {
	size := len(a.Exchange) + len(a.Path) + 4*(len(a.Body)+len(a.Answered))/3 + 256
	for _, h := range []map[string][]string{a.Asked, a.Header} {
		for name, values := range h {
			for _, v := range values {
				size += len(name) + len(v) + 8
			}
		}
	}
	return size
}

// shown remembers which answers were shown: most are the same again.
type shown struct {
	whole map[string]bool // streams of which each is
	seed  maphash.Seed
	mu    sync.Mutex // guards seen
	seen  map[uint64]struct{}
}

// mostSeen bounds the answers that are known again.
const mostSeen = 1 << 16

func newShown(whole []string) *shown {
	s := &shown{whole: make(map[string]bool), seed: maphash.MakeSeed(), seen: make(map[uint64]struct{})}
	for _, stream := range whole {
		s.whole[stream] = true
	}
	return s
}

// look reports whether an answer must be shown, and whether none like it was.
func (s *shown) look(x load.Exchange, r load.Request, a load.Answer) (sum uint64, whole, isNew bool) {
	sum = load.Fingerprint(s.seed, x, r, a)
	s.mu.Lock()
	defer s.mu.Unlock()
	_, again := s.seen[sum]
	return sum, s.whole[x.Stream], !again
}

func (s *shown) note(sum uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.seen) < mostSeen {
		s.seen[sum] = struct{}{}
	}
}
