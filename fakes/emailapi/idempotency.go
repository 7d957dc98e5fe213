package emailapi

import (
	"net/http"
	"time"
)

// remembered is an idempotency key that is in use.
type remembered struct {
	payload uint64
	at      time.Time
	working bool // the first request is still in the works
	body    []byte
}

// idempotency remembers what was answered. Its caller holds the lock.
type idempotency struct {
	ttl   time.Duration
	keys  map[string]*remembered
	prune int // at how many keys the expired ones are looked for
}

func newIdempotency(ttl time.Duration) idempotency {
	return idempotency{ttl: ttl, keys: map[string]*remembered{}, prune: 1024}
}

// key returns the request's idempotency key; empty if it has none.
func idempotencyKey(r *http.Request) (string, refusal) {
	values, ok := r.Header["Idempotency-Key"]
	if !ok {
		return "", nil
	}
	if n := len([]rune(values[0])); n < 1 || n > 256 {
		return "", refuse(http.StatusBadRequest, "invalid_idempotency_key", "")
	}
	return values[0], nil
}

// look returns what was answered before, or why the key can't be used, or
// neither.
func (i *idempotency) look(key string, payload uint64, now time.Time) ([]byte, refusal) {
	before, ok := i.keys[key]
	if !ok || now.Sub(before.at) >= i.ttl {
		return nil, nil
	}
	switch {
	case before.payload != payload:
		return nil, refuse(http.StatusConflict, "invalid_idempotent_request", "")
	case before.working:
		return nil, refuse(http.StatusConflict, "concurrent_idempotent_requests", "")
	default:
		return before.body, nil
	}
}

// take remembers an answer, in the works until the result is called done.
func (i *idempotency) take(key string, payload uint64, now time.Time, body []byte) *remembered {
	if len(i.keys) >= i.prune {
		for k, r := range i.keys {
			if now.Sub(r.at) >= i.ttl {
				delete(i.keys, k)
			}
		}
		i.prune = max(1024, 2*len(i.keys))
	}
	r := &remembered{payload: payload, at: now, working: true, body: body}
	i.keys[key] = r
	return r
}
