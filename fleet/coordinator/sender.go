package coordinator

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"

	"holdfast.dev/holdfast/fleet"
	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/loopback"
)

// Check implements [harness.Sender]: only data can be sent to workers.
func (c *Coordinator) Check(streams []load.Stream) error { return load.CheckPortable(streams) }

// Prepare implements [harness.Sender]: each worker has read the load, and each lane is
// held by one.
func (c *Coordinator) Prepare(ctx context.Context, config load.Config, streams []load.Stream) (harness.Prepared, error) {
	l, err := c.prepare(ctx, config, streams)
	if err != nil {
		return nil, fmt.Errorf("have the fleet ready: %w", err)
	}
	return l, nil
}

func (c *Coordinator) prepare(ctx context.Context, config load.Config, streams []load.Stream) (*loading, error) {
	workers := c.alive()
	if len(workers) == 0 {
		return nil, errors.New("all workers are lost")
	}
	if err := c.reachable(config.Hosts()); err != nil {
		return nil, err
	}
	data, err := load.Pack(config, streams...)
	if err != nil {
		return nil, err
	}
	if len(data) > fleet.MaxPlan {
		return nil, fmt.Errorf("the load takes %d bytes as data, at most %d can be given to workers", len(data), fleet.MaxPlan)
	}
	l, err := c.newLoading(config, streams, workers)
	if err != nil {
		return nil, err
	}
	if err := c.handOut(ctx, l, data, workers); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

// reachable refuses a target on this machine's loopback for workers on others.
func (c *Coordinator) reachable(hosts []string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, host := range hosts {
		name, _, err := net.SplitHostPort(host)
		if err != nil {
			return fmt.Errorf("the target's address: %w", err)
		}
		if !loopback.Is(name) {
			continue
		}
		for _, m := range c.members {
			if m.Host != c.host {
				return fmt.Errorf("the target is at %s, which worker %s on %s cannot reach: run it where all can and name it as target.url", host, m.Name, m.Host)
			}
		}
	}
	return nil
}

func (c *Coordinator) newLoading(config load.Config, streams []load.Stream, workers []string) (*loading, error) {
	collector, err := load.NewCollector(config, streams...)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.broken != "":
		return nil, errors.New(c.broken)
	case c.load != nil:
		return nil, errors.New("it sends another load: one at a time")
	}
	c.loads++
	lanes := len(workers)
	c.load = &loading{
		c: c, name: strconv.Itoa(c.loads), config: config, streams: streams, schedule: load.Digest(config.Seed, streams...), workers: workers, lanes: lanes,
		collector: collector, balancers: config.Balancers(), books: fleet.NewBooks(streams, lanes),
		confirmed: make(map[int]time.Duration), given: make(map[int]time.Duration), next: make(map[[2]int]int),
		sendLag: make(map[string]*hdr.Histogram), lostAt: make(map[string]time.Duration),
		held: make(chan struct{}), over: make(chan struct{}),
	}
	return c.load, nil
}

// handOut gives the load to the workers, and its lanes to the queue, and waits until each
// lane is held.
func (c *Coordinator) handOut(ctx context.Context, l *loading, data []byte, workers []string) error {
	ctx, cancel := context.WithTimeout(ctx, prepareTimeout)
	defer cancel()
	sum := sha256.Sum256(data)
	order := fleet.Prepare{
		Load: l.name, Digest: hex.EncodeToString(sum[:]), Lanes: l.lanes,
		Exchanges: l.config.Observe != nil, Arrivals: l.config.Arrivals != nil, Answers: l.config.Answers != nil, Whole: l.config.EachAnswer,
	}
	if len(data) <= fleet.MaxInline {
		order.Plan = data
	} else if err := c.putPlan(ctx, l.name, data); err != nil {
		return err
	}
	if _, err := c.orderAll(ctx, workers, fleet.Order{Prepare: &order}, prepareTimeout); err != nil {
		return err
	}
	for lane := range l.lanes {
		msg, err := json.Marshal(fleet.Lane{Load: l.name, Lane: lane})
		if err != nil {
			return err
		}
		if _, err := c.js.Publish(ctx, fleet.LaneSubject(c.opts.Run, l.name, lane), msg); err != nil {
			return err
		}
	}
	select {
	case <-l.held:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("not every lane was taken by a worker: %w", context.Cause(ctx))
	}
}

