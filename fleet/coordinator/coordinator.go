// Package coordinator has load sent by the workers of a fleet: it is a harness.Sender.
// It waits for workers at a broker, gives each a load as data and a lane of it, confirms
// again and again that they may go on, and puts together what they tell.
//
// Enter at [Open]. What a load needs of the coordinator ends with it: when it is gone, no
// worker is confirmed any more, and all load stops after a term.
package coordinator

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"holdfast.dev/holdfast/fleet"
	"holdfast.dev/holdfast/fleet/broker"
	"holdfast.dev/holdfast/harness/load"
)

// Options are all that a coordinator is told.
type Options struct {
	// Run names the run at the broker: letters, digits and -.
	Run string
	// Broker says where the broker is.
	Broker broker.Options
	// Workers is how many are waited for. 0: all that are there when the first has been for
	// a moment.
	Workers int
	// Join is how long workers are waited for. Defaults to DefaultJoin.
	Join time.Duration
	// Hosts are those that loads will go to, each HOST:PORT, as far as that is known before:
	// a worker that may not send to them is refused at once.
	Hosts []string
	// Policy is what is done about a lost worker. Defaults to fleet.TakeOver.
	Policy fleet.Policy
	// Term is for how long a worker may send that nobody has confirmed. Defaults to
	// fleet.Term.
	Term time.Duration
	// Version is the program's. Workers of another are refused.
	Version string
	// Clock is this process's. Defaults to fleet.NewClock.
	Clock fleet.Clock
	// Say is told what happens, for people. Defaults to nobody.
	Say func(string)

	fresh time.Duration // how old what a run has at the broker must be to be swept
}

// DefaultJoin is how long workers are waited for.
const DefaultJoin = 30 * time.Second

func (o Options) withDefaults() Options {
	if o.Join == 0 {
		o.Join = DefaultJoin
	}
	if o.Policy == "" {
		o.Policy = fleet.TakeOver
	}
	if o.fresh == 0 {
		o.fresh = fresh
	}
	if o.Term == 0 {
		o.Term = fleet.Term
	}
	if o.Clock == nil {
		o.Clock = fleet.NewClock()
	}
	if o.Say == nil {
		o.Say = func(string) {}
	}
	return o
}

// Coordinator has loads sent by workers. Its methods may be called by many goroutines, but
// one load goes on at a time.
type Coordinator struct {
	opts Options
	host string
	nc   *nats.Conn
	js   jetstream.JetStream
	ctx  context.Context
	quit context.CancelFunc
	work sync.WaitGroup
	told jetstream.ConsumeContext

	mu      sync.Mutex         // guards all below
	members map[string]*member // by the id of the worker
	load    *loading           // the one that goes on; nil: none
	loads   int                // so far
	broken  string             // why the fleet cannot go on; empty: it can
	away    time.Duration      // since when the broker is away, on the clock; 0: it is there
}

// member is a worker of the run.
type member struct {
	fleet.Presence
	clock  fleet.Estimate
	heard  time.Duration // when it was last heard of, on the clock
	vitals fleet.Vitals
	lost   bool
}

// Open connects to the broker, waits for workers and claims them. The caller must call
// [Coordinator.Close].
func Open(ctx context.Context, opts Options) (*Coordinator, error) {
	c := &Coordinator{opts: opts.withDefaults(), members: make(map[string]*member)}
	c.host, _ = os.Hostname() // without one every worker is on another machine
	c.ctx, c.quit = context.WithCancel(context.WithoutCancel(ctx))
	if err := c.open(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open the fleet: %w", err), c.Close())
	}
	return c, nil
}

func (c *Coordinator) open(ctx context.Context) error {
	var err error
	if c.nc, err = c.opts.Broker.Connect(ctx, func(error) { c.lostBroker() }, c.foundBroker); err != nil {
		return err
	}
	if c.js, err = jetstream.New(c.nc); err != nil {
		return err
	}
	c.sweep(ctx) // or there may be no room at the broker
	if err := c.setUp(ctx); err != nil {
		return fmt.Errorf("set up JetStream: %w", err)
	}
	if _, err := c.nc.Subscribe(fleet.BeatSubject(c.opts.Run), c.beat); err != nil {
		return err
	}
	if _, err := c.nc.Subscribe(fleet.BeginSubject(c.opts.Run), c.begin); err != nil {
		return err
	}
	found, err := c.join(ctx)
	if err != nil {
		return err
	}
	if err := c.claim(ctx, found); err != nil {
		return err
	}
	c.work.Go(c.watch)
	c.work.Go(c.probe)
	return nil
}

// Bounds of what the broker keeps for a run, in bytes. It keeps it in memory.
const (
	maxTold    = 64 << 20
	maxWaiting = 4096 // workers that wait for a lane at once
	dedupe     = 2 * time.Minute
)

