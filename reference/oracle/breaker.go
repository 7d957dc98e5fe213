package oracle

import (
	"errors"
	"sync"
	"time"

	"github.com/sony/gobreaker/v2"
)

// maxBreakers bounds the breakers that are kept. Only endpoints that fail need
// one, so this many must be failing before one is forgotten, and asked again.
const maxBreakers = 4096

// errSick and errNeither tell a breaker what came of a call: that it speaks
// against the endpoint, or that it says nothing of it. nil speaks for it.
var (
	errSick    = errors.New("the endpoint is in no state to answer")
	errNeither = errors.New("the call says nothing of the endpoint")
)

// breakers keep calls from endpoints that have failed so many times in a row,
// for a while; then one call tries whether the endpoint has healed. They are
// kept by endpoint, not by host: where many oracles share a host, one that
// fails is no reason to leave the others alone.
type breakers struct {
	failures int // 0: never
	cooldown time.Duration
	most     int

	mu  sync.Mutex
	all map[string]*breaker
}

// breaker is that of one endpoint, and how many calls it has let through that
// are still under way.
type breaker struct {
	*gobreaker.TwoStepCircuitBreaker[struct{}]
	calls int
}

func newBreakers(failures int, cooldown time.Duration) *breakers {
	return &breakers{failures: failures, cooldown: cooldown, most: maxBreakers, all: map[string]*breaker{}}
}

// allow asks whether a call may be made, and returns how to tell what came of
// it.
func (b *breakers) allow(endpoint string) (done func(*oracleFailure), ok bool) {
	if b.failures == 0 {
		return func(*oracleFailure) {}, true
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	one := b.all[endpoint]
	if one == nil {
		b.makeRoom()
		one = b.newBreaker(endpoint)
		b.all[endpoint] = one
	}
	report, err := one.Allow()
	if err != nil {
		return nil, false
	}
	one.calls++
	return func(f *oracleFailure) {
		report(meaning(f))
		b.mu.Lock()
		defer b.mu.Unlock()
		one.calls--
		if one.calls == 0 && one.healthy() && b.all[endpoint] == one {
			delete(b.all, endpoint) // it knows nothing that a new one does not
		}
	}, true
}

func (b *breakers) newBreaker(endpoint string) *breaker {
	return &breaker{TwoStepCircuitBreaker: gobreaker.NewTwoStepCircuitBreaker[struct{}](gobreaker.Settings{
		Name:        endpoint,
		MaxRequests: 1,
		Timeout:     max(b.cooldown, 1), // 0 would be the library's own default
		ReadyToTrip: func(c gobreaker.Counts) bool { return int64(c.ConsecutiveFailures) >= int64(b.failures) },
		IsExcluded:  func(err error) bool { return errors.Is(err, errNeither) },
	})}
}

// meaning is what a call says of its endpoint. An answer that is wrong is an
// answer all the same.
func meaning(f *oracleFailure) error {
	switch {
	case f == nil:
		return nil
	case f.Class == classCanceled, f.refused != "":
		return errNeither
	case f.sick():
		return errSick
	}
	return nil
}

func (b *breaker) healthy() bool {
	return b.State() == gobreaker.StateClosed && b.Counts().ConsecutiveFailures == 0
}

// makeRoom forgets a breaker, if there are too many, that no call needs.
func (b *breakers) makeRoom() {
	if len(b.all) < b.most {
		return
	}
	for endpoint, one := range b.all {
		if one.calls == 0 {
			delete(b.all, endpoint)
			return
		}
	}
}

// in returns how many endpoints have a breaker in that state now.
func (b *breakers) in(state gobreaker.State) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := 0
	for _, one := range b.all {
		if one.State() == state {
			n++
		}
	}
	return n
}
