package adapter

import (
	"context"
	"maps"
	"strings"

	"holdfast.dev/holdfast/fakes/host"
	"holdfast.dev/holdfast/fakes/journal"
	"holdfast.dev/holdfast/fakes/stub"
	"holdfast.dev/holdfast/fault"
	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/chaos"
	"holdfast.dev/holdfast/harness/probe"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/redact"
)

// Stub plays an outside API of the routes that c has at the place name; each route
// is a place for faults of its own, NAME.ROUTE. Its draws come from the run's seed,
// and its texts may name what is known of the run beside c.Values. Give c.Given
// those names, so that [stub.Config.Validate] knows them before there is a run.
//
// Beside what any fake measures it has, and each route under NAME.ROUTE, what
// [Attempts] tells of; of the whole, only the routes with a Key count there. And
//
//	NAME.unmatched  requests that no route is for
//
// and where the API has a description ([stub.Config.Judge]), also under NAME.ROUTE,
//
//	NAME.invalid    requests that are not as it says
//
// which is a standing check as well.
//
// Of a route without a Key nothing tells what is an attempt at the same request, so
// it has only calls, in_flight, most_in_flight, silent_retries and abandoned.
//
// The webhook of a route is a place for faults, too, NAME.ROUTE.webhook, and is measured as
// [Webhooks] tells.
func Stub(name string, c stub.Config) harness.Dependency {
	open := func(_ context.Context, o harness.Opening) (harness.Fake, error) {
		c := c
		c.Seed, c.Given, c.Log, c.Certificate = o.Seed, nil, hiding(o.Values, o.Say), o.Certificate
		values := maps.Clone(o.Values)
		if values == nil {
			values = map[string]string{}
		}
		maps.Copy(values, c.Values)
		c.Values = values
		relaying(&c, o)
		api, err := stub.Start(c)
		if err != nil {
			return nil, err
		}
		return &Stubbed{Fake: New(api.Host), say: c.Log, name: name, api: api, keyed: keyedRoutes(c), signed: signedRoutes(c), hooked: hookedRoutes(c), described: c.Judge != nil}, nil
	}
	d := Dependency(name, nil, unmatched(name))
	d.Open, d.Faults = open, stub.Support()
	if c.Relay != nil {
		d.Elsewhere = c.Relay.Host()
	}
	whole := kinds{}
	d.Unmeasured = map[string]string{}
	withDescription(&d, name, c.Judge)
	d.Parts = map[string]fault.Support{}
	for _, r := range c.Routes {
		d.Parts[r.Name] = stub.RouteSupport()
		of := kinds{keyed: r.Key != "", idempotent: r.Key != "" && r.Idempotency.Header != ""}
		whole.keyed, whole.idempotent = whole.keyed || of.keyed, whole.idempotent || of.idempotent
		d.Measures = append(d.Measures, routeMeasures(name+"."+r.Name, of)...)
		d.Gauges = append(d.Gauges, inFlight(name+"."+r.Name, r.Name))
		maps.Copy(d.Unmeasured, unmeasured(name+"."+r.Name, of.keyed, of.idempotent))
		withWebhook(&d, r)
		withDescription(&d, name+"."+r.Name, c.Judge)
		if of.keyed {
			d.Receives = append(d.Receives, name+"."+r.Name)
		}
	}
	if whole.keyed {
		d.Receives = append(d.Receives, name)
	}
	d.Measures = append(d.Measures, Attempts(name, whole.keyed, whole.idempotent)...)
	maps.Copy(d.Unmeasured, unmeasured(name, whole.keyed, whole.idempotent))
	return d
}

// hiding is say, with the secrets among the values of a run hidden.
func hiding(values map[string]string, say func(string)) func(string) {
	if say == nil {
		return nil
	}
	known := secretsAmong(values)
	return func(line string) { say(known.Text(line)) }
}

// secretsAmong are those of the values of a run.
func secretsAmong(values map[string]string) *redact.Known {
	var secrets []string
	for name, value := range values {
		if strings.HasPrefix(name, "secrets.") {
			secrets = append(secrets, value)
		}
	}
	return redact.Know(secrets...)
}

// kinds is what can be told of the requests at a place.
type kinds struct{ keyed, idempotent bool }

func keyedRoutes(c stub.Config) map[string]bool {
	keyed := map[string]bool{}
	for _, r := range c.Routes {
		keyed[r.Name] = r.Key != ""
	}
	return keyed
}

