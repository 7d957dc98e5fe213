package chaos

import (
	"context"
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
	if !alone {
		return nil
	}
	// Not under the lock: a server that is slow to answer must not keep the next
	// fault from beginning. If one did begin, the connection says nothing.
	if err := p.cfg.Check(ctx, p.Addr()); err != nil && !p.busy() {
		return fmt.Errorf("undo %q: it is off, but a new connection through the proxy does not work: %w", a.kind, err)
	}
	p.change.Lock()
	defer p.change.Unlock()
	a.undone = true
	return nil
}

// takeAway ends the effect. alone is true where that is yet to be read back by
// a connection, with no other fault on that would be in its way.
func (a *proxied) takeAway(ctx context.Context) (alone bool, err error) {
	p := a.proxy
	p.change.Lock()
	defer p.change.Unlock()
	if a.undone {
		return false, nil
	}
	if p.settings.Load().has(a.effect) {
		p.swap(p.settings.Load().without(a.effect))
	}
	if s, ok := a.effect.(starter); ok {
		if err := s.stop(ctx, p); err != nil {
			return false, err
		}
	}
	delete(p.on, a.effect)
	a.undone = len(p.on) > 0
	return !a.undone, nil
}

// busy reports whether a fault is on.
func (p *Proxy) busy() bool {
	p.change.Lock()
	defer p.change.Unlock()
	return len(p.on) > 0
}

// Receipt implements [Applied].
func (a *proxied) Receipt() fault.Receipt { return a.effect.receipt() }
