package emailapi

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"holdfast.dev/holdfast/fakes/host"
)

// Server is a fake that is running.
type Server struct {
	*host.Host
	api *api
}

// Start starts the fake. It runs until Close.
func Start(c Config) (*Server, error) {
	if err := c.Validate(); err != nil {
		return nil, fmt.Errorf("e-mail API: %w", err)
	}
	c = c.withDefaults()
	a := &api{
		config: c, keys: map[string]Key{},
		limits:      limits{perSecond: c.RatePerSecond, perDay: c.DailyQuota, perMonth: c.MonthlyQuota},
		idempotency: newIdempotency(c.IdempotencyTTL),
		mails:       newMails(c.KeepMails),
		calls:       newCalls(c.KeepCallBytes),
	}
	for _, k := range c.Keys {
		a.keys[k.Text] = k
	}
	h, err := host.Start(c.Config, a)
	if err != nil {
		return nil, fmt.Errorf("e-mail API: %w", err)
	}
	return &Server{Host: h, api: a}, nil
}

// SetKey gives an API key a state from now on. A key that was not known becomes
// known, and from then on only known keys are let in.
func (s *Server) SetKey(key string, state KeyState) {
	s.api.mu.Lock()
	defer s.api.mu.Unlock()
	s.api.keys[key] = Key{Text: key, State: state}
}

// Advance moves the API's clock: idempotency keys expire, quotas are renewed.
// The windows of faults and the journal are not moved.
func (s *Server) Advance(d time.Duration) {
	s.api.mu.Lock()
	defer s.api.mu.Unlock()
	s.api.skew += d
}

// api is the e-mail API as it would be without faults.
type api struct {
	config Config

	mu          sync.Mutex
	skew        time.Duration
	keys        map[string]Key
	limits      limits
	idempotency idempotency
	mails       mails
	previous    []byte
	oddities    atomic.Int64 // answers that can't be
	calls       calls
}
