package chaos

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"sync"
	"time"
	"unicode"
)

// BlackHole lets no byte through while the connection stands. As in a network
// that is cut in two, the bytes come late, when it is whole again; with Lose
// they never come, and a connection that lost some is reset at the end, for
// what came after the gap would make no sense.
type BlackHole struct {
	Direction Direction // Defaults to [Both]; [Down] alone: requests are carried out, replies do not come
	Lose      bool
	// Upon, if given, spares a connection until a chunk with this text in it comes:
	// with Down and Lose, COMMIT is Postgres' word that one was carried out.
	Upon string
}

func blackHoleSpec() Spec {
	return Spec{
		Name: "black-hole", Form: "black-hole [up|down|both] [lose] [upon TEXT]", Place: OnProxy,
		Example: BlackHole{Direction: Down},
		Models:  "a partition, a firewall that forgot the connection; down alone: replies that are lost after the work was done",
		Acts: "all bytes, ends and resets from now on, or from the first chunk with TEXT in it on, on open and new connections; connecting still succeeds, as the kernel answers; " +
			"undone, what was held is delivered, or with lose the touched connections are reset",
		Counts:  "chunks held back or lost",
		Correct: "gives up at its deadline and frees what it holds; after a write the outcome is unknown; throws the connection away",
		Undoing: "the setting is off and a new connection through the proxy is answered",
		parse: func(w *words) Kind {
			b := BlackHole{Direction: w.direction(), Lose: w.keyword("lose")}
			if w.keyword("upon") {
				b.Upon = w.next("the text after upon")
			}
			return b
		},
	}
}

// String implements [Kind].
func (b BlackHole) String() string {
	return text("black-hole", b.Direction.String(), when(b.Lose, "lose"), when(b.Upon != "", "upon "+b.Upon))
}

// Validate reports what is wrong with the parameters.
func (b BlackHole) Validate() error {
	if strings.ContainsFunc(b.Upon, unicode.IsSpace) {
		return fmt.Errorf("the text after upon is one word, not %q", b.Upon)
	}
	return b.Direction.validate()
}

func (b BlackHole) direction() Direction { return b.Direction.or(Both) }

func (b BlackHole) effect() effect { return &swallowing{BlackHole: b, cut: map[*link]struct{}{}} }

// swallowing is a [BlackHole] in force.
type swallowing struct {
	BlackHole
	tally
	mu    sync.Mutex // guards all below
	bytes int64
	first time.Time          // when the first chunk came
	end   time.Time          // when the fault ended
	cut   map[*link]struct{} // links of which bytes are held back or lost
}

func (b *swallowing) covers(dir Direction) bool { return b.direction().covers(dir) }

func (b *swallowing) loses() bool { return b.Lose }

func (b *swallowing) opens(f *flow, c *chunk) (time.Time, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, cut := b.cut[f.link]; !cut && b.Upon != "" && !bytes.Contains(c.data, []byte(b.Upon)) {
		return time.Time{}, true
	}
	if c.held == gate(b) || c.end != nil {
		return time.Time{}, false
	}
	c.held = b
	b.hit(f.link)
	b.cut[f.link] = struct{}{}
	b.bytes += int64(len(c.data))
	if b.first.IsZero() {
		b.first = time.Now()
	}
	return time.Time{}, false
}

func (b *swallowing) passed(*flow, *chunk, time.Time) {}

func (b *swallowing) start(context.Context, *Proxy) error { return nil }

func (b *swallowing) stop(context.Context, *Proxy) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.end.IsZero() {
		b.end = time.Now()
	}
	for l := range b.cut {
		if b.Lose {
			l.end(true)
		}
	}
	clear(b.cut)
	return nil
}

func (b *swallowing) receipt() Receipt {
	r := Receipt{Declared: "no byte " + b.direction().towards()}
	verb := "held back"
	if b.Lose {
		r.Declared += ", ever"
		verb = "lost"
	}
	if b.Upon != "" {
		r.Declared += ", once " + b.Upon + " has come"
	}
	r.Fired, r.Touched = b.counts()
	b.mu.Lock()
	defer b.mu.Unlock()
	if r.Fired > 0 {
		end := b.end
		if end.IsZero() {
			end = time.Now()
		}
		r.Measured = fmt.Sprintf("%d chunks, %d bytes of %d connections %s, the first %.2f s before the end",
			r.Fired, b.bytes, r.Touched, verb, end.Sub(b.first).Seconds())
	}
	return r
}
