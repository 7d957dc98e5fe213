package stub

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"time"

	"holdfast.dev/holdfast/fakes/host"
	"holdfast.dev/holdfast/message"
)

// Config is how the fake runs.
type Config struct {
	host.Config
	// Routes are what it answers.
	Routes []Route
	// Values are names that keys and answers may have beside those of the request.
	Values map[string]string
	// Given are names of Values that Validate takes for known before they have a
	// value.
	Given []string
	// Judge holds each request against the description of the API: see [Server.Invalid].
	// Defaults to nobody.
	Judge Judge
	// KeepCallBytes is how much [Server.Calls] may hold, in bytes. Defaults to 64 MiB.
	KeepCallBytes int
	// Relay passes on what the routes with PassOn are for. Defaults to nobody: see
	// [Config.Relaying].
	Relay *Relay
}

// Route is one kind of request with its answer.
type Route struct {
	// Name begins the route's metrics and is the place of its faults: letters, digits,
	// _ and -.
	Name string
	// Request says which requests it is for. The zero value is all.
	Request message.Matcher
	// Key is a text over the request, for example {form.metadata[cart]}, that is the
	// same for each attempt at one business request. Defaults to none.
	Key string
	// Idempotency makes a request that bears the same idempotency key again get the
	// stored answer. Defaults to none.
	Idempotency Idempotency
	Response    Response
	// PassOn has the upstream of [Config.Relay] answer, and no Response.
	PassOn bool
	// Webhook is sent once the work is done. Defaults to none.
	Webhook *Webhook
}

// Idempotency is how a route treats idempotency keys.
type Idempotency struct {
	// Header bears the key, for example Idempotency-Key. Empty: there is none.
	Header string
	// Conflict is the status for another payload under a key that is in use. Defaults
	// to 422; Stripe has 400, Resend 409.
	Conflict int
	// Required refuses a request without a key, with 400.
	Required bool
}

// Response is an answer. At most one of JSON and Text is set.
type Response struct {
	Status  int               // Defaults to 200.
	Headers map[string]string // texts
	JSON    string            // a JSON text, in whose strings names may stand
	Text    string
	// Latency is how long an answer takes without any fault. Defaults to none.
	Latency time.Duration
}

// Unmatched is the group of requests that no route is for.
const Unmatched = "unmatched"

const defaultKeepCallBytes = 64 << 20

func (c Config) withDefaults() Config {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Start.IsZero() {
		c.Start = c.Now()
	}
	c.KeepCallBytes = cmp.Or(c.KeepCallBytes, defaultKeepCallBytes)
	if c.Relay != nil {
		relay := c.Relay.withDefaults()
		c.Relay = &relay
	}
	c.Routes = slices.Clone(c.Routes)
	for i := range c.Routes {
		r := &c.Routes[i]
		if r.Webhook != nil {
			webhook := r.Webhook.withDefaults()
			r.Webhook = &webhook
		}
		r.Response.Status = cmp.Or(r.Response.Status, http.StatusOK)
		r.Idempotency.Conflict = cmp.Or(r.Idempotency.Conflict, http.StatusUnprocessableEntity)
	}
	return c
}

// Validate reports all that is wrong with the configuration.
func (c Config) Validate() error {
	errs := []error{c.Config.Validate()}
	if c.KeepCallBytes < 0 {
		errs = append(errs, errors.New("KeepCallBytes must not be below 0"))
	}
	if len(c.Routes) == 0 {
		errs = append(errs, errors.New("it has no routes, so it would answer 404 to everything"))
	}
	if c.Relay != nil {
		errs = append(errs, within("relay", c.Relay.Validate()))
	}
	known := names{slices.Concat(slices.Collect(maps.Keys(c.Values)), c.Given)}
	seen := map[string]bool{}
	for i, r := range c.withDefaults().Routes {
		label := cmp.Or(r.Name, fmt.Sprintf("number %d", i+1))
		for _, err := range unjoin(r.validate(known)) {
			errs = append(errs, fmt.Errorf("route %s: %w", label, err))
		}
		if seen[r.Name] {
			errs = append(errs, fmt.Errorf("two routes are named %q", r.Name))
		}
		if r.PassOn && c.Relay == nil {
			errs = append(errs, fmt.Errorf("route %s: it is passed on, and there is no relay", label))
		}
		seen[r.Name] = true
	}
	return errors.Join(append(errs, shadowed(c.Routes)...)...)
}

// unjoin takes an error apart that was joined of several.
func unjoin(err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var all []error
		for _, e := range joined.Unwrap() {
			all = append(all, unjoin(e)...)
		}
		return all
	}
	if err == nil {
		return nil
	}
	return []error{err}
}

var routeName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]*$`)

func (r Route) validate(known names) error {
	var errs []error
	say := func(bad bool, format string, args ...any) {
		if bad {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	say(!routeName.MatchString(r.Name), "its name %q is not made of letters, digits, _ and -", r.Name)
	say(r.Name == Unmatched, "%q is what requests are called that no route is for", r.Name)
	say(len(r.Request.Status) > 0, "a request has no status")
	errs = append(errs, r.Request.Validate())
	place := known.in(r)
	errs = append(errs, within("key", place.ofRequest().text(r.Key).err))
	for _, name := range slices.Sorted(maps.Keys(r.Response.Headers)) {
		errs = append(errs, within("header "+name, place.header(r.Response.Headers[name]).err))
	}
	say(r.Response.JSON != "" && r.Response.Text != "", "its answer is JSON or a text, not both")
	say(r.Response.JSON != "" && !json.Valid([]byte(r.Response.JSON)), "its answer is no JSON: %s", r.Response.JSON)
	errs = append(errs, within("json", place.json(r.Response.JSON).err), within("text", place.text(r.Response.Text).err))
	say(r.Response.Status < 200 || r.Response.Status > 599, "its answer's status %d is not between 200 and 599", r.Response.Status)
	say(r.Response.Latency < 0, "its latency is below 0")
	say(r.Idempotency.Conflict < 400 || r.Idempotency.Conflict > 499, "the status %d of a conflict of idempotency keys is not between 400 and 499", r.Idempotency.Conflict)
	say(r.Idempotency.Required && r.Idempotency.Header == "", "it requires an idempotency key and does not say which header bears it")
	if r.Webhook != nil {
		for _, err := range unjoin(r.Webhook.validate(place)) {
			errs = append(errs, within("webhook", err))
		}
	}
	if header := r.Idempotency.Header; header != "" {
		_, err := message.ParsePath("header." + header)
		errs = append(errs, within("idempotency", err))
	}
	return errors.Join(errs...)
}

func within(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", what, err)
}

// shadowed reports routes that would never be asked, since another is for the same
// requests.
func shadowed(routes []Route) (errs []error) {
	first := map[string]string{}
	for _, r := range routes {
		asked, err := json.Marshal(r.Request)
		if err != nil {
			continue // it is not valid, which is said of the route
		}
		if other, taken := first[string(asked)]; taken {
			errs = append(errs, fmt.Errorf("route %s is for the same requests as %s and would never answer", r.Name, other))
		} else {
			first[string(asked)] = r.Name
		}
	}
	return errs
}
