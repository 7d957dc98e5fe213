package task

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"time"

	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/scenarios/contract"
)

// How often the target is asked about itself while there is load.
const (
	glimpseEvery = 50 * time.Millisecond
	countEvery   = 5 // of those, one is at the queue
	// mostGlimpses bounds what is remembered: at that rate, the first 40 minutes.
	mostGlimpses = 50_000
	visitors     = 4 // who ask at the same time when all is over
	// mostAsked bounds how many of those tasks are asked about when all is over whose
	// mails were sent.
	mostAsked = 20_000
)

// taskName is a task by the request that asked for it.
type taskName struct {
	stream string
	n      int64
}

// receipt is what the answer to a task's request gave.
type receipt struct {
	id      string
	due, at time.Duration // when its request was, and when the answer was there, on the scenario's clock
}

// glimpse is what was said of a task while there was load.
type glimpse struct {
	task     taskName
	from, to time.Duration // when it was asked and answered
	code     int           // 0: there was no answer
	body     []byte
}

// headcount is what was said of the queue once.
type headcount struct {
	from, to time.Duration
	code     int
	body     []byte
}

// companion goes along with a run: it remembers which ids were given out, and asks
// what the target says of these tasks and of its queue.
type companion struct {
	of       *contract.Tasks
	mailings []string // by the names of their streams

	mu       sync.Mutex // guards the rest
	receipts map[taskName]receipt
	over     map[taskName]bool // those of which it is known
	order    []taskName
	glimpses []glimpse
	counts   []headcount
	stalls   []time.Duration // when it came to its turn much too late
}

// stalled is how late its turn must be for the machine, or all of the harness, to have
// stood still: what the API saw may be later than it was.
const stalled = 500 * time.Millisecond

// newCompanion makes who goes along with these mailings.
func newCompanion(of *contract.Tasks, mailings []mailing) func() harness.Companion {
	names := make([]string, len(mailings))
	for i, m := range mailings {
		names[i] = m.name
	}
	return func() harness.Companion {
		return &companion{of: of, mailings: names, receipts: map[taskName]receipt{}, over: map[taskName]bool{}}
	}
}

// companionOf is the companion of a run, an empty one where there was none.
func companionOf(o harness.State) *companion {
	if c, ok := o.Companion.(*companion); ok {
		return c
	}
	return &companion{}
}

// Answered implements [harness.Companion].
func (c *companion) Answered(x load.Exchange, _ load.Request, a load.Answer) {
	if !slices.Contains(c.mailings, x.Stream) {
		return
	}
	id, ok := c.of.Taken(a)
	if !ok {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	name := taskName{x.Stream, x.N}
	c.receipts[name] = receipt{id, x.Due, x.End}
	if id != "" {
		c.order = append(c.order, name)
	}
}

// Follow implements [harness.Companion].
func (c *companion) Follow(ctx context.Context, s harness.State) {
	var asked []visitor // one for each instance
	for _, url := range s.Targets {
		s.Target = url
		v := newVisitor(s, c.of)
		defer v.close()
		asked = append(asked, v)
	}
	if len(asked) == 0 {
		return
	}
	r := rand.New(rand.NewPCG(s.Seed, glimpseSeed))
	tick := time.NewTicker(glimpseEvery)
	defer tick.Stop()
	last := time.Now()
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if now := time.Now(); now.Sub(last) > stalled {
			c.stall(now.Sub(s.Start))
		}
		last = time.Now()
		if n%countEvery == 0 && c.of.Queue.Path != "" {
			c.count(ctx, asked[n/countEvery%len(asked)], s.Start)
		} else {
			c.glimpse(ctx, asked[n%len(asked)], s.Start, r)
		}
	}
}

// glimpseSeed sets the draws of whom to ask apart from all others.
const glimpseSeed = 0x7a51

func (c *companion) stall(at time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stalls = append(c.stalls, at)
}

func (c *companion) count(ctx context.Context, v visitor, start time.Time) {
	h := headcount{from: time.Since(start)}
	a, err := v.ask(ctx, v.of.Queue)
	if h.code, h.body, h.to = a.Status, a.Body, time.Since(start); err != nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.counts) < mostGlimpses {
		c.counts = append(c.counts, h)
	}
}

func (c *companion) glimpse(ctx context.Context, v visitor, start time.Time, r *rand.Rand) {
	if name, id := c.choose(r); id != "" {
		c.look(ctx, v, start, name, id)
	}
}

// choose draws a task to look at; its id is empty where there is none.
func (c *companion) choose(r *rand.Rand) (taskName, string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.order) == 0 || len(c.glimpses) >= mostGlimpses {
		return taskName{}, ""
	}
	// Half of the looks are at the latest, which are the ones that change.
	name := c.order[r.IntN(len(c.order))]
	if r.IntN(2) == 0 {
		name = c.order[len(c.order)-1-r.IntN(min(len(c.order), 32))]
	}
	return name, c.receipts[name].id
}

// look asks what the target says of a task now.
func (c *companion) look(ctx context.Context, v visitor, start time.Time, name taskName, id string) {
	g := glimpse{task: name, from: time.Since(start)}
	a, err := v.ask(ctx, v.of.Status(id))
	if g.code, g.body, g.to = a.Status, a.Body, time.Since(start); err != nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.glimpses = append(c.glimpses, g)
}

// idle reports whether each task that was taken on is over, as the target tells of it.
func (c *companion) idle(ctx context.Context, v visitor) (bool, error) {
	for name, r := range c.given() {
		if c.isOver(name) || r.id == "" {
			continue
		}
		a, err := v.ask(ctx, v.of.Status(r.id))
		if err != nil {
			return false, fmt.Errorf("ask for a task: %w", err)
		}
		s, err := v.of.ReadStatus(r.id, a.Body)
		if !ok(a.Status) || err != nil || !s.Over() {
			return false, nil // what is wrong with it is said of the task
		}
		c.mu.Lock()
		c.over[name] = true
		c.mu.Unlock()
	}
	return true, nil
}

func (c *companion) isOver(name taskName) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.over[name]
}

// given are the receipts by now.
func (c *companion) given() map[taskName]receipt {
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(c.receipts)
}

// reply is what the target said of a task when all was over.
type reply struct {
	code int // 0: nothing
	body []byte
	err  error
}

// askAll asks the target about tasks, by their ids.
func askAll(ctx context.Context, v visitor, ids []string) map[string]reply {
	replies := make(map[string]reply, len(ids))
	var mu sync.Mutex
	var asking sync.WaitGroup
	next := make(chan string)
	for range visitors {
		asking.Go(func() {
			for id := range next {
				r := patiently(ctx, v, v.of.Status(id))
				mu.Lock()
				replies[id] = r
				mu.Unlock()
			}
		})
	}
	for _, id := range ids {
		next <- id
	}
	close(next)
	asking.Wait()
	return replies
}

// patiently asks again for a while where the target refuses in an orderly way or does
// not answer: what it says is asked for, not how quickly.
func patiently(ctx context.Context, v visitor, asked load.Request) (r reply) {
	for range 5 {
		var a load.Answer
		a, r.err = v.ask(ctx, asked)
		r.code, r.body = a.Status, a.Body
		if r.err == nil && r.code != http.StatusServiceUnavailable {
			return r
		}
		select {
		case <-ctx.Done():
			return r
		case <-time.After(200 * time.Millisecond):
		}
	}
	return r
}
