package emailapi

import (
	"bytes"
	"encoding/json"
	"hash/fnv"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"holdfast.dev/holdfast/fakes/host"
	"holdfast.dev/holdfast/fakes/httpfault"
)

// route is what a request asks for; also the journal's groups.
type route string

const (
	routeSend  route = "send"
	routeBatch route = "batch"
	routeGet   route = "get"
	routeOther route = "other"
)

// order is what Identify has read.
type order struct {
	route    route
	key      string // API key
	payload  uint64
	messages []message
	problem  refusal
}

// Identify reads the request.
func (a *api) Identify(r *http.Request, body []byte) host.Identity {
	o := &order{}
	o.route, o.problem = routeOf(r)
	o.key = strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	key := strings.TrimPrefix(r.URL.Path, "/")
	var names []string
	if o.route == routeSend || o.route == routeBatch {
		key = o.read(r, body)
		for i := range o.messages {
			names = append(names, o.messages[i].recipients()...)
		}
	}
	return host.Identity{Group: string(o.route), Key: key, Names: append(names, o.key), Value: o}
}

func routeOf(r *http.Request) (route, refusal) {
	path := strings.Trim(r.URL.Path, "/")
	id, mail := strings.CutPrefix(path, "emails/")
	found, method := routeOther, ""
	switch {
	case path == "emails":
		found, method = routeSend, http.MethodPost
	case path == "emails/batch":
		found, method = routeBatch, http.MethodPost
	case mail && !strings.Contains(id, "/"):
		found, method = routeGet, http.MethodGet
	}
	switch {
	case found == routeOther:
		return routeOther, refuse(http.StatusNotFound, "not_found", "")
	case r.Method != method:
		return routeOther, refuse(http.StatusMethodNotAllowed, "method_not_allowed", "")
	default:
		return found, nil
	}
}

// read reads the mails, and returns the request's key.
func (o *order) read(r *http.Request, body []byte) string {
	h := fnv.New64a()
	_, _ = h.Write([]byte(o.route)) // a hash takes all
	_, _ = h.Write(body)
	o.payload = h.Sum64()
	var err error
	if o.route == routeBatch {
		err = json.Unmarshal(body, &o.messages)
	} else {
		o.messages = make([]message, 1)
		err = json.Unmarshal(body, &o.messages[0])
	}
	if err != nil {
		o.messages = nil
		o.problem = refuse(http.StatusBadRequest, "validation_error", "The body is not the JSON of a mail: "+err.Error())
	}
	if key := r.Header.Get("Idempotency-Key"); key != "" {
		return key
	}
	return "payload-" + strconv.FormatUint(o.payload, 16)
}

// Refuse is an error in the API's shape.
func (a *api) Refuse(status int, name string) httpfault.Answer { return find(status, name).answer("") }

// Serve does what the request asks for.
func (a *api) Serve(c *host.Call) httpfault.Answer {
	o, _ := c.Value.(*order)
	a.mu.Lock()
	defer a.mu.Unlock()
	now := c.Now.Add(a.skew)
	answer := a.serve(c, o, now)
	a.limits.tell(&answer, now)
	return answer
}

func (a *api) serve(c *host.Call, o *order, now time.Time) httpfault.Answer {
	if bad := a.authorise(o, c.Now.Sub(a.config.Start)); bad != nil {
		return *bad
	}
	if bad := a.limits.admit(now); bad != nil {
		return *bad
	}
	switch {
	case o.problem != nil:
		return *o.problem
	case o.route == routeGet:
		return a.get(strings.TrimPrefix(strings.Trim(c.Request.URL.Path, "/"), "emails/"))
	default:
		return a.send(c, o, now)
	}
}

// authorise says what is wrong with the API key.
func (a *api) authorise(o *order, at time.Duration) refusal {
	if o.key == "" {
		return refuse(http.StatusUnauthorized, "missing_api_key", "")
	}
	if len(a.keys) == 0 {
		return nil
	}
	k, known := a.keys[o.key]
	state := k.at(at)
	switch {
	case !known || state == Revoked:
		return refuse(http.StatusForbidden, "invalid_api_key", "")
	case state == Suspended:
		return refuse(http.StatusForbidden, "suspended_api_key", "")
	case state == Restricted, state == SendingOnly && o.route != routeSend && o.route != routeBatch:
		return refuse(http.StatusUnauthorized, "restricted_api_key", "")
	default:
		return nil
	}
}

