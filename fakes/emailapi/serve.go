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
	routeSend   route = "send"
	routeBatch  route = "batch"
	routeGet    route = "get"
	routeUpdate route = "update"
	routeCancel route = "cancel"
	routeOther  route = "other"
)

// order is what Identify has read.
type order struct {
	route    route
	id       string // of the mail that it is about
	key      string // API key
	bearer   bool   // the key stands where it should
	at       string // to when the mail is put off
	payload  uint64
	messages []message
	problem  refusal
}

// Identify reads the request.
func (a *api) Identify(r *http.Request, body []byte) host.Identity {
	o := &order{}
	o.route, o.id, o.problem = routeOf(r)
	o.key, o.bearer = strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	key := strings.TrimPrefix(r.URL.Path, "/")
	var names []string
	if o.route == routeUpdate {
		o.readUpdate(body)
	}
	if o.sends() {
		key = o.read(r, body)
		for i := range o.messages {
			names = append(names, o.messages[i].recipients()...)
		}
	}
	return host.Identity{Group: string(o.route), Key: key, Names: append(names, o.key), Value: o}
}

// sends reports whether the request is for mails to be sent.
func (o *order) sends() bool { return o.route == routeSend || o.route == routeBatch }

// routeOf is what a request is for, and the id in its path.
func routeOf(r *http.Request) (found route, id string, bad refusal) {
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	methods := map[string]route{}
	switch {
	case parts[0] != "emails" || len(parts) > 3:
	case len(parts) == 1:
		methods[http.MethodPost] = routeSend
	case len(parts) == 2 && parts[1] == "batch":
		methods[http.MethodPost] = routeBatch
	case len(parts) == 2:
		methods[http.MethodGet], methods[http.MethodPatch], id = routeGet, routeUpdate, parts[1]
	case parts[2] == "cancel":
		methods[http.MethodPost], id = routeCancel, parts[1]
	}
	if len(methods) == 0 {
		return routeOther, "", refuse(http.StatusNotFound, "not_found", "")
	}
	found, ok := methods[r.Method]
	if !ok {
		return routeOther, "", refuse(http.StatusMethodNotAllowed, "method_not_allowed", "")
	}
	return found, id, nil
}

// read reads the mails, and returns the request's key.
func (o *order) read(r *http.Request, body []byte) string {
	o.payload = payloadOf(o.route, body)
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

// payloadOf identifies what a body says, in whatever order and with whatever space
// its fields are written.
func payloadOf(to route, body []byte) uint64 {
	if plain, err := plainJSON(body); err == nil {
		body = plain
	}
	h := fnv.New64a()
	_, _ = h.Write([]byte(to)) // a hash takes all
	_, _ = h.Write(body)
	return h.Sum64()
}

// plainJSON is JSON with its fields in order and its numbers as they were.
func plainJSON(body []byte) ([]byte, error) {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var value any
	if err := d.Decode(&value); err != nil {
		return nil, err
	}
	return json.Marshal(value)
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
	case o.sends():
		return a.send(c, o, now)
	default:
		return a.about(o, now)
	}
}

// authorise says what is wrong with the API key. One that is refused is told so by
// 401 where mails are sent and by 400 elsewhere.
func (a *api) authorise(o *order, at time.Duration) refusal {
	if o.key == "" {
		return refuse(http.StatusUnauthorized, "missing_api_key", "")
	}
	if !o.bearer {
		return refuse(http.StatusBadRequest, "validation_error", messageRefusedKey)
	}
	if len(a.keys) == 0 {
		return nil
	}
	k, known := a.keys[o.key]
	state := k.at(at)
	switch {
	case (!known || state == Revoked) && o.sends():
		return refuse(http.StatusUnauthorized, "validation_error", messageRefusedKey)
	case !known || state == Revoked:
		return refuse(http.StatusBadRequest, "validation_error", messageRefusedKey)
	case state == Suspended:
		return refuse(http.StatusForbidden, "suspended_api_key", "")
	case state == Restricted, state == SendingOnly && !o.sends():
		return refuse(http.StatusUnauthorized, "restricted_api_key", "")
	default:
		return nil
	}
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
	good, problems, bad := a.check(c, o, now)
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
func (a *api) check(c *host.Call, o *order, now time.Time) (good []int, problems []problem, bad refusal) {
	if n := len(o.messages); o.route == routeBatch && (n == 0 || n > maxBatch) {
		return nil, nil, refuse(422, "invalid_parameter", "A batch has between 1 and "+strconv.Itoa(maxBatch)+" mails.")
	}
	mode := c.Request.Header.Get("X-Batch-Validation")
	if mode != "" && mode != "strict" && mode != "permissive" {
		return nil, nil, refuse(422, "invalid_parameter", "x-batch-validation must be strict or permissive.")
	}
	for i := range o.messages {
		bad := o.messages[i].check(a.config, now)
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
		due, _ := m.due(now) // it was checked
		a.mails.add(&kept{message: m, id: id, created: now, due: due})
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
			case "impossible":
				return a.impossible(body)
			default:
				return nil // an id does not age
			}
		},
	}
}

// impossible is an answer that tells of no mail: one without an id, or for several mails
// one of them too few, or a problem with one that was not among them, or of one twice.
func (a *api) impossible(body []byte) []byte {
	var many struct {
		Data   []json.RawMessage `json:"data"`
		Errors []problem         `json:"errors,omitempty"`
	}
	if json.Unmarshal(body, &many) != nil || len(many.Data) == 0 {
		return []byte(`{"id":""}`)
	}
	n := len(many.Data) + len(many.Errors)
	invalid := func(i int) problem { return problem{Index: i, Message: "is not valid"} }
	switch way := a.oddities.Add(1) % 3; {
	case way == 0 && len(many.Data) > 1:
		many.Data, many.Errors = many.Data[2:], append(many.Errors, invalid(0), invalid(0))
	case way == 1:
		many.Data, many.Errors = many.Data[1:], append(many.Errors, invalid(n))
	default:
		many.Data = many.Data[1:]
	}
	odd, _ := json.Marshal(many) // it was JSON
	return odd
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
