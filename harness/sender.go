package harness

import (
	"context"
	"fmt"
	"time"

	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/result"
)

// Sender sends the load of experiments: this process, where none is chosen, or others
// for it. All else, the target, its database, faults and probes, stays here.
type Sender interface {
	// Check says what of a scenario's load it cannot send. It is asked before anything
	// starts.
	Check(streams []load.Stream) error
	// Prepare has all ready to send a load whose start is not known yet: what takes time
	// and what may be refused comes before the clock starts. The configuration says who is
	// told of requests and answers.
	Prepare(ctx context.Context, config load.Config, streams []load.Stream) (Prepared, error)
}

// Prepared is a load that waits for its start.
type Prepared interface {
	// Lead is how long before its start it must be told of it.
	Lead() time.Duration
	// Start has the load sent from then on. It is called once at most; the caller must call
	// [Sending.Wait] of what it returns.
	Start(ctx context.Context, start time.Time) (Sending, error)
	// Close lets go of what was prepared, whether it was started or not.
	Close() error
}

// Sending is a load that is being sent, as [load.Attack] is one.
type Sending interface {
	// Live and SoFar are how far it has come.
	Live() []load.Snapshot
	SoFar() []load.Tally
	// Stop sends nothing more, Abort gives up what is in flight as well.
	Stop()
	Abort()
	// Wait waits until every request has ended, and returns what happened.
	Wait() []load.Tally
}

// fleetSending is a load that several workers send.
type fleetSending interface {
	// Fleet tells, after Wait, how they did.
	Fleet() *result.Fleet
}

// fleetOf is how several workers sent a load; nil where this process sent it.
func fleetOf(s Sending) *result.Fleet {
	if f, ok := s.(fleetSending); ok {
		return f.Fleet()
	}
	return nil
}

// eventsOf records when workers were lost, and when others took their lanes over.
func (l *live) eventsOf(f *result.Fleet) {
	if f == nil {
		return
	}
	for _, w := range f.Workers {
		if w.LostAtS != nil {
			l.events.add(result.Seconds(*w.LostAtS), "worker "+w.Name+" was lost")
		}
	}
	for _, s := range f.Spans {
		if s.FromS > 0 {
			l.events.add(result.Seconds(s.FromS), fmt.Sprintf("worker %s took lane %d over", s.Worker, s.Lane))
		}
	}
}

// thisProcess sends a load itself.
type thisProcess struct{}

func (thisProcess) Check([]load.Stream) error { return nil }

func (thisProcess) Prepare(_ context.Context, config load.Config, streams []load.Stream) (Prepared, error) {
	return preparedHere{config, streams}, nil
}

type preparedHere struct {
	config  load.Config
	streams []load.Stream
}

func (preparedHere) Lead() time.Duration { return 0 }
func (preparedHere) Close() error        { return nil }

func (p preparedHere) Start(ctx context.Context, start time.Time) (Sending, error) {
	p.config.Start = start
	attack, err := load.Start(ctx, p.config, p.streams...)
	if err != nil {
		return nil, err // and not a Sending that is nil
	}
	return attack, nil
}