func (a *api) get(id string) httpfault.Answer {
	k, ok := a.mails.byID[id]
	if !ok {
		return *refuse(http.StatusNotFound, "not_found", "Email not found.")
	}
	return httpfault.Answer{Status: http.StatusOK, ContentType: "application/json", Body: k.body()}
}

// send accepts mails, unless they were accepted before.
func (a *api) send(c *host.Call, o *order, now time.Time) httpfault.Answer {
	key, bad := idempotencyKey(c.Request)
	if bad != nil {
		return *bad
	}
	if key != "" {
		body, bad := a.idempotency.look(key, o.payload, now)
		if bad != nil {
			return *bad
		}
		if body != nil {
			return a.sent(body)
		}
	}
	good, problems, bad := a.check(c, o)
	if bad != nil {
		return *bad
	}
	if bad := a.limits.spend(len(good), now); bad != nil {
		return *bad
	}
	ids := a.accept(c, o, good, now)
	body := answerBody(o.route, ids, problems)
	if key != "" {
		taken := a.idempotency.take(key, o.payload, now, body)
		c.OnDone(func() {
			a.mu.Lock()
			defer a.mu.Unlock()
			taken.working = false
		})
	}
	return a.sent(body)
}

// problem is one mail of a permissive batch that was not accepted.
type problem struct {
	Index   int    `json:"index"`
	Message string `json:"message"`
}

// check returns which mails are to be accepted, and which are not.
func (a *api) check(c *host.Call, o *order) (good []int, problems []problem, bad refusal) {
	if n := len(o.messages); o.route == routeBatch && (n == 0 || n > maxBatch) {
		return nil, nil, refuse(422, "invalid_parameter", "A batch has between 1 and "+strconv.Itoa(maxBatch)+" mails.")
	}
	mode := c.Request.Header.Get("X-Batch-Validation")
	if mode != "" && mode != "strict" && mode != "permissive" {
		return nil, nil, refuse(422, "invalid_parameter", "x-batch-validation must be strict or permissive.")
	}
	for i := range o.messages {
		bad := o.messages[i].check(a.config.Domains)
		switch {
		case bad == nil:
			good = append(good, i)
		case o.route == routeBatch && mode == "permissive":
			var said struct{ Message string }
			_ = json.Unmarshal(bad.Body, &said) // our own
			problems = append(problems, problem{i, said.Message})
		default:
			return nil, nil, bad
		}
	}
	return good, problems, nil
}

// accept takes the mails on and returns their ids.
func (a *api) accept(c *host.Call, o *order, good []int, now time.Time) []string {
	ids := make([]string, 0, len(good))
	for _, i := range good {
		m := o.messages[i]
		id := mailID(a.config.Seed, c.Group+"/"+c.Key, c.Hit(), i)
		a.mails.add(&kept{message: m, id: id, created: now})
		content := m.content()
		for _, recipient := range m.recipients() {
			c.Accept(recipient, content)
		}
		ids = append(ids, id)
	}
	return ids
}

func answerBody(r route, ids []string, problems []problem) []byte {
	type sent struct {
		ID string `json:"id"`
	}
	list := make([]sent, len(ids))
	for i, id := range ids {
		list[i].ID = id
	}
	var answer any = struct {
		Data   []sent    `json:"data"`
		Errors []problem `json:"errors,omitempty"`
	}{list, problems}
	if r == routeSend {
		answer = list[0]
	}
	body, _ := json.Marshal(answer) // strings and numbers always can
	return body
}

// sent is the answer to mails that were accepted.
func (a *api) sent(body []byte) httpfault.Answer {
	before := a.previous
	a.previous = body
	return httpfault.Answer{
		Status: http.StatusOK, ContentType: "application/json", Body: body,
		Wrong: func(how string) []byte {
			switch how {
			case "duplicate":
				return before
			case "id":
				return a.otherIDs(body)
			default:
				return nil // an id does not age
			}
		},
	}
}

// otherIDs is an answer with ids of mails that do not exist.
func (a *api) otherIDs(body []byte) []byte {
	other := bytes.Clone(body)
	for i, c := range other {
		if c >= '0' && c <= '9' {
			other[i] = '0' + (c-'0'+5)%10
		}
	}
	if slices.Equal(other, body) {
		return nil
	}
	return other
}