// setUp makes the streams of the run.
func (c *Coordinator) setUp(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	run := c.opts.Run
	if _, err := c.js.CreateOrUpdateKeyValue(ctx, jetstream.KeyValueConfig{Bucket: fleet.PresenceBucket, TTL: fleet.PresenceTTL, Storage: jetstream.MemoryStorage}); err != nil {
		return err
	}
	if _, err := c.js.CreateStream(ctx, jetstream.StreamConfig{
		Name: fleet.LanesStream(run), Subjects: []string{fleet.LaneSubjects(run)}, Retention: jetstream.WorkQueuePolicy,
		Storage: jetstream.MemoryStorage, Discard: jetstream.DiscardNew, MaxMsgSize: fleet.MaxMessage,
	}); err != nil {
		return err
	}
	if _, err := c.js.CreateOrUpdateConsumer(ctx, fleet.LanesStream(run), jetstream.ConsumerConfig{
		Durable: fleet.Workers, AckPolicy: jetstream.AckExplicitPolicy, AckWait: c.opts.Term, MaxDeliver: -1, MaxAckPending: -1, MaxWaiting: maxWaiting,
	}); err != nil {
		return err
	}
	if _, err := c.js.CreateStream(ctx, jetstream.StreamConfig{
		Name: fleet.ToldStream(run), Subjects: []string{fleet.ToldSubjects(run)}, Retention: jetstream.WorkQueuePolicy,
		Storage: jetstream.MemoryStorage, Discard: jetstream.DiscardNew, MaxBytes: maxTold, MaxMsgSize: fleet.MaxMessage, Duplicates: dedupe,
	}); err != nil {
		return err
	}
	told, err := c.js.CreateOrUpdateConsumer(ctx, fleet.ToldStream(run), jetstream.ConsumerConfig{
		Durable: fleet.Coordinator, AckPolicy: jetstream.AckExplicitPolicy, AckWait: dedupe, MaxDeliver: -1, MaxAckPending: maxWaiting,
	})
	if err != nil {
		return err
	}
	if _, err := c.js.CreateObjectStore(ctx, jetstream.ObjectStoreConfig{Bucket: fleet.PlansBucket(run), Storage: jetstream.MemoryStorage, MaxBytes: 2 * fleet.MaxPlan}); err != nil {
		return err
	}
	c.told, err = told.Consume(c.hear)
	return err
}

const connectTimeout = 10 * time.Second

// Close releases the workers and takes away what the run has at the broker.
func (c *Coordinator) Close() error {
	c.quit()
	var errs []error
	if c.nc != nil {
		c.release()
		if c.told != nil {
			c.told.Stop()
			select {
			case <-c.told.Closed():
			case <-time.After(connectTimeout): // it is cut off
			}
		}
		errs = append(errs, c.clear(c.opts.Run))
		c.nc.Close()
	}
	c.work.Wait()
	return errors.Join(errs...)
}

// clear takes away what a run has at the broker, if that can be reached.
func (c *Coordinator) clear(run string) error {
	if c.js == nil || !c.nc.IsConnected() {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.ctx), connectTimeout)
	defer cancel()
	var errs []error
	for _, err := range []error{
		c.js.DeleteStream(ctx, fleet.LanesStream(run)), c.js.DeleteStream(ctx, fleet.ToldStream(run)), c.js.DeleteObjectStore(ctx, fleet.PlansBucket(run)),
	} {
		if err != nil && !errors.Is(err, jetstream.ErrStreamNotFound) && !errors.Is(err, jetstream.ErrBucketNotFound) {
			errs = append(errs, fmt.Errorf("clear the broker: %w", err))
		}
	}
	return errors.Join(errs...)
}

// Workers are the names of the workers of the run, sorted.
func (c *Coordinator) Workers() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var all []string
	for _, m := range c.members {
		all = append(all, m.Name)
	}
	slices.Sort(all)
	return all
}

// Ceiling is what the fleet can send: all lanes carry the same, so it is the slowest worker
// that counts.
func (c *Coordinator) Ceiling() load.Ceiling {
	c.mu.Lock()
	defer c.mu.Unlock()
	least := 0.0
	for _, m := range c.members {
		if least == 0 || m.PerSecond < least {
			least = m.PerSecond
		}
	}
	return load.Ceiling{PerSecond: least * float64(len(c.members))}
}

// fail notes why the fleet cannot go on. The first reason is kept.
func (c *Coordinator) fail(why string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.broken == "" {
		c.broken = why
		c.opts.Say(why)
	}
	if c.load != nil {
		c.load.look()
	}
}

// names lists workers for people.
func names(all []string) string { return strings.Join(all, ", ") }
