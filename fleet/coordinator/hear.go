package coordinator

import (
	"errors"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"

	"holdfast.dev/holdfast/fleet"
	"holdfast.dev/holdfast/harness/load"
)

// hear takes what workers tell of their lanes, one thing after the other.
func (c *Coordinator) hear(msg jetstream.Msg) {
	defer func() { _ = msg.Ack() }() // once more is no harm: it is known by its number
	t, err := fleet.Decode[fleet.Told](msg.Data())
	if err != nil {
		c.fail("what a worker told cannot be read: " + err.Error())
		return
	}
	c.mu.Lock()
	l := c.load
	if l == nil || l.name != t.Load || l.ended {
		c.mu.Unlock()
		return // of a load that is over
	}
	isNew, err := l.awaits(t)
	c.mu.Unlock()
	if isNew {
		err = errors.Join(l.count(t), l.tell(t)) // before the books, which may end the load
	}
	c.mu.Lock()
	if isNew && err == nil {
		err = l.note(t)
		l.look()
	}
	c.mu.Unlock()
	if err != nil {
		c.fail(fmt.Sprintf("what worker %s told does not fit the load: %v", c.nameOf(t.Worker), err))
	}
}

// tell passes requests and answers on to who is to be told.
func (l *loading) tell(t fleet.Told) error {
	for _, part := range []struct {
		told []byte
		to   func(load.Exchange)
	}{{t.Exchanges, l.config.Observe}, {t.Arrivals, l.config.Arrivals}} {
		for rest := part.told; len(rest) > 0; {
			var x load.Exchange
			var err error
			if x, rest, err = fleet.ReadExchange(rest); err != nil {
				return err
			}
			if part.to != nil {
				part.to(x)
			}
		}
	}
	for _, a := range t.Answers {
		x, _, err := fleet.ReadExchange(a.Exchange)
		if err != nil {
			return err
		}
		if l.config.Answers == nil {
			continue
		}
		ask := load.Request{Method: a.Method, Path: a.Path, Header: a.Asked, Body: a.Body}
		l.config.Answers(x, ask, load.Answer{Status: a.Status, Header: a.Header, Body: a.Answered, Asked: ask})
	}
	return nil
}
