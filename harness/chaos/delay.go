package chaos

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Delay lets every chunk of bytes arrive later, in order, without slowing the
// stream down: what is sent together arrives together.
type Delay struct {
	Each      time.Duration // how much later
	Jitter    time.Duration // at most so much more or less, uniformly drawn; at most Each
	Direction Direction     // Defaults to [Down]: a round trip takes Each longer
}

func delaySpec() Spec {
	return Spec{
		Name: "delay", Form: "delay EACH [jitter JITTER] [up|down|both]", Place: OnProxy,
		Example: Delay{Each: 200 * time.Millisecond, Jitter: 50 * time.Millisecond},
		Models:  "a database in another zone, a saturated link, a busy server",
		Acts:    "every chunk read from now on, on open and new connections; the end of a stream, too; undone, what waits goes at once",
		Counts:  "chunks that were delayed to their time",
		Correct: "answers late but within its deadline; past it, gives up and frees what it holds; retries within a budget, never as a storm",
		Undoing: "the setting is off and a new connection through the proxy is answered",
		parse: func(w *words) Kind {
			d := Delay{Each: w.duration("EACH")}
			if w.keyword("jitter") {
				d.Jitter = w.duration("JITTER")
			}
			d.Direction = w.direction()
			return d
		},
	}
}

// String implements [Kind].
func (d Delay) String() string {
	return text("delay", d.Each.String(), when(d.Jitter != 0, "jitter "+d.Jitter.String()), d.Direction.String())
}

// Validate reports all that is wrong with the parameters.
func (d Delay) Validate() error {
	var errs []error
	if d.Each <= 0 {
		errs = append(errs, fmt.Errorf("a delay is more than nothing, not %v", d.Each))
	}
	if d.Jitter < 0 || d.Jitter > d.Each {
		errs = append(errs, fmt.Errorf("jitter is between 0 and the delay, not %v", d.Jitter))
	}
	return errors.Join(append(errs, d.Direction.validate())...)
}

func (d Delay) direction() Direction { return d.Direction.or(Down) }

func (d Delay) effect() effect {
	// From 1 µs to an hour, to three digits.
	return &delaying{Delay: d, added: hdrhistogram.New(1, time.Hour.Microseconds(), 3)}
}

// delaying is a [Delay] in force.
type delaying struct {
	Delay
	tally
	mu    sync.Mutex // guards added
	added *hdrhistogram.Histogram
}

func (d *delaying) covers(dir Direction) bool { return d.direction().covers(dir) }

func (d *delaying) loses() bool { return false }

func (d *delaying) opens(_ *flow, c *chunk) (time.Time, bool) {
	jitter := time.Duration((2*c.draw - 1) * float64(d.Jitter))
	return c.read.Add(d.Each + jitter), true
}

func (d *delaying) passed(f *flow, c *chunk, now time.Time) {
	if c.end != nil {
		return
	}
	d.hit(f.link)
	d.mu.Lock()
	defer d.mu.Unlock()
	// More than an hour is not recorded; nobody waits that long.
	_ = d.added.RecordValue(now.Sub(c.read).Microseconds())
}

func (d *delaying) receipt() Receipt {
	r := Receipt{Declared: fmt.Sprintf("%v per chunk %s", d.Each, d.direction().towards())}
	if d.Jitter != 0 {
		r.Declared = fmt.Sprintf("%v ± %v per chunk %s", d.Each, d.Jitter, d.direction().towards())
	}
	r.Fired, r.Touched = d.counts()
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.added.TotalCount() > 0 {
		r.Measured = fmt.Sprintf("median %s, from %s to %s, over %d chunks of %d connections",
			ms(d.added.ValueAtQuantile(50)), ms(d.added.Min()), ms(d.added.Max()), r.Fired, r.Touched)
	}
	return r
}

// ms writes microseconds as milliseconds.
func ms(us int64) string { return fmt.Sprintf("%.1f ms", float64(us)/1000) }
