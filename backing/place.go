package backing

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"

	"holdfast.dev/holdfast/fault"
	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/chaos"
	"holdfast.dev/holdfast/harness/target"
)

// Backing is a dependency that is open. It is a [harness.Fake].
type Backing struct {
	config   Config
	own      string           // host:port of the program itself
	proxy    *chaos.Proxy     // nil: nothing stands before it
	system   *target.System   // nil: it is somebody else's
	instance *target.Instance // of the system
	signals  *chaos.Signals
}

var _ harness.Fake = (*Backing)(nil)

// Support implements [chaos.Place].
func (b *Backing) Support() fault.Support { return b.config.Support() }

// Apply implements [chaos.Place]: by the proxy, or by the program's process.
func (b *Backing) Apply(ctx context.Context, f fault.Fault) (chaos.Applied, error) {
	if err := b.Support().Accepts(f); err != nil {
		return nil, err
	}
	switch {
	case isOfProcess(f.Kind):
		return b.signals.Apply(ctx, f)
	case b.proxy == nil:
		return nil, fmt.Errorf("%q: nothing stands before %s", f.Kind, b.config.Name)
	}
	return b.proxy.Apply(ctx, f)
}

// Settings implements [harness.Fake]: what is exported stands in the dependency.
func (b *Backing) Settings() map[string]string { return nil }

// client is where it is found.
func (b *Backing) client() string {
	if b.proxy != nil {
		return b.proxy.Addr()
	}
	return b.own
}

// Values are where clients find it: address, host, port and url.
func (b *Backing) Values() map[string]string {
	address := b.client()
	host, port, _ := net.SplitHostPort(address)
	return map[string]string{"address": address, "host": host, "port": port, "url": cmp.Or(b.config.Scheme, "http") + "://" + address}
}

// Addresses are those at which it is called.
func (b *Backing) Addresses() []string { return []string{b.client()} }

// Bypass is the program's own address, which nobody but the proxy before it is to
// call; empty where there is none.
func (b *Backing) Bypass() []string {
	if b.proxy == nil {
		return nil
	}
	return []string{b.own}
}

// Written counts the bytes that its clients have sent to it; false where nobody
// counts.
func (b *Backing) Written() (bytes int64, counted bool) {
	if b.proxy == nil {
		return 0, false
	}
	return b.proxy.Stats().BytesUp, true
}

// Unexpected are the ends of the program that nothing had asked for, in words; none
// where it is somebody else's.
func (b *Backing) Unexpected() []string {
	if b.instance == nil {
		return nil
	}
	var all []string
	for _, e := range b.instance.Ends() {
		if e.EndS != nil && !e.Expected {
			all = append(all, e.String())
		}
	}
	return all
}

// Log are the program's last lines; none of what is somebody else's.
func (b *Backing) Log() []string {
	if b.instance == nil {
		return nil
	}
	return b.instance.Log()
}

// Close stops the program, in order, so that it can save what it keeps, and the
// proxy before it.
func (b *Backing) Close() error {
	var err error
	if b.system != nil {
		err = b.system.Stop(context.Background())
	}
	if b.proxy != nil {
		err = errors.Join(err, b.proxy.Close())
	}
	return err
}
