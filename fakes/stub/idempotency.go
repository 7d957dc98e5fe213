package stub

import (
	"fmt"
	"net/http"
	"slices"

	"holdfast.dev/holdfast/fakes/host"
	"holdfast.dev/holdfast/fakes/httpfault"
)

// Replayed is the header of an answer that was given before under the same
// idempotency key, as Stripe has it.
const Replayed = "Idempotent-Replayed"

// stored is where an answer is kept.
type stored struct{ route, idempotencyKey string }

// answered is an answer that was given, and to what.
type answered struct {
	payload uint64
	answer  httpfault.Answer
}

// once carries a request out unless one with its idempotency key was, whose answer
// is given again. Two at the same time are one after the other.
func (a *api) once(c *host.Call, x *exchange) httpfault.Answer {
	rule := x.route.Idempotency
	key := c.Request.Header.Get(rule.Header)
	if key == "" && rule.Required {
		return problem(http.StatusBadRequest, "idempotency_key_required", "there is no header "+rule.Header)
	}
	if key == "" {
		return a.carryOut(c, x)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	at := stored{x.route.Name, key}
	before, known := a.stored[at]
	switch {
	case known && before.payload != x.payload:
		return problem(rule.Conflict, "idempotency_key_reused", fmt.Sprintf("the %s was used for another request", rule.Header))
	case known:
		replay := before.answer
		replay.Header = replay.Header.Clone()
		replay.SetHeader(Replayed, "true")
		return replay
	}
	answer := a.carryOut(c, x)
	if a.stored == nil {
		a.stored = map[stored]answered{}
	}
	kept := answer
	kept.Header = answer.Header.Clone()
	a.stored[at] = answered{x.payload, kept}
	return answer
}

// businessKey is a route with a key of it.
type businessKey struct{ route, key string }

// KeyUse is the first time that a business key bore an idempotency key.
type KeyUse struct {
	Entry int // the request's number in the journal
	Route string
	Key   string // of business
}

// IdempotencyKeys returns, in order of arrival, when a business key bore an
// idempotency key that it had not borne before. A request without an idempotency
// key counts as if it bore one of its own, since the API takes it for a new one.
func (s *Server) IdempotencyKeys() []KeyUse {
	s.api.mu.Lock()
	defer s.api.mu.Unlock()
	all := slices.Clone(s.api.borne)
	slices.SortFunc(all, func(a, b KeyUse) int { return a.Entry - b.Entry })
	return all
}

// bear notes the idempotency key of a request. Its caller holds the lock.
func (a *api) bear(c *host.Call, x *exchange) {
	key := c.Request.Header.Get(x.route.Idempotency.Header)
	if key == "" {
		a.without++
		key = fmt.Sprintf("\x00%d", a.without)
	}
	of := businessKey{x.route.Name, x.key}
	if a.perKey == nil {
		a.perKey = map[businessKey]map[string]bool{}
	}
	if a.perKey[of] == nil {
		a.perKey[of] = map[string]bool{}
	}
	if !a.perKey[of][key] {
		a.perKey[of][key] = true
		a.borne = append(a.borne, KeyUse{Entry: c.Entry(), Route: of.route, Key: of.key})
	}
}
