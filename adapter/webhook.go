package adapter

import (
	"context"
	"maps"
	"time"

	"holdfast.dev/holdfast/fakes/httpfault"
	"holdfast.dev/holdfast/fakes/stub"
	"holdfast.dev/holdfast/fault"
	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/chaos"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
)

// webhookPart is the part of a stub that the webhook of a route is.
func webhookPart(route string) string { return route + ".webhook" }

// Webhooks are the measures of the callbacks of a route, at PLACE.webhook:
//
//	.due              callbacks that fell due in the window
//	.sent             those that were sent, once or more often
//	.delivered        those that the service answered with 2xx
//	.failed           those that it has not so far, however often they were sent
//	.lost             those that a fault had sent to nobody
//	.duplicates       deliveries that it answered with 2xx beyond the first of their callback
//	.attempts.max     the most that one was sent, but for what a fault sent beside
//	.latency.max      the longest from when one was due until it was answered with 2xx
//	.forged_accepted  those with a wrong signature that it answered with 2xx
//
// All count the callbacks that fell due in the window, with what became of them later,
// and these are the samples; those of latency.max are the delivered ones, and of
// forged_accepted those that were sent with a wrong signature. One that waits for its
// first answer is neither delivered nor failed. Of callbacks that are not signed the last is not there.
func Webhooks(dependency, route string, signed bool) []harness.Measure {
	place := dependency + "." + webhookPart(route)
	measure := func(what, unit, about string, read func(*sendings) verdict.Reading) harness.Measure {
		d := verdict.Descriptor{Name: place + "." + what, Unit: unit, About: about}
		return harness.Measure{Descriptor: d, Read: func(state harness.State, w verdict.Window) verdict.Reading {
			s, ok := state.Fakes[dependency].(*Stubbed)
			if !ok {
				return verdict.Reading{}
			}
			return read(s.sendings(route, state, w))
		}}
	}
	count := func(what, about string, value func(*sendings) int) harness.Measure {
		return measure(what, result.UnitCount, about, func(s *sendings) verdict.Reading {
			return verdict.Reading{Value: float64(value(s)), Samples: int64(s.due)}
		})
	}
	all := []harness.Measure{
		count("due", "callbacks that fell due", func(s *sendings) int { return s.due }),
		count("sent", "callbacks that were sent, once or more often", func(s *sendings) int { return s.sent }),
		inTime(count("delivered", "callbacks that the service answered with 2xx", func(s *sendings) int { return s.delivered })),
		inTime(count("failed", "callbacks that were sent and not answered with 2xx so far, however often", func(s *sendings) int { return s.failed })),
		count("lost", "callbacks that a fault had sent to nobody", func(s *sendings) int { return s.lost }),
		count("duplicates", "deliveries answered with 2xx beyond the first of their callback", func(s *sendings) int { return s.duplicates }),
		inTime(count("attempts.max", "the most that one callback was sent", func(s *sendings) int { return s.mostAttempts })),
		inTime(measure("latency.max", result.UnitMS, "the longest from when a callback was due until it was answered with 2xx", func(s *sendings) verdict.Reading {
			return verdict.Reading{Value: float64(s.longest) / float64(time.Millisecond), Samples: int64(s.delivered)}
		})),
	}
	if signed {
		all = append(all, measure("forged_accepted", result.UnitCount, "callbacks with a wrong signature that were answered with 2xx", func(s *sendings) verdict.Reading {
			return verdict.Reading{Value: float64(s.forgedAccepted), Samples: int64(s.forged)}
		}))
	}
	return all
}

// withWebhook adds what there is of the webhook of a route to its dependency.
func withWebhook(d *harness.Dependency, r stub.Route) {
	if r.Webhook == nil {
		return
	}
	signed := r.Webhook.Sign.Signed()
	d.Parts[webhookPart(r.Name)] = stub.WebhookSupport(signed)
	if r.Key != "" {
		d.Calls = append(d.Calls, d.Name+"."+r.Name)
	}
	all := Webhooks(d.Name, r.Name, signed)
	d.Measures = append(d.Measures, all...)
	if signed {
		return
	}
	for _, m := range Webhooks(d.Name, r.Name, true)[len(all):] {
		maps.Copy(d.Unmeasured, map[string]string{m.Name: "the webhook is not signed; give it a sign"})
	}
}

// sendings is what became of the callbacks that fell due in a window.
type sendings struct {
	due, sent, delivered, failed, lost, duplicates, mostAttempts, forged, forgedAccepted int
	longest                                                                              time.Duration
}

// sendings goes through the callbacks of a route.
func (s *Stubbed) sendings(route string, state harness.State, w verdict.Window) *sendings {
	t := &sendings{}
	f := During(s.Journal(), state, w)
	for _, c := range s.api.Callbacks() {
		if c.Route == route && c.Due >= f.From && c.Due < f.To {
			t.see(c)
		}
	}
	return t
}

// see takes one callback into account.
func (t *sendings) see(c stub.Callback) {
	t.due++
	if c.Lost {
		t.lost++
		return
	}
	taken, attempts, forged := 0, 0, false
	for _, d := range c.Deliveries {
		forged = forged || d.Forged
		if !d.Again {
			attempts++
		}
		if !d.Taken() {
			continue
		}
		if taken++; taken == 1 {
			t.longest = max(t.longest, d.Sent+d.Took-c.Due)
		}
	}
	t.mostAttempts = max(t.mostAttempts, attempts)
	if len(c.Deliveries) > 0 {
		t.sent++
	}
	if forged {
		t.forged++
	}
	switch {
	case taken == 0 && len(c.Deliveries) > 0: // also while it would be sent again
		t.failed++
	case taken > 0:
		t.delivered++
		t.duplicates += taken - 1
		if forged {
			t.forgedAccepted++
		}
	}
}

// Callbacks are all callbacks that fell due so far, with what became of each, by the
// journal's clock.
func (s *Stubbed) Callbacks() []stub.Callback { return s.api.Callbacks() }

// webhookPlace is the webhook of a route as a place for faults.
type webhookPlace struct {
	*Stubbed
	route   string
	support fault.Support
}

// Support implements [chaos.Place].
func (p *webhookPlace) Support() fault.Support { return p.support }

// Apply puts the fault into force for the callbacks of the route.
func (p *webhookPlace) Apply(_ context.Context, what fault.Fault) (chaos.Applied, error) {
	set := p.api.WebhookFaults()
	applied := stub.At(p.route, what)
	applied.When = onClock(what.When, time.Since(p.Journal().Start()))
	if err := set.Add(applied); err != nil {
		return nil, err
	}
	return &appliedFault{host: callbackFaults{set}, name: applied.Name(), what: what}, nil
}

// callbackFaults are the faults of callbacks, which come and go.
type callbackFaults struct{ set *httpfault.Set }

// Lift lifts a fault and returns when no callback is held by it.
func (c callbackFaults) Lift(ctx context.Context, name string) (fault.Receipt, error) {
	return c.set.Lift(ctx, name)
}

// Faults are all of them.
func (c callbackFaults) Faults() *httpfault.Set { return c.set }
