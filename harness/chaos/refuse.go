package chaos

import (
	"context"
	"errors"
	"fmt"
	"net"
	"syscall"
)

// Refuse makes the kernel refuse new connections: nobody listens any more.
type Refuse struct {
	// Cut also resets the connections that are open, as a server that crashes
	// does. A client with a warm pool notices nothing of the fault without it.
	Cut bool
}

func refuseSpec() Spec {
	return Spec{
		Name: "refuse", Form: "refuse [cut]", Place: OnProxy,
		Example: Refuse{Cut: true},
		Models:  "a server that is down, a restart, a deploy",
		Acts:    "new connections are refused by the kernel (ECONNREFUSED); open ones are left alone, or with cut reset",
		Counts: "open connections that were cut, and one: a connection of our own that was seen to be refused; " +
			"how many others the kernel refused cannot be counted",
		Correct: "takes it for temporary: a request that was never sent may be repeated; backs off; answers 503 meanwhile",
		Undoing: "the proxy listens at the same address and a new connection through it is answered",
		parse:   func(w *words) Kind { return Refuse{Cut: w.keyword("cut")} },
	}
}

// String implements [Kind].
func (r Refuse) String() string { return text("refuse", when(r.Cut, "cut")) }

func (Refuse) decidesOnNew() {}

func (r Refuse) effect() effect { return &refusing{Refuse: r} }

// refusing is a [Refuse] in force.
type refusing struct {
	Refuse
	tally
	seen bool // our own connection was refused; written before the effect is known to others
	off  bool // guarded by Proxy.change
}

func (r *refusing) start(ctx context.Context, p *Proxy) error {
	p.unlisten()
	if err := seeRefused(ctx, p.Addr()); err != nil {
		return errors.Join(err, p.listen())
	}
	r.seen = true
	if r.Cut {
		for _, l := range p.endLinks(true) {
			r.hit(l)
		}
	}
	return nil
}

func (r *refusing) stop(_ context.Context, p *Proxy) error {
	if r.off {
		return nil
	}
	if err := p.listen(); err != nil {
		return err
	}
	r.off = true
	return nil
}

// seeRefused returns nil if a connection to addr is refused.
func seeRefused(ctx context.Context, addr string) error {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", addr)
	if err == nil {
		_ = conn.Close()
		return errors.New("a new connection was not refused")
	}
	if !errors.Is(err, syscall.ECONNREFUSED) {
		return fmt.Errorf("a new connection was not refused: %w", err)
	}
	return nil
}

func (r *refusing) receipt() Receipt {
	receipt := Receipt{Declared: "new connections are refused"}
	if r.Cut {
		receipt.Declared += ", open ones are reset"
	}
	receipt.Fired, receipt.Touched = r.counts()
	if r.seen {
		receipt.Fired++
		receipt.Measured = "a connection of our own was refused"
	}
	if r.Cut {
		receipt.Measured += fmt.Sprintf("; %d open connections were reset", receipt.Touched)
	}
	return receipt
}
