package httpfault

import (
	"context"
	"errors"
	"net/http"
	"time"
)

// Plan is what is to happen to one request. A nil plan does nothing. It is used
// by one goroutine at a time: Wait, Change, then Take, and at last Done.
type Plan struct {
	since func() time.Duration
	acts  []act
}

// Refused says whether the request's work is not to be carried out.
func (p *Plan) Refused() bool {
	if p == nil {
		return false
	}
	for i := range p.acts {
		if r, ok := p.acts[i].behaviour.(refuser); ok && r.Refuses() {
			return true
		}
		if o, ok := p.acts[i].behaviour.(overloading); ok && o.sheds(p.acts[i].draw) {
			return true
		}
	}
	return false
}

// Stuck says whether the request's work is not to be carried out before its
// wait is over.
func (p *Plan) Stuck() bool {
	if p == nil {
		return false
	}
	for i := range p.acts {
		if _, ok := p.acts[i].behaviour.(hangingHeaders); ok {
			return true
		}
	}
	return false
}

// Wait lets pass the time before the answer's first byte. It returns [ErrGone]
// when ctx ends: the client has let go.
func (p *Plan) Wait(ctx context.Context) error {
	if p == nil {
		return nil
	}
	for i := range p.acts {
		a := &p.acts[i]
		w, ok := a.behaviour.(waiter)
		if !ok {
			continue
		}
		d := w.Wait(a.draw)
		a.fired = true
		begin := time.Now()
		lifted, err := a.hold().pause(ctx, d)
		if err != nil {
			if _, lingers := a.behaviour.(overloading); lingers {
				a.armed.abandon(a.draw.Now.Add(d))
			}
			return err
		}
		if !lifted {
			a.armed.waited(time.Since(begin))
		}
	}
	return nil
}

// Change changes the answer.
func (p *Plan) Change(answer *Answer) {
	if p == nil {
		return
	}
	for i := range p.acts {
		if c, ok := p.acts[i].behaviour.(changer); ok {
			changed := c.Change(p.acts[i].draw, answer)
			p.acts[i].fired = p.acts[i].fired || changed
		}
	}
}

// Sent is how an answer was sent.
type Sent int

// How an answer was sent.
const (
	Whole Sent = iota // all of it
	Torn              // a fault kept the client from having all of it
	Gone              // the client let go first
)

// Take takes the connection over, if a fault sends the answer in a way of its
// own, and returns what sends it; nil if none does. What is returned is to be
// called once, by any goroutine; the one that serves the request need not wait,
// and then costs no memory. ctx is to end when the server closes.
func (p *Plan) Take(ctx context.Context, w http.ResponseWriter, answer *Answer) (send func() Sent, err error) {
	if p == nil {
		return nil, nil
	}
	for i := range p.acts {
		a := &p.acts[i]
		s, ok := a.behaviour.(sender)
		if !ok {
			continue
		}
		x, err := takeOver(ctx, w, answer, a.draw, a.hold())
		if err != nil {
			return nil, err
		}
		return func() Sent { return a.send(s, x) }, nil
	}
	return nil, nil
}

func (a *act) send(s sender, x *Exchange) Sent {
	defer x.close()
	whole, err := s.Send(x)
	a.fired = !errors.Is(err, ErrGone)
	switch {
	case err == nil && whole:
		return Whole
	case err == nil || errors.Is(err, errLifted):
		return Torn
	default:
		return Gone
	}
}

// Greeting says what becomes of the connection; 0 if nothing does.
func (p *Plan) Greeting() Greeting {
	if p == nil {
		return 0
	}
	g, _ := p.acts[0].behaviour.(greeter)
	return g.Greet()
}

// Held waits while the connection is held, until its fault is over or ctx ends.
func (p *Plan) Held(ctx context.Context) error {
	p.acts[0].fired = true
	_, err := p.acts[0].hold().pause(ctx, Forever)
	return err
}

// Acting returns the names of the faults that are to act, in the order of the
// set.
func (p *Plan) Acting() []string { return p.names(func(*act) bool { return true }) }

// Fired returns the names of the faults that acted, in the order of the set.
func (p *Plan) Fired() []string { return p.names(func(a *act) bool { return a.fired }) }

func (p *Plan) names(of func(*act) bool) []string {
	if p == nil {
		return nil
	}
	var out []string
	for i := range p.acts {
		if of(&p.acts[i]) {
			out = append(out, p.acts[i].armed.name)
		}
	}
	return out
}

// Done ends the request's stay with its faults.
func (p *Plan) Done() {
	if p == nil {
		return
	}
	at := p.since()
	for i := range p.acts {
		p.acts[i].armed.leave(p.acts[i].fired, at)
	}
	p.acts = nil
}
