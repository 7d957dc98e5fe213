package coordinator

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"holdfast.dev/holdfast/fleet"
)

// beat answers a worker that asks whether it may go on.
func (c *Coordinator) beat(msg *nats.Msg) {
	b, err := fleet.Decode[fleet.Beat](msg.Data)
	if err != nil {
		return // who does not speak so is none of ours
	}
	if data, err := json.Marshal(c.confirm(b)); err == nil {
		_ = msg.Respond(data) // who does not hear it stops
	}
}

func (c *Coordinator) confirm(b fleet.Beat) fleet.Confirmation {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.opts.Clock()
	answer := fleet.Confirmation{Now: now}
	m := c.members[b.Worker]
	if m == nil {
		return answer
	}
	answer.Known = true
	if m.lost {
		m.lost = false
		c.opts.Say(fmt.Sprintf("worker %s is back; what it held is another's", m.Name))
	}
	m.heard, m.vitals = now, b.Vitals
	if m.vitals.Mute && c.broken == "" && c.load != nil {
		c.broken = fmt.Sprintf("worker %s cannot tell what it sends: %s", m.Name, m.vitals.Problem)
		c.opts.Say(c.broken)
		c.load.look()
	}
	l := c.load
	if l == nil {
		answer.Lost = b.Lanes
		return answer
	}
	answer.Stop, answer.Abort, answer.Out = l.stopped, l.aborted, l.out()
	if b.Load == l.name {
		answer.Started, answer.At = l.begun, l.at
	}
	for _, h := range b.Lanes {
		if b.Load != l.name || !l.confirm(h, b.Worker, now) {
			answer.Lost = append(answer.Lost, h)
		}
	}
	if b.Load == l.name || len(b.Lanes) == 0 {
		l.letGo(b, now)
	}
	return answer
}

// begin answers a worker that was handed a lane by the broker.
func (c *Coordinator) begin(msg *nats.Msg) {
	b, err := fleet.Decode[fleet.Begin](msg.Data)
	if err != nil {
		return
	}
	c.mu.Lock()
	leave := fleet.Leave{}
	switch m := c.members[b.Worker]; {
	case m == nil:
	case c.load == nil || c.load.name != b.Load:
		leave.Never = true
	default:
		m.heard, m.lost = c.opts.Clock(), false
		leave = c.load.give(b, m)
	}
	c.mu.Unlock()
	if data, err := json.Marshal(leave); err == nil {
		_ = msg.Respond(data) // else the broker hands it out again
	}
}

// watch notices that a worker is not heard of any more, within a fraction of a term.
func (c *Coordinator) watch() {
	tick := time.NewTicker(c.opts.Term / fleet.Renew)
	defer tick.Stop()
	for {
		select {
		case <-c.ctx.Done():
			return
		case <-tick.C:
		}
		c.mu.Lock()
		now := c.opts.Clock()
		for _, m := range c.members {
			if !m.lost && now-m.heard > c.opts.Term {
				m.lost = true
				c.missed(m)
			}
		}
		if c.away > 0 && now-c.away > c.opts.Term && c.broken == "" {
			c.broken = "the broker was lost: it could not be reached for " + c.opts.Term.String()
			c.opts.Say(c.broken)
		}
		if c.load != nil {
			c.load.look()
		}
		c.mu.Unlock()
	}
}

// missed notes that a worker is lost. c.mu is held.
func (c *Coordinator) missed(m *member) {
	what := "worker " + m.Name + " was lost: not heard of for " + c.opts.Term.String()
	if c.load == nil {
		c.opts.Say(what)
		return
	}
	if lanes := c.load.lost(m); lanes != "" {
		what += "; " + lanes
	}
	c.opts.Say(what)
}

// lostBroker and foundBroker note since when the broker is away.
func (c *Coordinator) lostBroker() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.away == 0 {
		c.away = max(c.opts.Clock(), 1)
	}
}

func (c *Coordinator) foundBroker() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.away = 0
}

// probe asks the broker now and then whether it still has what the run keeps there: one
// that was started again has not.
func (c *Coordinator) probe() {
	tick := time.NewTicker(c.opts.Term)
	defer tick.Stop()
	silent := 0
	for {
		select {
		case <-c.ctx.Done():
			return
		case <-tick.C:
		}
		ctx, cancel := context.WithTimeout(c.ctx, c.opts.Term)
		_, err := c.js.Stream(ctx, fleet.ToldStream(c.opts.Run))
		if err == nil {
			_, err = c.js.Stream(ctx, fleet.LanesStream(c.opts.Run))
		}
		cancel()
		switch {
		case err == nil:
			silent = 0
		case c.ctx.Err() != nil:
			return
		case errors.Is(err, jetstream.ErrStreamNotFound):
			c.fail("the broker has lost the streams of the run: it was started again, or they were removed")
			return
		default:
			if silent++; silent > 1 {
				c.fail("the broker does not answer: " + err.Error())
				return
			}
		}
	}
}
