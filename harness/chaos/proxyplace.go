package chaos

import (
	"context"
	"errors"
	"fmt"

	"holdfast.dev/holdfast/fault"
)

// Support implements [Place].
func (p *Proxy) Support() fault.Support {
	if p.cfg.Protocol != Postgres {
		return TCPSupport()
	}
	return ProxySupport()
}

// Apply implements [Place].
func (p *Proxy) Apply(ctx context.Context, f fault.Fault) (Applied, error) {
	support := p.Support()
	if err := support.Accepts(f); err != nil {
		return nil, err
	}
	p.change.Lock()
	defer p.change.Unlock()
	for _, on := range p.on {
		if err := support.Conflict(on, f.Kind); err != nil {
			return nil, err
		}
	}
	if p.readBack != nil {
		p.readBack(errDisturbed)
	}
	e := effectOf(f)
	p.swap(p.settings.Load().with(e))
	if s, ok := e.(starter); ok {
		if err := s.start(ctx, p); err != nil {
			p.swap(p.settings.Load().without(e))
			return nil, fmt.Errorf("start %q: %w", f.Kind, err)
		}
	}
	p.on[e] = f.Kind
	return withName(f, &proxied{proxy: p, kind: f.Kind, effect: e}, nil)
}

// swap puts new settings into force and wakes whoever waits by the old ones.
func (p *Proxy) swap(s *settings) {
	close(p.settings.Swap(s).changed)
}

// proxied is a fault in force at a proxy.
type proxied struct {
	proxy  *Proxy
	kind   fault.Kind
	effect effect
	undone bool // guarded by proxy.change
}

// Undo implements [Applied]. With no other fault left on, it is read back by a
// new connection through the proxy; with others on, that they remain alone.
func (a *proxied) Undo(ctx context.Context) error {
	p := a.proxy
	alone, err := a.takeAway(ctx)
	if err != nil {
		return fmt.Errorf("undo %q: %w", a.kind, err)
	}
	if alone == nil {
		return nil
	}
	// Not under the lock: a server that is slow to answer must not keep the next
	// fault from beginning. If one did begin, be it over again by now, the connection
	// says nothing.
	if err := p.cfg.Check(alone, p.Addr()); err != nil && !errors.Is(context.Cause(alone), errDisturbed) {
		return fmt.Errorf("undo %q: it is off, but a new connection through the proxy does not work: %w", a.kind, err)
	}
	p.change.Lock()
	defer p.change.Unlock()
	a.undone = true
	return nil
}

// errDisturbed ends a read-back that another fault would be in the way of.
var errDisturbed = errors.New("another fault begins")

// takeAway ends the effect. alone is given where that is yet to be read back by a
// connection, and ends when another fault begins.
func (a *proxied) takeAway(ctx context.Context) (alone context.Context, err error) {
	p := a.proxy
	p.change.Lock()
	defer p.change.Unlock()
	if a.undone {
		return nil, nil
	}
	if p.settings.Load().has(a.effect) {
		p.swap(p.settings.Load().without(a.effect))
	}
	if s, ok := a.effect.(starter); ok {
		if err := s.stop(ctx, p); err != nil {
			return nil, err
		}
	}
	delete(p.on, a.effect)
	if a.undone = len(p.on) > 0; a.undone {
		return nil, nil
	}
	alone, p.readBack = context.WithCancelCause(ctx)
	return alone, nil
}

// Receipt implements [Applied].
func (a *proxied) Receipt() fault.Receipt { return a.effect.receipt() }
