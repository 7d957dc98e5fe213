package coordinator

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"holdfast.dev/holdfast/fleet"
)

const (
	lookEvery = 100 * time.Millisecond
	// settle is how long a worker must have been there where nobody said how many are to come.
	settle = 2 * time.Second
	// orderTimeout bounds an order that takes no time; prepareTimeout one with a load to fetch.
	orderTimeout   = 10 * time.Second
	prepareTimeout = 45 * time.Second
)

// join waits until as many workers wait as are asked for.
func (c *Coordinator) join(ctx context.Context) ([]fleet.Presence, error) {
	ctx, cancel := context.WithTimeout(ctx, c.opts.Join)
	defer cancel()
	kv, err := c.js.KeyValue(ctx, fleet.PresenceBucket)
	if err != nil {
		return nil, fmt.Errorf("look for workers: %w", err)
	}
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	first := time.Time{}
	var found []fleet.Presence
	for {
		if all, err := present(ctx, kv); err == nil {
			found = c.fit(all)
		}
		if len(found) > 0 && first.IsZero() {
			first = time.Now()
		}
		switch {
		case c.opts.Workers > 0 && len(found) >= c.opts.Workers:
			return found[:c.opts.Workers], nil
		case c.opts.Workers == 0 && len(found) > 0 && time.Since(first) > settle:
			return found, nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil, c.tooFew(found, context.Cause(ctx))
		}
	}
}

func (c *Coordinator) tooFew(found []fleet.Presence, cause error) error {
	if !errors.Is(cause, context.DeadlineExceeded) {
		return cause
	}
	who := "none waits"
	if len(found) > 0 {
		var all []string
		for _, p := range found {
			all = append(all, p.Name)
		}
		who = names(all) + " wait"
	}
	return fmt.Errorf("%d workers were to come within %s, and %s there; start them with holdfast worker --nats %s, of version %s", max(c.opts.Workers, 1), c.opts.Join, who, c.opts.Broker.URL, c.opts.Version)
}

// present are the workers that say that they are there.
func present(ctx context.Context, kv jetstream.KeyValue) ([]fleet.Presence, error) {
	ids, err := kv.Keys(ctx)
	if err != nil {
		return nil, err
	}
	var all []fleet.Presence
	for _, id := range ids {
		entry, err := kv.Get(ctx, id)
		if err != nil {
			continue // it has left meanwhile
		}
		p, err := fleet.Decode[fleet.Presence](entry.Value())
		if err != nil || p.ID != id || p.Name == "" {
			continue // of another program
		}
		all = append(all, p)
	}
	return all, nil
}

// fit are those that can be claimed, by name; each name once.
func (c *Coordinator) fit(all []fleet.Presence) []fleet.Presence {
	all = slices.DeleteFunc(all, func(p fleet.Presence) bool { return p.Run != "" || p.Version != c.opts.Version })
	slices.SortFunc(all, func(a, b fleet.Presence) int { return strings.Compare(a.Name+a.ID, b.Name+b.ID) })
	times := make(map[string]int)
	for i := range all {
		times[all[i].Name]++
		if n := times[all[i].Name]; n > 1 {
			all[i].Name = fmt.Sprintf("%s-%d", all[i].Name, n)
		}
	}
	return all
}

// claim takes workers for the run. One whose clock cannot be pinned is refused. Whoever has
// followed is one of the run's, also where another has not: it is released with it.
func (c *Coordinator) claim(ctx context.Context, found []fleet.Presence) error {
	if err := c.mayAllSend(found); err != nil {
		return err
	}
	replies, err := c.orderAll(ctx, ids(found), fleet.Order{Claim: &fleet.Claim{}}, prepareTimeout)
	c.mu.Lock()
	defer c.mu.Unlock()
	errs := []error{err}
	for _, p := range found {
		r, follows := replies[p.ID]
		if !follows {
			continue
		}
		if err := r.Clock.Pinned(); err != nil {
			errs = append(errs, fmt.Errorf("worker %s is refused: %w", p.Name, err))
		}
		c.members[p.ID] = &member{Presence: p, clock: r.Clock, heard: c.opts.Clock()}
	}
	return errors.Join(errs...)
}

// mayAllSend names the workers that may not send to whom the run will have load sent to.
func (c *Coordinator) mayAllSend(found []fleet.Presence) error {
	var errs []error
	for _, p := range found {
		if err := fleet.MaySend(p.Allows, c.opts.Hosts); err != nil {
			errs = append(errs, fmt.Errorf("worker %s is refused: %w", p.Name, err))
		}
	}
	return errors.Join(errs...)
}

// deserted reports whether no worker was heard of for so long that none comes back. c.mu is
// held.
func (c *Coordinator) deserted(now time.Duration) bool {
	for _, m := range c.members {
		if now-m.heard <= fleet.Gone*c.opts.Term {
			return false
		}
	}
	return true
}

func ids(all []fleet.Presence) []string {
	var list []string
	for _, p := range all {
		list = append(list, p.ID)
	}
	return list
}

// order asks one worker to do something.
func (c *Coordinator) order(ctx context.Context, id string, o fleet.Order, timeout time.Duration) (fleet.Reply, error) {
	o.Run, o.Term = c.opts.Run, c.opts.Term
	data, err := json.Marshal(o)
	if err != nil {
		return fleet.Reply{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	msg, err := c.nc.RequestWithContext(ctx, fleet.OrderSubject(id), data)
	if err != nil {
		return fleet.Reply{}, fmt.Errorf("it does not answer: %w", err)
	}
	r, err := fleet.Decode[fleet.Reply](msg.Data)
	if err == nil && r.Refused != "" {
		err = errors.New(r.Refused)
	}
	return r, err
}

// orderAll asks several workers at once, and names each that does not follow. Those that
// do have replied.
func (c *Coordinator) orderAll(ctx context.Context, ids []string, o fleet.Order, timeout time.Duration) (map[string]fleet.Reply, error) {
	var mu sync.Mutex
	var asking sync.WaitGroup
	replies := make(map[string]fleet.Reply)
	var errs []error
	for _, id := range ids {
		asking.Go(func() {
			r, err := c.order(ctx, id, o, timeout)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				errs = append(errs, fmt.Errorf("worker %s is refused: %w", c.nameOf(id), err))
				return
			}
			replies[id] = r
		})
	}
	asking.Wait()
	return replies, errors.Join(errs...)
}

// nameOf is what people call a worker.
func (c *Coordinator) nameOf(id string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if m := c.members[id]; m != nil {
		return m.Name
	}
	return id
}

// alive are the ids of the workers that were heard of, by name.
func (c *Coordinator) alive() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var all []*member
	for _, m := range c.members {
		if !m.lost {
			all = append(all, m)
		}
	}
	slices.SortFunc(all, func(a, b *member) int { return strings.Compare(a.Name, b.Name) })
	list := make([]string, len(all))
	for i, m := range all {
		list[i] = m.ID
	}
	return list
}

// release lets the workers go. Who does not hear it finds out by itself.
func (c *Coordinator) release() {
	if !c.nc.IsConnected() {
		return
	}
	ctx := context.WithoutCancel(c.ctx)
	_, _ = c.orderAll(ctx, c.alive(), fleet.Order{Release: &fleet.Release{}}, c.opts.Term)
}
