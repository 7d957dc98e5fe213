package load

import (
	"errors"
	"net/http"
	"net/url"
	"sync/atomic"
	"syscall"
)

// Balancer spreads requests over several addresses of one service, one after the
// other, as a load balancer does. An address that is not ready is left out. So is
// one that refuses a connection, until it is said to be ready again, and the
// request goes to the next: nothing of it was sent. Where none is left, requests go
// to all in turn, and fail as they do.
type Balancer struct {
	addresses []*address
	turn      atomic.Uint64
}

// address is one of those that a service answers at.
type address struct {
	base     *url.URL
	template *http.Request
	prefix   string // of every path, escaped
	out      atomic.Bool
}

// NewBalancer balances between base URLs of one service, which are taken for ready.
func NewBalancer(urls ...string) (*Balancer, error) {
	b := new(Balancer)
	if len(urls) == 0 {
		return nil, errors.New("balance the load: there is no address")
	}
	for _, text := range urls {
		base, err := parseBase(text)
		if err != nil {
			return nil, err
		}
		b.addresses = append(b.addresses, &address{base: base, template: newTemplate(base), prefix: base.EscapedPath()})
	}
	return b, nil
}

// Ready says whether the address of that number, from 0, can be sent requests.
func (b *Balancer) Ready(i int, ready bool) { b.addresses[i].out.Store(!ready) }

// Len is how many addresses there are.
func (b *Balancer) Len() int { return len(b.addresses) }

// Out are the addresses, by their numbers, that are not sent requests now.
func (b *Balancer) Out() []int {
	var all []int
	for i, a := range b.addresses {
		if a.out.Load() {
			all = append(all, i)
		}
	}
	return all
}

// urls are its addresses; none where there is no balancer.
func (b *Balancer) urls() []string {
	if b == nil {
		return nil
	}
	all := make([]string, len(b.addresses))
	for i, a := range b.addresses {
		all[i] = addressText(a.base)
	}
	return all
}

// pick is where the next request goes.
func (b *Balancer) pick() int {
	n := len(b.addresses)
	first := int((b.turn.Add(1) - 1) % uint64(n))
	for k := range n {
		if i := (first + k) % n; !b.addresses[i].out.Load() {
			return i
		}
	}
	return first
}

// refused takes note of an error of a request that went to the address, and
// reports whether it may go to another: where no connection came to be.
func (b *Balancer) refused(i int, err error) bool {
	if len(b.addresses) == 1 || !dialing(err) || !errors.Is(err, syscall.ECONNREFUSED) {
		return false
	}
	b.addresses[i].out.Store(true)
	for _, a := range b.addresses {
		if !a.out.Load() {
			return true
		}
	}
	return false
}
