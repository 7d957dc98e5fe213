// Package worker is a process of a fleet that sends load: it waits at a broker until a
// run claims it, and sends the lanes that it is handed.
//
// It executes data and nothing else: a load is streams, profiles and templates, and goes to
// the hosts that were allowed on the worker's own command line alone.
//
// Enter at [Run].
package worker

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"holdfast.dev/holdfast/fleet"
	"holdfast.dev/holdfast/fleet/broker"
)

// Options are all that a worker is told.
type Options struct {
	Broker broker.Options
	// Name is what reports call it. Defaults to the host's name and the process's number.
	Name string
	// Host is the name of its machine. Defaults to what the machine says.
	Host string
	// Allow are the hosts that load may be sent to: HOST, or HOST:PORT.
	Allow []string
	// Runs is for how many runs it waits before it ends. Defaults to any number.
	Runs int
	// Version is the program's; a run has workers of its own version alone.
	Version string
	// PerSecond is what it can send to a target that does nothing.
	PerSecond float64
	// Clock is this process's. Defaults to fleet.NewClock.
	Clock fleet.Clock
	// Say is told what happens, for people. Defaults to nobody.
	Say func(string)
}

func (o Options) withDefaults() Options {
	if o.Host == "" {
		o.Host, _ = os.Hostname() // without one it is known by its name alone
	}
	if o.Name == "" {
		o.Name = fmt.Sprintf("%s-%d", o.Host, os.Getpid())
	}
	if o.Clock == nil {
		o.Clock = fleet.NewClock()
	}
	if o.Say == nil {
		o.Say = func(string) {}
	}
	return o
}

// ErrAbandoned is that the coordinator of the run went away and nothing more is waited for.
var ErrAbandoned = errors.New("the coordinator of the run is gone")

const (
	presenceEvery = time.Second
	// orderBacklog bounds the orders that wait for their turn.
	orderBacklog = 64
)

// Run waits for runs and sends their load until ctx ends, or until it has served as many
// as it was told.
func Run(ctx context.Context, opts Options) error {
	opts = opts.withDefaults()
	nc, err := opts.Broker.Connect(ctx, nil, nil)
	if err != nil {
		return err
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		return fmt.Errorf("use JetStream: %w", err)
	}
	var id [8]byte
	_, _ = rand.Read(id[:]) // never fails, by its contract
	w := &worker{opts: opts, id: hex.EncodeToString(id[:]), nc: nc, js: js}
	return w.serve(ctx)
}

type worker struct {
	opts Options
	id   string
	nc   *nats.Conn
	js   jetstream.JetStream
	job  *job // the run that it works for; nil: it waits
}

// serve takes one order after the other.
func (w *worker) serve(ctx context.Context) error {
	orders := make(chan *nats.Msg, orderBacklog)
	sub, err := w.nc.ChanSubscribe(fleet.OrderSubject(w.id), orders)
	if err != nil {
		return fmt.Errorf("wait for orders: %w", err)
	}
	defer func() { _ = sub.Unsubscribe() }() // the connection ends anyway
	here, err := w.announce(ctx)
	if err != nil {
		return err
	}
	defer here.leave()
	defer func() { w.end(context.Canceled) }()
	w.opts.Say(fmt.Sprintf("worker %s waits at %s", w.opts.Name, w.opts.Broker.URL))
	served := 0
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-w.gone():
			w.opts.Say("the coordinator is gone: all load has ended")
			if w.job.hasServed() {
				served++
			}
			w.end(ErrAbandoned)
			if w.opts.Runs > 0 && served >= w.opts.Runs {
				return ErrAbandoned
			}
			here.now(w.presence())
		case msg := <-orders:
			reply, has := w.follow(ctx, msg.Data)
			here.now(w.presence())
			if data, err := json.Marshal(reply); err == nil {
				_ = msg.Respond(data) // who asked is told nothing, and asks again or gives up
			}
			if !has {
				continue
			}
			if served++; w.opts.Runs > 0 && served >= w.opts.Runs {
				_ = w.nc.FlushTimeout(time.Second) // the answer should get there; the run is over in any case
				return nil
			}
		}
	}
}

// gone is closed when the coordinator of the run has been silent for too long.
func (w *worker) gone() <-chan struct{} {
	if w.job == nil {
		return nil
	}
	return w.job.gone
}

// end ends the run that it works for, if there is one, and waits for it.
func (w *worker) end(cause error) {
	if w.job != nil {
		w.job.end(cause)
		w.job = nil
	}
}

// follow carries out one order. Served says that a run which gave it load has let it go.
func (w *worker) follow(ctx context.Context, data []byte) (reply fleet.Reply, served bool) {
	o, err := fleet.Decode[fleet.Order](data)
	if err != nil {
		return fleet.Reply{Refused: err.Error()}, false
	}
	if o.Claim != nil {
		return w.claim(ctx, o), false
	}
	if w.job == nil || w.job.run != o.Run {
		return fleet.Reply{Refused: "it does not work for this run"}, false
	}
	switch {
	case o.Prepare != nil:
		err = w.job.prepare(ctx, *o.Prepare)
	case o.Start != nil:
		err = w.job.start(*o.Start)
	case o.Drop != nil:
		w.job.drop(o.Drop.Load)
	case o.Release != nil:
		served = w.job.hasServed()
		w.end(context.Canceled)
		return fleet.Reply{}, served
	default:
		err = errors.New("it does not know this order")
	}
	if err != nil {
		return fleet.Reply{Refused: err.Error()}, false
	}
	return fleet.Reply{}, false
}

// claim begins to work for a run.
func (w *worker) claim(ctx context.Context, o fleet.Order) fleet.Reply {
	if w.job != nil && w.job.run != o.Run {
		return fleet.Reply{Refused: "it works for another run"}
	}
	if o.Term <= 0 || o.Term > fleet.MaxTerm {
		return fleet.Reply{Refused: fmt.Sprintf("the run gives a term of %s, which is to be above 0 and at most %s", o.Term, fleet.MaxTerm)}
	}
	w.end(context.Canceled)
	j := newJob(ctx, w, o.Run, o.Term)
	clock, err := j.pin(ctx)
	if err != nil {
		j.end(err)
		return fleet.Reply{Refused: err.Error()}
	}
	w.job = j
	j.work.Go(j.beats)
	return fleet.Reply{Clock: clock}
}

func (w *worker) presence() fleet.Presence {
	p := fleet.Presence{
		ID: w.id, Name: w.opts.Name, Host: w.opts.Host, Processors: runtime.GOMAXPROCS(0), Version: w.opts.Version, Allows: w.opts.Allow,
		PerSecond: w.opts.PerSecond,
	}
	if w.job != nil {
		p.Run = w.job.run
	}
	return p
}
