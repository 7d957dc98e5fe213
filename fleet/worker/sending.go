package worker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"holdfast.dev/holdfast/fleet"
	"holdfast.dev/holdfast/harness/load"
)

// sending is a load of which a worker holds lanes.
type sending struct {
	*job
	order     fleet.Prepare
	config    load.Config
	streams   []load.Stream
	collector collector
	shown     *shown // answers that were shown
	ctx       context.Context
	cancel    context.CancelFunc
	work      sync.WaitGroup
	begun     chan struct{} // closed when it is known when the load begins

	mu      sync.Mutex // guards all below
	at      time.Duration
	held    []*holding
	stopped bool
	aborted bool
}

// holding is a lane that a worker holds.
type holding struct {
	lane, epoch int
	from        time.Duration
	msg         jetstream.Msg // the lease
	fence       *load.Fence
	attack      *load.Attack // nil: it has not begun
}

func newSending(j *job, order fleet.Prepare, config load.Config, streams []load.Stream) *sending {
	ctx, cancel := context.WithCancel(j.ctx)
	return &sending{
		job: j, order: order, config: config, streams: streams, collector: newCollector(), shown: newShown(order.Whole),
		ctx: ctx, cancel: cancel, begun: make(chan struct{}),
	}
}

// end gives all of it up, and waits until nothing is left.
func (s *sending) end() {
	s.cancel()
	s.mu.Lock()
	s.stopped, s.aborted = true, true
	held := s.held
	s.mu.Unlock()
	for _, h := range held {
		h.fence.Shut()
	}
	s.hush()
	s.work.Wait()
}

// begin says when the load begins.
func (s *sending) begin(at time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case <-s.begun: // it was said before
	default:
		s.at = at
		close(s.begun)
	}
}

// open are the lanes that are still to be confirmed: those whose fence has not shut.
func (s *sending) open() []*holding {
	if s == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []*holding
	for _, h := range s.held {
		if h.fence.Open() {
			all = append(all, h)
		}
	}
	return all
}

// hear does what the coordinator says of the load as a whole.
func (s *sending) hear(c fleet.Confirmation) {
	if s == nil {
		return
	}
	if c.Started {
		s.begin(c.At)
	}
	for name, b := range s.config.Balancers() {
		out := c.Out[name]
		for i := range b.Len() {
			b.Ready(i, !contains(out, i))
		}
	}
	s.mu.Lock()
	s.stopped, s.aborted = s.stopped || c.Stop || c.Abort, s.aborted || c.Abort
	s.mu.Unlock()
	s.hush()
}

func contains(all []int, i int) bool {
	for _, one := range all {
		if one == i {
			return true
		}
	}
	return false
}

// hush ends what is being sent, as far as that was asked for.
func (s *sending) hush() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, h := range s.held {
		switch {
		case h.attack == nil:
		case s.aborted:
			h.attack.Abort()
		case s.stopped:
			h.attack.Stop()
		}
	}
}

// cpuShare is that of this process since the first lane began.
func (s *sending) cpuShare() *float64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, h := range s.held {
		if h.attack != nil {
			return h.attack.CPUShare()
		}
	}
	return nil
}

// seek waits for a lane, and when the load has begun for lanes that others have lost.
func (s *sending) seek() {
	var lanes jetstream.Consumer
	for s.ctx.Err() == nil {
		var err error
		if lanes == nil {
			if lanes, err = s.js.Consumer(s.ctx, fleet.LanesStream(s.run), fleet.Workers); err != nil {
				lanes = nil
			}
		}
		if err == nil {
			err = s.wait(lanes)
		}
		if err != nil {
			s.unable(fmt.Errorf("wait for lanes: %w", err))
		}
	}
}

// wait waits for a lane for less than a term. The broker must have forgotten the question of
// a worker that is frozen when it hands that worker's lane to another: else it hands it
// to the one that is frozen.
func (s *sending) wait(lanes jetstream.Consumer) error {
	ctx, cancel := context.WithTimeout(s.ctx, s.term/2)
	defer cancel()
	batch, err := lanes.Fetch(1, jetstream.FetchContext(ctx))
	if err != nil {
		return err
	}
	for msg := range batch.Messages() {
		if !s.take(msg) {
			continue
		}
		select { // one lane is enough until all have begun
		case <-s.begun:
		case <-s.ctx.Done():
		}
	}
	return batch.Error()
}

