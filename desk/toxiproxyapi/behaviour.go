package toxiproxyapi

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"holdfast.dev/holdfast/harness/chaos"
)

// plain lets everything pass. The other shapes do one thing beside.
type plain struct{}

func (plain) Arrives(at time.Time, _ int, _ uint64) (time.Time, chaos.Fate) { return at, chaos.Passes }
func (plain) Piece(n int) (int, time.Time, bool)                            { return n, time.Time{}, false }
func (plain) Wrote(int, time.Time)                                          {}
func (plain) Ended()                                                        {}

func ms(n int64) time.Duration { return time.Duration(n) * time.Millisecond }

// latency delays each chunk by so many milliseconds, more or less the jitter.
type latency struct {
	Latency int64 `json:"latency"`
	Jitter  int64 `json:"jitter"`
}

func (l *latency) validate() error {
	return joined(times("latency", l.Latency), times("jitter", l.Jitter))
}

func (l *latency) begin(*toxic, chaos.Stream, *rand.Rand) chaos.Shape { return late{latency: *l} }

type late struct {
	plain
	latency
}

func (l late) Arrives(at time.Time, n int, luck uint64) (time.Time, chaos.Fate) {
	if n == 0 {
		return at, chaos.Passes
	}
	delay := l.Latency
	if l.Jitter > 0 {
		delay += rand.New(rand.NewPCG(luck, 0)).Int64N(2*l.Jitter) - l.Jitter
	}
	return at.Add(ms(max(0, delay))), chaos.Passes
}

// bandwidth passes so many thousand bytes a second, on each connection. 0 passes none.
type bandwidth struct {
	Rate int64 `json:"rate"`
}

func (b *bandwidth) validate() error {
	if b.Rate < 0 || b.Rate > 1<<40 {
		return fmt.Errorf("rate %d is not a number of kB/s from 0", b.Rate)
	}
	return nil
}

func (b *bandwidth) begin(*toxic, chaos.Stream, *rand.Rand) chaos.Shape {
	return &line{rate: b.Rate * 1000}
}

// line is a connection's own, with so many bytes a second.
type line struct {
	plain
	rate int64
	free time.Time // when what was written so far has arrived
}

// catchUp is how late a piece may come for the line still to count as busy.
const catchUp = 10 * time.Millisecond

// forever is longer than any toxic stays.
const forever = 365 * 24 * time.Hour

func (l *line) Arrives(at time.Time, n int, _ uint64) (time.Time, chaos.Fate) {
	if l.rate == 0 && n > 0 {
		return at.Add(forever), chaos.Passes
	}
	return at, chaos.Passes
}

// Piece gives pieces of at most 20 ms, each written when its last byte would arrive.
func (l *line) Piece(n int) (int, time.Time, bool) {
	if l.rate == 0 {
		return n, time.Time{}, false
	}
	if now := time.Now(); now.Sub(l.free) > catchUp {
		l.free = now
	}
	n = int(min(int64(n), max(1, l.rate/50)))
	return n, l.free.Add(l.takes(n)), false
}

func (l *line) Wrote(n int, _ time.Time) { l.free = l.free.Add(l.takes(n)) }

func (l *line) takes(n int) time.Duration {
	if l.rate == 0 {
		return 0
	}
	return time.Duration(float64(n) / float64(l.rate) * float64(time.Second))
}

// slowClose delays the end of a stream by so many milliseconds.
type slowClose struct {
	Delay int64 `json:"delay"`
}

func (s *slowClose) validate() error { return times("delay", s.Delay) }

func (s *slowClose) begin(*toxic, chaos.Stream, *rand.Rand) chaos.Shape {
	return lateEnd{delay: ms(s.Delay)}
}

type lateEnd struct {
	plain
	delay time.Duration
}

func (l lateEnd) Arrives(at time.Time, n int, _ uint64) (time.Time, chaos.Fate) {
	if n == 0 {
		at = at.Add(l.delay)
	}
	return at, chaos.Passes
}

// timeout throws all bytes away, and ends the connection after so many milliseconds,
// or for 0 when it is removed.
type timeout struct {
	Timeout int64 `json:"timeout"`
}

