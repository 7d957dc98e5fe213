package probe

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"
)

const (
	// patience is for one sample, or Every where that is longer.
	patience = time.Second
	// stopPatience is for a sample that does not end with its context.
	stopPatience = 2 * time.Second
)

// Sampler samples probes until it is stopped.
type Sampler struct {
	start  time.Time
	cancel context.CancelFunc
	tracks []*track

	once   sync.Once
	record Record
}

// Start begins to sample, until Stop or the end of ctx; start is the run's
// start. It fails when probes contradict each other. Stop the sampler before
// what it looks at: the target's planned end is not a failure of the probe.
func Start(ctx context.Context, start time.Time, probes ...Probe) (*Sampler, error) {
	if err := check(probes); err != nil {
		return nil, fmt.Errorf("start sampling: %w", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	s := &Sampler{start: start, cancel: cancel}
	for _, p := range probes {
		t := &track{probe: p, series: p.Series(), every: p.Every(), start: start, finished: make(chan struct{})}
		t.begun = time.Since(start)
		s.tracks = append(s.tracks, t)
		go t.run(ctx)
	}
	return s, nil
}

// Stop ends the sampling and returns what was sampled; again, the same. It
// waits for samples at work, though not for one that hangs: that one is given
// up, and Health says so.
func (s *Sampler) Stop() Record {
	s.once.Do(func() {
		s.cancel()
		patience := time.NewTimer(stopPatience)
		defer patience.Stop()
		expired := false
		for _, t := range s.tracks {
			if expired {
				t.giveUp()
				continue
			}
			select {
			case <-t.finished:
			case <-patience.C:
				expired = true
				t.giveUp()
			}
		}
		s.record = s.Snapshot()
	})
	return s.record
}

// Snapshot returns what was sampled until now.
func (s *Sampler) Snapshot() Record {
	now := time.Since(s.start)
	r := Record{End: now}
	for _, t := range s.tracks {
		data, health := t.snapshot(now)
		r.Health = append(r.Health, health)
		for column, series := range t.series {
			r.lines = append(r.lines, line{Series: series, every: t.every, data: data, column: column})
		}
	}
	return r
}

// track is one probe with its samples.
type track struct {
	probe    Probe
	series   []Series
	every    time.Duration
	start    time.Time
	begun    time.Duration
	finished chan struct{}

	mu       sync.Mutex // guards below
	data     samples
	tally    tally
	sampling bool // a sample is at work, since tally.last
	over     bool // nothing more is recorded
	ended    time.Duration
}

func (t *track) run(ctx context.Context) {
	defer close(t.finished)
	defer t.finish()
	tick := time.NewTicker(t.every)
	defer tick.Stop()
	for {
		t.sample(ctx)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if ctx.Err() != nil {
			return
		}
	}
}

func (t *track) finish() {
	if c, ok := t.probe.(io.Closer); ok {
		_ = c.Close() // what it held open, it only read from
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.over {
		t.over, t.ended = true, time.Since(t.start)
	}
}

// giveUp leaves a sample that hangs to itself.
func (t *track) giveUp() {
	select {
	case <-t.finished:
		return
	default:
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.over, t.ended = true, time.Since(t.start)
	t.tally.hung = t.sampling
}

func (t *track) sample(ctx context.Context) {
	before := time.Since(t.start)
	t.mu.Lock()
	t.sampling = true
	t.tally.attempt(before)
	t.mu.Unlock()

	bounded, cancel := context.WithTimeout(ctx, max(patience, t.every))
	values, err := careful(bounded, t.probe)
	cancel()
	if err == nil && len(values) != len(t.series) {
		err = fmt.Errorf("it returned %d values for %d series", len(values), len(t.series))
	}

	t.mu.Lock()
	defer t.mu.Unlock()
	t.sampling = false
	if t.over {
		return
	}
	after := time.Since(t.start)
	switch {
	case err != nil && ctx.Err() != nil: // cut off by Stop
		t.tally.attempts--
	case err != nil:
		t.tally.fail(err)
	default:
		// What was measured was so at some time between before and after.
		t.tally.keep(t.data.add(before+(after-before)/2, values))
	}
}

// careful samples p; a panic is an error that says where.
func careful(ctx context.Context, p Probe) (values []float64, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v (in %s)", r, panickedIn())
		}
	}()
	return p.Sample(ctx)
}

// panickedIn names the function that panicked, for the one that recovers.
func panickedIn() string {
	var callers [32]uintptr
	frames := runtime.CallersFrames(callers[:runtime.Callers(1, callers[:])])
	for unwinding := false; ; {
		frame, more := frames.Next()
		inRuntime := strings.HasPrefix(frame.Function, "runtime.")
		if unwinding && !inRuntime {
			return fmt.Sprintf("%s, %s:%d", frame.Function, filepath.Base(frame.File), frame.Line)
		}
		unwinding = unwinding || inRuntime && strings.Contains(frame.Function, "panic")
		if !more {
			return "an unknown place"
		}
	}
}

func (t *track) snapshot(now time.Duration) (samples, Health) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.over {
		now = t.ended
	}
	return t.data.view(), t.tally.health(t.probe.Name(), t.every, t.begun, now)
}