func signedRoutes(c stub.Config) map[string]bool {
	signed := map[string]bool{}
	for _, r := range c.Routes {
		signed[r.Name] = r.Webhook != nil && r.Webhook.Sign.Signed()
	}
	return signed
}

// hookedRoutes are those that have a webhook.
func hookedRoutes(c stub.Config) []string {
	var hooked []string
	for _, r := range c.Routes {
		if r.Webhook != nil {
			hooked = append(hooked, r.Name)
		}
	}
	return hooked
}

// inFlight is the calls of a group that are open, over time.
func inFlight(place, group string) harness.Gauge {
	return harness.Gauge{
		Series: probe.Series{Name: place + ".in_flight", Unit: result.UnitCount},
		Read:   func(f harness.Fake) float64 { return float64(f.(witness).Journal().Gauge(group).InFlight) },
	}
}

// routeMeasures are those of any fake, and of attempts, for one route.
func routeMeasures(place string, of kinds) []harness.Measure {
	return append(requests(place, "the route"), Attempts(place, of.keyed, of.idempotent)...)
}

func unmatched(name string) harness.Measure {
	return counted(name, "unmatched", "requests that no route is for",
		func(j *journal.Journal, f journal.Filter) int {
			f.Group = stub.Unmatched
			return j.Count(f)
		})
}

// Stubbed is an outside API that a [stub.Server] plays.
type Stubbed struct {
	*Fake
	name   string
	say    func(string) // nil: nobody
	api    *stub.Server
	keyed  map[string]bool // the routes, and whether each has a key
	signed map[string]bool // whether its webhook is signed
	hooked []string        // the routes that have a webhook
	// described says that requests are held against a description
	described bool
	memo      tallies
}

// Asked are the requests that no route was for, the first few of them.
func (s *Stubbed) Asked() []string { return s.api.Asked() }

// Secured is what came of its connections with TLS, for the hosts that it replaces.
func (s *Stubbed) Secured() harness.Secured {
	came := s.api.Secured()
	parted := func(all []host.Parted) []harness.Parted {
		out := make([]harness.Parted, len(all))
		for i, one := range all {
			out[i] = harness.Parted(one)
		}
		return out
	}
	return harness.Secured{Served: came.Served, Refused: parted(came.Refused), Silent: parted(came.Silent)}
}

// Support implements [chaos.Place].
func (s *Stubbed) Support() fault.Support { return stub.Support() }

// Part is the place for faults that a route is, or ROUTE.webhook.
func (s *Stubbed) Part(route string) chaos.Place {
	if of, webhook := strings.CutSuffix(route, webhookPart("")); webhook {
		return &webhookPlace{s, of, stub.WebhookSupport(s.signed[of])}
	}
	return &routePlace{s.Fake, route}
}

// Trouble is what those did not answer to whom it passes requests on.
func (s *Stubbed) Trouble() []string { return s.api.Trouble() }

// Close ends every call and callback, stops the fake, and keeps what it has recorded.
func (s *Stubbed) Close() error {
	s.api.Close()
	said, err := s.api.Save()
	if len(said) > 0 && s.say != nil {
		s.say(said[0])
	}
	return err
}

// routePlace is a route as a place for faults.
type routePlace struct {
	*Fake
	route string
}

// Support implements [chaos.Place].
func (p *routePlace) Support() fault.Support { return stub.RouteSupport() }

// Apply puts the fault into force for the requests of the route.
func (p *routePlace) Apply(ctx context.Context, what fault.Fault) (chaos.Applied, error) {
	applied, err := p.Fake.Apply(ctx, stub.At(p.route, what))
	if err != nil {
		return nil, err
	}
	return &appliedToRoute{applied, what}, nil
}

// appliedToRoute is a fault in force at a route.
type appliedToRoute struct {
	chaos.Applied
	what fault.Fault // as it was asked for
}

// Receipt is what it did.
func (a *appliedToRoute) Receipt() fault.Receipt {
	r := a.Applied.Receipt()
	r.Text, r.Declared = a.what.Text(), a.what.Text()
	return r
}

// at finds the fake at a place, and the part of it that the place is; empty where it
// is the whole.
func at(state harness.State, place string) (f harness.Fake, part string) {
	if f, ok := state.Fakes[place]; ok {
		return f, ""
	}
	if i := strings.LastIndexByte(place, '.'); i > 0 {
		return state.Fakes[place[:i]], place[i+1:]
	}
	return nil, ""
}
