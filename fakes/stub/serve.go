package stub

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"holdfast.dev/holdfast/fakes/host"
	"holdfast.dev/holdfast/fakes/httpfault"
	"holdfast.dev/holdfast/message"
)

// Identify finds the route and reads the key.
func (a *api) Identify(r *http.Request, body []byte) host.Identity {
	<-a.ready
	x := &exchange{message: message.OfRequest(r, body), seed: a.seed, values: a.values}
	for _, candidate := range a.routes {
		x.message.PathValues = nil
		why := candidate.request.Match(x.message)
		if why == "" {
			x.route = candidate
			break
		}
		x.why = append(x.why, candidate.Name+": "+why)
	}
	if x.route == nil {
		return host.Identity{Group: Unmatched, Key: r.Method + " " + x.message.Path, Names: []string{Unmatched}, Value: x, Odd: true}
	}
	x.n = x.route.calls.Add(1)
	x.payload = httpfault.Hash(0, r.Method, r.URL.RequestURI(), string(body))
	x.identify(r.URL.RawQuery)
	return host.Identity{Group: x.route.Name, Key: x.key, Names: x.names(), Value: x, Odd: x.unkeyed}
}

// names are those by which faults may pick the request: where the route has no key,
// also what the names of its path stand for, and the path of one that is passed on.
func (x *exchange) names() []string {
	names := []string{x.route.Name, x.key, x.route.Name + "/" + x.key}
	if x.route.Key == "" {
		for _, value := range x.message.PathValues {
			names = append(names, value, x.route.Name+"/"+value)
		}
		if x.route.PassOn {
			names = append(names, x.message.Path)
		}
	}
	return names
}

// identify finds out which business request it is. One that lacks what its key is
// made of is not taken for an attempt at another one.
func (x *exchange) identify(query string) {
	if x.route.Key != "" {
		key, whole := x.route.keyText.fill(x)
		if whole && key != "" {
			x.key = key
			return
		}
		x.unkeyed = true
	}
	x.key = x.fingerprint(query)
}

// Note implements [host.Noter].
func (a *api) Note(c *host.Call) {
	x, _ := c.Value.(*exchange)
	x.attempt = c.Hit()
	wrong := a.judge(c, x)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.calls.note(c, x)
	if len(wrong) > 0 {
		a.invalid.note(Invalid{c.Entry(), c.Group, x.what(), wrong})
	}
	if x.route != nil && x.route.Idempotency.Header != "" {
		a.bear(c, x)
	}
}

// Serve answers as the route says.
func (a *api) Serve(c *host.Call) httpfault.Answer {
	x, _ := c.Value.(*exchange)
	if x.route == nil {
		return a.unmatched(c, x)
	}
	c.Takes(x.route.Response.Latency)
	work := a.carryOut
	if x.route.Idempotency.Header != "" && !x.route.PassOn {
		work = a.once
	}
	answer := work(c, x)
	if x.done && x.route.webhook != nil {
		a.callBack(c, x)
	}
	return answer
}

// carryOut does the work: from here on it is done, whatever its client hears of it.
func (a *api) carryOut(c *host.Call, x *exchange) httpfault.Answer {
	var answer httpfault.Answer
	if x.route.PassOn {
		answer = a.relay.pass(c, a.values["url"])
		answer.Wrong = x.wrongly(&answer.Body)
	} else {
		answer = x.answer()
	}
	if answer.Status < http.StatusBadRequest {
		c.Accept(x.key, httpfault.Hash(0, x.route.Name))
		x.done = true
	}
	return answer
}

// answer is what the route says to the request.
func (x *exchange) answer() httpfault.Answer {
	r := x.route
	answer := httpfault.Answer{Status: r.Response.Status}
	switch {
	case r.Response.JSON != "":
		answer.ContentType = "application/json"
		answer.Body = x.body(r.json)
	case r.Response.Text != "":
		answer.ContentType = "text/plain; charset=utf-8"
		answer.Body = x.body(r.body)
	}
	for name, value := range r.headers {
		filled, _ := value.fill(x)
		filled = oneLine(filled)
		if http.CanonicalHeaderKey(name) == "Content-Type" {
			answer.ContentType = filled
			continue
		}
		answer.SetHeader(name, filled)
	}
	answer.Wrong = x.wrongly(&answer.Body)
	return answer
}

// wrongly makes answers of the route that are about something else than this one.
func (x *exchange) wrongly(body *[]byte) func(how string) []byte {
	now := *body
	before := x.route.previous.Swap(&now)
	return func(how string) []byte { return x.wrong(how, before) }
}

// oneLine makes what came in a request stay one header.
func oneLine(text string) string { return strings.NewReplacer("\r", " ", "\n", " ").Replace(text) }

func (x *exchange) body(t text) []byte {
	filled, _ := t.fill(x)
	return []byte(filled)
}

// wrong is an answer that is well-formed and about something else; nil where there
// is none.
func (x *exchange) wrong(how string, before *[]byte) []byte {
	t := x.route.json
	if x.route.Response.JSON == "" {
		t = x.route.body
	}
	switch {
	case how == "id" && t.uses("key", "id", "uuid"):
		other := *x
		other.key += "-other"
		return other.body(t)
	case how == "duplicate" && before != nil:
		return *before
	}
	return nil
}

// Refuse is an error in the API's shape.
func (a *api) Refuse(status int, name string) httpfault.Answer {
	if name == "" {
		name = strings.ReplaceAll(strings.ToLower(http.StatusText(status)), " ", "_")
	}
	return problem(status, name, http.StatusText(status))
}

func problem(status int, code, text string) httpfault.Answer {
	body, _ := json.Marshal(map[string]any{"error": map[string]string{"code": code, "message": text}}) // strings always can be
	return httpfault.Answer{Status: status, ContentType: "application/json", Body: append(body, '\n')}
}

// maxTold is how many different requests that no route is for are remembered.
const maxTold = 20

// unmatched answers what no route is for, and tells of it once for each path.
func (a *api) unmatched(c *host.Call, x *exchange) httpfault.Answer {
	asked := fmt.Sprintf("no route is for %s %s", c.Request.Method, x.message.Path)
	a.mu.Lock()
	fresh := c.Hit() == 1 && len(a.told) < maxTold
	if fresh {
		a.told = append(a.told, asked)
	}
	a.mu.Unlock()
	if fresh && a.log != nil {
		a.log(asked + " (otherwise than asked for: " + strings.Join(parts(x.why), "; ") + ")")
	}
	return problem(http.StatusNotFound, "no_such_route", asked+": "+strings.Join(x.why, "; "))
}

// parts are which part of a request was otherwise for each route, without what stood
// there: it may be a secret.
func parts(why []string) []string {
	out := make([]string, len(why))
	for i, text := range why {
		out[i], _, _ = strings.Cut(text, " is ")
	}
	return out
}