func (t *timeout) validate() error { return times("timeout", t.Timeout) }

func (t *timeout) begin(by *toxic, s chaos.Stream, _ *rand.Rand) chaos.Shape {
	e := &ending{by: by, end: s.End}
	if t.Timeout > 0 {
		e.timer = time.AfterFunc(ms(t.Timeout), func() { s.End(false) })
	}
	by.open[e] = struct{}{} // its caller holds the lock
	return e
}

// ending loses what comes, and ends with its toxic at the latest.
type ending struct {
	plain
	by    *toxic
	end   func(reset bool)
	timer *time.Timer // nil: none
}

func (e *ending) Arrives(at time.Time, n int, _ uint64) (time.Time, chaos.Fate) {
	if n == 0 {
		return at, chaos.Passes
	}
	return at, chaos.Lost
}

func (e *ending) Ended() {
	if e.timer != nil {
		e.timer.Stop()
	}
	e.by.mu.Lock()
	defer e.by.mu.Unlock()
	delete(e.by.open, e)
}

// resetPeer resets the connection so many milliseconds after the first bytes came, or
// the end.
type resetPeer struct {
	Timeout int64 `json:"timeout"`
}

func (r *resetPeer) validate() error { return times("timeout", r.Timeout) }

func (r *resetPeer) begin(*toxic, chaos.Stream, *rand.Rand) chaos.Shape {
	return resetting{after: ms(r.Timeout)}
}

type resetting struct {
	plain
	after time.Duration
}

func (r resetting) Arrives(at time.Time, _ int, _ uint64) (time.Time, chaos.Fate) {
	return at.Add(r.after), chaos.Resets
}

// slicer writes pieces of so many bytes, more or less the variation, so many
// microseconds apart.
type slicer struct {
	AverageSize   int `json:"average_size"`
	SizeVariation int `json:"size_variation"`
	Delay         int `json:"delay"`
}

func (s *slicer) validate() error {
	var errs []error
	if s.AverageSize < 1 {
		errs = append(errs, fmt.Errorf("average_size %d is below 1 byte", s.AverageSize))
	}
	if s.SizeVariation < 0 || s.SizeVariation > 0 && s.SizeVariation >= s.AverageSize {
		errs = append(errs, fmt.Errorf("size_variation %d is not between 0 and average_size", s.SizeVariation))
	}
	if s.Delay < 0 || s.Delay > longest*1000 {
		errs = append(errs, errors.New("delay is not between 0 microseconds and a day"))
	}
	return joined(errs...)
}

func (s *slicer) begin(_ *toxic, _ chaos.Stream, luck *rand.Rand) chaos.Shape {
	return &sliced{slicer: *s, luck: luck}
}

type sliced struct {
	plain
	slicer
	luck  *rand.Rand
	size  int       // of the next piece; 0: not drawn yet
	wrote time.Time // when the last one was
}

func (s *sliced) Piece(n int) (int, time.Time, bool) {
	at := s.wrote.Add(time.Duration(s.Delay) * time.Microsecond)
	if s.size == 0 {
		s.size = s.AverageSize
		if s.SizeVariation > 0 {
			s.size += s.luck.IntN(2*s.SizeVariation) - s.SizeVariation
		}
	}
	return min(n, s.size), at, false
}

func (s *sliced) Wrote(_ int, now time.Time) { s.size, s.wrote = 0, now }

// limitData ends the connection after so many bytes.
type limitData struct {
	Bytes int64 `json:"bytes"`
}

func (l *limitData) validate() error {
	if l.Bytes < 0 {
		return fmt.Errorf("bytes %d is below 0", l.Bytes)
	}
	return nil
}

func (l *limitData) begin(*toxic, chaos.Stream, *rand.Rand) chaos.Shape {
	return &limited{left: l.Bytes}
}

type limited struct {
	plain
	left int64
}

func (l *limited) Piece(n int) (int, time.Time, bool) {
	if int64(n) < l.left {
		return n, time.Time{}, false
	}
	return int(l.left), time.Time{}, true
}

func (l *limited) Wrote(n int, _ time.Time) { l.left -= int64(n) }
