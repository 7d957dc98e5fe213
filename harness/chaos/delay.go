package chaos

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"holdfast.dev/holdfast/fault"
)

func newDelaying(d fault.Delay) effect {
	// From 1 µs to an hour, to three digits.
	return &delaying{Delay: d, added: hdrhistogram.New(1, time.Hour.Microseconds(), 3), held: map[*chunk]uint64{}}
}

// delaying is a [fault.Delay] in force.
type delaying struct {
	fault.Delay
	tally
	mu    sync.Mutex // guards below
	added *hdrhistogram.Histogram
	held  map[*chunk]uint64 // those that wait now, with their links
}

func (d *delaying) covers(dir fault.Direction) bool { return way(d.Delay).Includes(dir) }

func (d *delaying) loses() bool { return false }

func (d *delaying) opens(f *flow, c *chunk) (time.Time, bool) {
	at := c.read.Add(d.Sample(rand.New(&chance{c.luck})))
	if c.end == nil && !c.gone && time.Now().Before(at) {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.held[c] = f.link.id
	}
	return at, true
}

func (d *delaying) passed(f *flow, c *chunk, now time.Time) {
	if c.end != nil {
		return
	}
	d.hit(f.link)
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.held, c)
	// More than an hour is not recorded; nobody waits that long.
	_ = d.added.RecordValue(now.Sub(c.read).Microseconds())
}

// released implements [holder]: who was kept waiting was delayed, if not for as long.
func (d *delaying) released(f *flow, c *chunk, now time.Time) {
	if !c.gone {
		d.passed(f, c, now)
	}
}

func (d *delaying) receipt() fault.Receipt {
	shape := d.Distribution.String()
	if j, ok := d.Distribution.(fault.Jitter); ok {
		shape = fmt.Sprintf("%v ± %v", j.Each, j.By)
	}
	r := fault.Receipt{Declared: fmt.Sprintf("%s per chunk %s", shape, towards(way(d.Delay)))}
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, link := range d.held { // who waits is delayed by now
		d.touch(link)
	}
	r.Fired, r.Touched = d.counts()
	r.Fired += int64(len(d.held))
	if d.added.TotalCount() > 0 {
		r.Measured = fmt.Sprintf("median %s, from %s to %s, over %d chunks of %d connections",
			ms(d.added.ValueAtQuantile(50)), ms(d.added.Min()), ms(d.added.Max()), r.Fired, r.Touched)
	}
	return r
}

// ms writes microseconds as milliseconds.
func ms(us int64) string { return fmt.Sprintf("%.1f ms", float64(us)/1000) }

// chance is the luck of one chunk as a source of randomness: the same however
// often it is asked anew.
type chance struct{ state uint64 }

// Uint64 implements [rand.Source]: the luck itself, and then what follows from it.
func (c *chance) Uint64() uint64 {
	luck := c.state
	x := luck + 0x9e3779b97f4a7c15 // splitmix64
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	c.state = x ^ x>>31
	return luck
}
