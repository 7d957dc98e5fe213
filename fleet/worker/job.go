package worker

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"holdfast.dev/holdfast/fleet"
	"holdfast.dev/holdfast/harness/load"
)

// job is a worker's work for one run.
type job struct {
	*worker
	run  string
	term time.Duration
	ctx  context.Context
	quit context.CancelCauseFunc
	work sync.WaitGroup
	gone chan struct{} // closed when the coordinator has been silent for too long

	mu      sync.Mutex // guards all below
	pinned  fleet.Estimate
	trips   []fleet.RoundTrip // the latest
	problem string
	served  bool     // a load was prepared
	mute    bool     // something that was sent could not be told
	sending *sending // nil: there is no load
}

func newJob(ctx context.Context, w *worker, run string, term time.Duration) *job {
	ctx, quit := context.WithCancelCause(ctx)
	return &job{worker: w, run: run, term: term, ctx: ctx, quit: quit, gone: make(chan struct{})}
}

// end ends all work for the run, and waits for it.
func (j *job) end(cause error) {
	j.quit(cause)
	if s := j.current(); s != nil {
		s.end()
	}
	j.work.Wait()
}

// hasServed reports whether the run has given a load.
func (j *job) hasServed() bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.served
}

func (j *job) current() *sending {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.sending
}

// Round trips by which a clock is pinned: as many as are enough, and at most. On a busy
// machine one among very many is short.
const (
	fewTrips  = 16
	mostTrips = 2_000
	pinFor    = 10 * time.Second
	fewLost   = 3 // questions without an answer
)

// pin sets this process's clock by the coordinator's. A few questions may be lost.
func (j *job) pin(ctx context.Context) (fleet.Estimate, error) {
	var trips []fleet.RoundTrip
	lost, began := 0, j.opts.Clock()
	more := func() bool { return len(trips) < mostTrips && j.opts.Clock()-began < pinFor }
	for len(trips) < fewTrips || fleet.Best(trips).Pinned() != nil && more() {
		trip, _, err := j.ask(ctx, fleet.Beat{Worker: j.id})
		if err != nil && lost < fewLost && ctx.Err() == nil {
			lost++
			continue
		}
		if err != nil {
			return fleet.Estimate{}, fmt.Errorf("ask the coordinator for the time: %w", err)
		}
		trips = append(trips, trip)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.pinned = fleet.Best(trips)
	return j.pinned, nil
}

// ask sends a beat and returns the answer, with the times of the question.
func (j *job) ask(ctx context.Context, b fleet.Beat) (fleet.RoundTrip, fleet.Confirmation, error) {
	data, err := json.Marshal(b)
	if err != nil {
		return fleet.RoundTrip{}, fleet.Confirmation{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, j.term)
	defer cancel()
	trip := fleet.RoundTrip{Asked: j.opts.Clock()}
	msg, err := j.nc.RequestWithContext(ctx, fleet.BeatSubject(j.run), data)
	if err != nil {
		return trip, fleet.Confirmation{}, err
	}
	trip.Answered = j.opts.Clock()
	answer, err := fleet.Decode[fleet.Confirmation](msg.Data)
	trip.There = answer.Now
	return trip, answer, err
}

// prepare reads a load and begins to wait for a lane of it.
func (j *job) prepare(ctx context.Context, p fleet.Prepare) error {
	if s := j.current(); s != nil { // it was not heard that it is over
		j.drop(s.order.Load)
	}
	config, streams, err := j.read(ctx, p)
	if err != nil {
		return err
	}
	if err := fleet.MaySend(j.opts.Allow, config.Hosts()); err != nil {
		return err
	}
	s := newSending(j, p, config, streams)
	j.mu.Lock()
	j.sending, j.problem, j.mute, j.served = s, "", false, true
	j.mu.Unlock()
	s.work.Go(s.seek)
	return nil
}

// read reads a load as data. That it is the one that was meant is checked by its digest.
func (j *job) read(ctx context.Context, p fleet.Prepare) (load.Config, []load.Stream, error) {
	data := p.Plan
	if len(data) == 0 {
		var err error
		if data, err = j.fetch(ctx, p.Load); err != nil {
			return load.Config{}, nil, fmt.Errorf("fetch the load: %w", err)
		}
	}
	if sum := sha256.Sum256(data); hex.EncodeToString(sum[:]) != p.Digest {
		return load.Config{}, nil, errors.New("the load is not the one that was meant")
	}
	return load.Unpack(data)
}

// fetch fetches a plan that was too long for its order.
func (j *job) fetch(ctx context.Context, name string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, planTimeout)
	defer cancel()
	plans, err := j.js.ObjectStore(ctx, fleet.PlansBucket(j.run))
	if err != nil {
		return nil, err
	}
	info, err := plans.GetInfo(ctx, name)
	if err != nil {
		return nil, err
	}
	if info.Size > fleet.MaxPlan {
		return nil, fmt.Errorf("it takes %d bytes, at most %d are read", info.Size, fleet.MaxPlan)
	}
	return plans.GetBytes(ctx, name)
}

// planTimeout bounds fetching a load.
const planTimeout = 30 * time.Second

// start says when the load begins.
func (j *job) start(o fleet.Start) error {
	s := j.current()
	if s == nil || s.order.Load != o.Load {
		return errors.New("it has no such load")
	}
	s.begin(o.At)
	return nil
}

// drop ends a load, and waits until nothing is left of it.
func (j *job) drop(name string) {
	s := j.current()
	if s == nil || s.order.Load != name {
		return
	}
	s.end()
	j.mu.Lock()
	defer j.mu.Unlock()
	j.sending = nil
}

// fault notes what went wrong, the first thing of a load.
func (j *job) fault(err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.problem == "" {
		j.problem = err.Error()
	}
}

// silence notes that what this worker sends cannot be told.
func (j *job) silence() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.mute = true
}

// here is a time of the coordinator's clock on this process's.
func (j *job) here(at time.Duration) time.Time {
	j.mu.Lock()
	defer j.mu.Unlock()
	return time.Now().Add(at - j.pinned.Ahead - j.opts.Clock())
}