// putPlan keeps a plan at the broker that is too long for an order.
func (c *Coordinator) putPlan(ctx context.Context, name string, data []byte) error {
	plans, err := c.js.ObjectStore(ctx, fleet.PlansBucket(c.opts.Run))
	if err != nil {
		return err
	}
	_, err = plans.PutBytes(ctx, name, data)
	return err
}

// Lead implements [harness.Prepared]: the start must be known everywhere before it comes.
func (l *loading) Lead() time.Duration { return startLead }

const startLead = 500 * time.Millisecond

// Start implements [harness.Prepared].
func (l *loading) Start(ctx context.Context, start time.Time) (harness.Sending, error) {
	c := l.c
	c.mu.Lock()
	l.at, l.begun = c.opts.Clock()+time.Until(start), true
	for lane, until := range l.confirmed {
		if worker, epoch, ok := l.books.Holder(lane); ok {
			l.books.Confirm(lane, epoch, worker, until-l.at)
		}
	}
	at := l.at
	c.mu.Unlock()
	l.collector.Begin(start)
	if _, err := c.orderAll(ctx, c.alive(), fleet.Order{Start: &fleet.Start{Load: l.name, At: at}}, startLead+c.opts.Term); err != nil {
		c.opts.Say(err.Error()) // its lane is late, or another's: both are seen in what is told
	}
	stop := context.AfterFunc(ctx, l.Stop)
	c.work.Go(func() {
		defer stop()
		select {
		case <-l.over:
		case <-c.ctx.Done():
		}
	})
	return l, nil
}

// Close implements [harness.Prepared].
func (l *loading) Close() error {
	c := l.c
	_, err := c.orderAll(context.WithoutCancel(c.ctx), c.alive(), fleet.Order{Drop: &fleet.Drop{Load: l.name}}, c.opts.Term)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.ctx), orderTimeout)
	defer cancel()
	if plans, found := c.js.ObjectStore(ctx, fleet.PlansBucket(c.opts.Run)); found == nil {
		_ = plans.Delete(ctx, l.name) // the bucket goes with the run
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.load == l {
		c.load = nil
	}
	if err != nil {
		c.opts.Say("a worker still sends, until nobody confirms it: " + err.Error())
	}
	return nil
}

// Live implements [harness.Sending].
func (l *loading) Live() []load.Snapshot { return l.collector.Live() }

// SoFar implements [harness.Sending].
func (l *loading) SoFar() []load.Tally { return l.collector.SoFar() }

// Stop implements [harness.Sending]: workers hear of it with their next confirmation.
func (l *loading) Stop() {
	l.c.mu.Lock()
	defer l.c.mu.Unlock()
	l.stopped = true
}

// abortTerms is for how many terms an abort is waited for: what is given up is told soon.
const abortTerms = 5

// Abort implements [harness.Sending].
func (l *loading) Abort() {
	l.c.mu.Lock()
	defer l.c.mu.Unlock()
	if !l.aborted {
		l.endBy = l.c.opts.Clock() + abortTerms*l.c.opts.Term
	}
	l.stopped, l.aborted = true, true
}

// Wait implements [harness.Sending]. It always returns: each lane is done by a worker that
// is heard of, or given up a term after the last request was due.
func (l *loading) Wait() []load.Tally {
	<-l.over
	l.end.Do(l.settle)
	return slices.Clone(l.tally)
}

// settle sums up what was told.
func (l *loading) settle() {
	c := l.c
	c.mu.Lock()
	defer c.mu.Unlock()
	spans, err := l.books.Spans()
	if err := errors.Join(err, l.collector.Missing("nobody sent it, or told of it, since its worker was lost")); err != nil && c.broken == "" {
		c.broken = err.Error()
	}
	l.fleet = l.report(spans)
	var cpu *float64
	for _, id := range l.workers {
		m := c.members[id]
		if share := m.vitals.CPUShare; share != nil && (cpu == nil || *share > *cpu) {
			cpu = share
		}
	}
	l.tally = l.collector.Tallies(cpu)
}