// unable notes why the broker could not be asked, and waits a moment.
func (s *sending) unable(err error) {
	if s.ctx.Err() != nil || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, nats.ErrTimeout) {
		return // there was none
	}
	s.fault(err)
	pause := time.NewTimer(s.term / fleet.Renew)
	defer pause.Stop()
	select {
	case <-pause.C:
	case <-s.ctx.Done():
	}
}

// take asks for leave to send a lane that the broker has handed out, and begins to. It
// reports false where it may not.
func (s *sending) take(msg jetstream.Msg) bool {
	lane, err := fleet.Decode[fleet.Lane](msg.Data())
	if err != nil || lane.Load != s.order.Load {
		_ = msg.Term() // of a load that is over
		return false
	}
	meta, err := msg.Metadata()
	if err != nil {
		s.fault(err)
		return false
	}
	fence := load.NewFence(s.term) // from before the question on
	leave, err := s.leave(fleet.Begin{Worker: s.id, Load: lane.Load, Lane: lane.Lane, Delivery: int(meta.NumDelivered)})
	switch {
	case err != nil:
		return false // the broker hands it out again
	case leave.Never:
		_ = msg.Term()
		return false
	case !leave.Granted:
		return false
	}
	h := &holding{lane: lane.Lane, epoch: leave.Epoch, from: leave.From, msg: msg, fence: fence}
	s.mu.Lock()
	s.held = append(s.held, h)
	s.mu.Unlock()
	if leave.Started {
		s.begin(leave.At)
	}
	s.work.Go(func() { s.hold(h) })
	return true
}

// leave asks the coordinator whether, and from when on, a lane may be sent.
func (s *sending) leave(b fleet.Begin) (fleet.Leave, error) {
	data, err := json.Marshal(b)
	if err != nil {
		return fleet.Leave{}, err
	}
	ctx, cancel := context.WithTimeout(s.ctx, s.term)
	defer cancel()
	msg, err := s.nc.RequestWithContext(ctx, fleet.BeginSubject(s.run), data)
	if err != nil {
		return fleet.Leave{}, err
	}
	return fleet.Decode[fleet.Leave](msg.Data)
}

// hold sends a lane and tells of it, until it is done or another's.
func (s *sending) hold(h *holding) {
	select {
	case <-s.begun:
	case <-s.ctx.Done():
		return
	}
	t := newTeller(s, h)
	attack, err := s.attack(h, t)
	if err != nil {
		s.fault(err)
		t.last("it could not begin: " + err.Error())
		return
	}
	s.mu.Lock()
	h.attack = attack
	s.mu.Unlock()
	s.hush() // it may have been asked for meanwhile
	t.tell(attack)
	if cut := s.why(h); cut != "" {
		t.last(cut)
		return
	}
	if t.last("") {
		ctx, cancel := context.WithTimeout(s.ctx, s.term)
		defer cancel()
		_ = h.msg.DoubleAck(ctx) // the coordinator knows that the lane is done, and takes no other for it
	}
	s.mu.Lock()
	h.fence.Shut() // nothing is to be confirmed any more
	s.mu.Unlock()
}

// why is why a lane was not sent to its end; empty: it was.
func (s *sending) why(h *holding) string {
	if h.fence.Open() {
		return ""
	}
	return fmt.Sprintf("nobody confirmed for %s that the lane was its own", s.term)
}

// attack begins to send a lane.
func (s *sending) attack(h *holding, t *teller) (*load.Attack, error) {
	c := s.config
	c.Share = load.Share{Lane: h.lane, Lanes: s.order.Lanes, From: h.from}
	c.Start, c.Fence, c.Deltas = s.here(s.at), h.fence, true
	if s.order.Exchanges {
		c.Observe = t.exchanged
	}
	if s.order.Arrivals {
		c.Arrivals = t.arrival
	}
	if s.order.Answers {
		c.Answers = t.answered
	}
	return load.Start(s.ctx, c, s.streams...)
}
