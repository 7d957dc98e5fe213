package witness

import (
	"context"
	"math"
	"sync"
	"time"

	"holdfast.dev/holdfast/harness/probe"
	"holdfast.dev/holdfast/harness/result"
)

const (
	heartbeatEvery = 100 * time.Millisecond
	// longSilence is when it is looked closer why no answer comes.
	longSilence = 200 * time.Millisecond
)

// Heart is something of the run's own that must go on beating, past all faults.
type Heart struct {
	// Name begins the names of its series, for example db.
	Name string
	// Beat asks it something trivial, and returns when it has answered.
	Beat func(context.Context) error
	// Close ends what Beat has opened. Optional.
	Close func(context.Context) error
	// Run says which processes are behind it: those of the run's database. Where
	// they are on another machine, nobody can tell whether it was stopped or busy.
	Run Run
}

// Heartbeat is a probe of a heart: NAME.heartbeat is for how long it has been
// waited for in milliseconds, or how long the last answer took; while it is silent
// NAME.heartbeat.cpu is how many processors its processes used in that silence, and
// NAME.heartbeat.stopped how many of these a signal keeps from running. A heart
// that refuses an answer is not silent.
func Heartbeat(h Heart) probe.Probe { return &heartbeat{heart: h} }

type heartbeat struct {
	heart Heart
	work  sync.WaitGroup
	life  context.Context // of the questions: longer than any sample's
	stop  context.CancelFunc

	mu    sync.Mutex // guards below
	asked time.Time  // zero: nothing is
	took  time.Duration
	heard bool // took means something

	// Of the silence that goes on, for Sample alone.
	silent time.Time
	used   time.Duration
}

func (h *heartbeat) Name() string         { return h.heart.Name + " heartbeat" }
func (h *heartbeat) Every() time.Duration { return heartbeatEvery }
func (h *heartbeat) Series() []probe.Series {
	return HeartSeries(h.heart.Name)
}

// HeartSeries are the series of a heart of that name.
func HeartSeries(heart string) []probe.Series {
	name := heart + ".heartbeat"
	return []probe.Series{
		{Name: name, Unit: result.UnitMS},
		{Name: name + ".cpu", Unit: probe.UnitCores},
		{Name: name + ".stopped", Unit: result.UnitCount},
	}
}

// Sample looks how long the last question has been open, and asks the next one
// where none is: one that is not answered must not end with a sample's patience.
func (h *heartbeat) Sample(ctx context.Context) ([]float64, error) {
	now := time.Now()
	h.mu.Lock()
	asked, took, heard := h.asked, h.took, h.heard
	h.mu.Unlock()
	if asked.IsZero() {
		h.ask(ctx, now)
		h.silent = time.Time{}
		if !heard {
			return []float64{math.NaN(), math.NaN(), math.NaN()}, nil
		}
		return []float64{ms(took), math.NaN(), math.NaN()}, nil
	}
	waited := now.Sub(asked)
	if waited < longSilence {
		return []float64{ms(max(waited, took)), math.NaN(), math.NaN()}, nil
	}
	cpu, stopped := h.examine(now)
	return []float64{ms(waited), cpu, stopped}, nil
}

// ask sends one question and notes its answer.
func (h *heartbeat) ask(ctx context.Context, now time.Time) {
	if h.stop == nil {
		h.life, h.stop = context.WithCancel(context.WithoutCancel(ctx))
	}
	h.mu.Lock()
	h.asked = now
	h.mu.Unlock()
	h.work.Go(func() {
		err := h.heart.Beat(h.life)
		h.mu.Lock()
		defer h.mu.Unlock()
		h.took, h.heard, h.asked = time.Since(h.asked), err == nil, time.Time{}
	})
}

// examine says what the processes behind the heart have been doing since it fell
// silent.
func (h *heartbeat) examine(now time.Time) (cpu, stopped float64) {
	all, err := procs()
	if err != nil {
		return math.NaN(), math.NaN()
	}
	var used time.Duration
	found, waiting := false, false
	ownerOf := h.heart.Run.owners(all)
	for _, p := range all {
		if ownerOf(p) != database {
			continue
		}
		found = true
		used += p.used
		if p.stopped() {
			stopped++
		}
		waiting = waiting || p.waitsForDisk()
	}
	if !found {
		return math.NaN(), math.NaN()
	}
	if waiting {
		h.silent = time.Time{} // that they use no processor then says nothing
	}
	if h.silent.IsZero() {
		h.silent, h.used = now, used
		return math.NaN(), stopped
	}
	return max(0, used-h.used).Seconds() / now.Sub(h.silent).Seconds(), stopped
}

// Close gives up what is still waited for.
func (h *heartbeat) Close() error {
	if h.stop != nil {
		h.stop()
	}
	h.work.Wait()
	if h.heart.Close == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	return h.heart.Close(ctx)
}
