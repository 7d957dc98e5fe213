package chaos

import (
	"context"
	"errors"
	"fmt"
	"net"
	"syscall"

	"holdfast.dev/holdfast/fault"
)

func newRefusing(r fault.Refuse) effect { return &refusing{Refuse: r} }

// refusing is a [fault.Refuse] in force.
type refusing struct {
	fault.Refuse
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

func (r *refusing) receipt() fault.Receipt {
	receipt := fault.Receipt{Declared: "new connections are refused"}
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
