package load_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/message"
)

func TestAStreamIsWrittenAsData(t *testing.T) {
	phases := phasesOf(time.Second, time.Second, time.Second, time.Second)
	shape, err := load.ByPhase(map[string]string{"baseline": "40/s", "inject": "200/s"})
	require.NoError(t, err)
	stream := orders(t, shape.Over(phases))
	stream.To, stream.Timeout = "web", 2*time.Second
	stream.Sessions = &load.Sessions{Count: 2, Steps: stream.Steps[:1], Capture: map[string]message.Path{"key": path(t, "json.user.id")}}
	stream.Steps[2].Template.Form = map[string]string{"a": "{key}"}
	stream.Steps[2].Think = time.Second
	require.NoError(t, stream.Validate())
	written, err := json.Marshal([]load.Stream{stream})
	require.NoError(t, err)
	login := `{"name": "login", "request": {"method": "POST", "path": "/login", "json": {"user": "u{user}"}}, "ok": {"status": [200]}, "capture": {"token": "header.access-token", "id": "json.user.id"}}`
	require.JSONEq(t, `[{
		"name": "order", "to": "web", "rate": "40/s, 200/s in inject", "vary": {"user": {"unique": "number"}}, "timeout": "2s", "max_lag": "1m",
		"sessions": {"count": 2, "steps": [`+login+`], "capture": {"key": "json.user.id"}},
		"steps": [`+login+`,
			{"name": "cart", "request": {"method": "POST", "path": "/users/{id}/cart", "headers": {"authorization": "Bearer {token}"}, "json": {"n": "{id:int}"}}, "ok": {"status": [200]}, "capture": {"cart": "json.cart"}},
			{"name": "pay", "think": "1s", "request": {"method": "POST", "path": "/carts/{cart}/pay", "form": {"a": "{key}"}}, "ok": {"status": [201]}, "refused": "status 503 with Retry-After"}
		]}]`, string(written))
	plain := load.Stream{
		Name: "search", Profile: load.Constant(5, time.Second),
		Template: &load.Template{Path: "/{q}", Given: []string{"token"}, Vars: map[string]load.Var{"q": words("a")}},
		Expect:   load.Answering(message.Matcher{JSON: map[string]message.Condition{"n": message.Equal(3)}, Body: message.Like("^x")}),
		Refused:  load.RefusedBy(message.Matcher{Status: []int{503}, Headers: map[string]message.Condition{"Retry-After": message.Present()}}),
	}
	written, err = json.Marshal(plain)
	require.NoError(t, err)
	require.JSONEq(t, `{"name": "search", "rate": "5/s for 1s", "vary": {"q": {"words": ["a"]}}, "request": {"path": "/{q}", "given": ["token"]},
		"ok": {"json": {"n": 3}, "body": "~^x"}, "refused": {"status": [503], "headers": {"Retry-After": "present"}}}`, string(written))
	written, err = json.Marshal(load.Stream{Name: "x", Profile: load.Constant(5, time.Second), Next: get("/")})
	require.NoError(t, err)
	require.JSONEq(t, `{"name": "x", "rate": "5/s for 1s", "request": {"code": true}}`, string(written))
}
