package message_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"holdfast.dev/holdfast/message"
)

// charge is a request with something of everything.
func charge() *message.Message {
	return &message.Message{
		Method: "POST", Path: "/v1/charges/ch_1", PathValues: map[string]string{"id": "ch_1"}, Query: url.Values{"q": {"a b", "c"}},
		Header: http.Header{"Content-Type": {"application/x-www-form-urlencoded; charset=utf-8"}, "Retry-After": {"3"}},
		Body:   []byte("amount=300&metadata%5Bcart%5D=c-7"),
	}
}

func answer(body string) *message.Message { return &message.Message{Status: 200, Body: []byte(body)} }

func TestAPathNamesAPart(t *testing.T) {
	order := answer(`{"order":{"id":"o-1","n":3,"paid":true,"gone":null,"a.b":1,"items":[{"id":1},{"id":2}]}}`)
	for _, row := range []struct {
		path string
		of   *message.Message
		want string
		ok   bool
	}{
		{"json.order.id", order, "o-1", true},
		{"json.order.n", order, "3", true},
		{"json.order.paid", order, "true", true},
		{"json.order.gone", order, "", false},
		{"json.order.missing", order, "", false},
		{`json.order.a\.b`, order, "1", true},
		{"json.order.items.1.id", order, "2", true},
		{"json.order.items.#", order, "2", true},
		{"json", answer("[1, 2]"), "[1, 2]", true},
		{"json.0", answer("[1, 2]"), "1", true},
		{"json.a", answer(`{"a":1`), "", false},
		{"form.metadata[cart]", charge(), "c-7", true},
		{"form.amount", charge(), "300", true},
		{"form.nothing", charge(), "", false},
		{"form.a", answer("a=1"), "", false},
		{"header.retry-after", charge(), "3", true},
		{"header.X-None", charge(), "", false},
		{"query.q", charge(), "a b", true},
		{"path.id", charge(), "ch_1", true},
		{"path", charge(), "/v1/charges/ch_1", true},
		{"method", charge(), "POST", true},
		{"status", order, "200", true},
		{"status", charge(), "", false},
		{"body", answer("x"), "x", true},
		{"body", answer(""), "", false},
	} {
		p, err := message.ParsePath(row.path)
		require.NoError(t, err, row.path)
		got, ok := p.Of(row.of)
		require.Equal(t, row.ok, ok, row.path)
		require.Equal(t, row.want, got, row.path)
	}
}

func TestFieldsOfAMultipartForm(t *testing.T) {
	m := &message.Message{
		Header: http.Header{"Content-Type": {`multipart/form-data; boundary="b"`}},
		Body: []byte("--b\r\nContent-Disposition: form-data; name=\"cart\"\r\n\r\nc-7\r\n" +
			"--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"x\"\r\n\r\nsecret\r\n--b--\r\n"),
	}
	require.Empty(t, message.Matcher{Form: map[string]message.Condition{"cart": message.Equal("c-7"), "file": message.Absent()}}.Match(m))
}

func TestPathsThatNameNothing(t *testing.T) {
	for text, why := range map[string]string{
		"":               "begins with none of json",
		"jsn.id":         "did you mean json?",
		"headers.X":      "did you mean header?",
		"header":         "does not say which",
		"form":           "does not say which",
		"status.code":    "is a whole",
		"json.":          "nothing follows the dot",
		"json.a..b":      "nothing between two dots",
		"json..a":        "nothing between two dots",
		"json.a.":        "nothing between two dots",
		"json.!true":     "there in every message",
		"header.A B":     "can't be the name of a header",
		"body.something": "is a whole",
	} {
		_, err := message.ParsePath(text)
		require.ErrorContains(t, err, why, text)
	}
}

func TestAConditionHoldsOrNot(t *testing.T) {
	body := `{"s":"paid","n":3,"big":9007199254740993,"x":"3","t":true,"z":null,"e":"","l":[1,{"a":2}],"p":"present"}`
	for _, row := range []struct {
		path  string
		value any
		holds bool
	}{
		{"s", "present", true}, {"none", "present", false}, {"z", "present", false}, {"e", "present", true},
		{"s", "absent", false}, {"none", "absent", true}, {"z", "absent", true},
		{"s", "paid", true}, {"s", "pai", false}, {"s", "Paid", false},
		{"s", "~^pa", true}, {"s", "~^x", false}, {"n", "~^3$", true}, {"none", "~.*", false}, {"z", "~.*", false},
		{"n", 3, true}, {"n", 3.0, true}, {"n", json.Number("30e-1"), true}, {"n", "3", false}, {"x", "3", true}, {"x", 3, false}, {"n", 4, false},
		{"big", int64(9007199254740993), true}, {"big", int64(9007199254740992), false},
		{"t", true, true}, {"t", false, false}, {"t", "true", false},
		{"z", nil, true}, {"n", nil, false}, {"none", nil, false},
		{"l", []any{1, map[string]any{"a": 2.0}}, true}, {"l", []any{1}, false}, {"l.1", map[string]any{"equals": map[string]any{"a": 2}}, true},
		{"l.#", 2, true}, {"l.#", 3, false},
		{"p", "=present", true}, {"s", "=present", false}, {"p", map[string]any{"equals": "present"}, true},
		{"s", map[string]any{"matches": "aid$"}, true}, {"s", map[string]any{"matches": "^aid"}, false},
	} {
		c, err := message.ConditionOf(row.value)
		require.NoError(t, err, "%v", row.value)
		got := message.Matcher{JSON: map[string]message.Condition{row.path: c}}.Match(answer(body))
		require.Equal(t, row.holds, got == "", "json %s: %v: %s", row.path, row.value, got)
	}
}

// Outside of JSON everything is a text.
func TestATypedValueIsATextInAHeaderOrAForm(t *testing.T) {
	for value, holds := range map[any]bool{3: true, "3": true, 4: false, "present": true, true: false} {
		c, err := message.ConditionOf(value)
		require.NoError(t, err)
		require.Equal(t, holds, message.Matcher{Headers: map[string]message.Condition{"retry-after": c}}.Match(charge()) == "", value)
	}
	require.Empty(t, message.Matcher{Form: map[string]message.Condition{"amount": message.Equal(300)}}.Match(charge()))
}

func TestAMismatchNamesWhatIsOtherwise(t *testing.T) {
	conditions := func(name string, c message.Condition) map[string]message.Condition {
		return map[string]message.Condition{name: c}
	}
	secret := charge()
	secret.Header.Set("Authorization", "Bearer sk_live_1")
	for want, row := range map[string]struct {
		m   message.Matcher
		msg *message.Message
	}{
		"status is 200, it should be 201 or 202":                         {message.Matcher{Status: []int{201, 202}}, answer("")},
		"method is POST, it should be GET":                               {message.Matcher{Method: "get"}, charge()},
		"path is /v1/charges/ch_1, it should be /v1/refunds/{id}":        {message.Matcher{Path: "/v1/refunds/{id}"}, charge()},
		`json.state is "new", it should be "done"`:                       {message.Matcher{JSON: conditions("state", message.Equal("done"))}, answer(`{"state":"new"}`)},
		"json.n is 3, it should be 4":                                    {message.Matcher{JSON: conditions("n", message.Equal(4))}, answer(`{"n":3}`)},
		"json.n is null, it should be present":                           {message.Matcher{JSON: conditions("n", message.Present())}, answer(`{"n":null}`)},
		"json.n is absent, it should be present":                         {message.Matcher{JSON: conditions("n", message.Present())}, answer(`{}`)},
		"json.n is absent, as the body is no JSON, it should be present": {message.Matcher{JSON: conditions("n", message.Present())}, answer(`<html>`)},
		"header.Location is absent, it should be present":                {message.Matcher{Headers: conditions("Location", message.Present())}, charge()},
		`query.q is "a b", it should match ^x`:                           {message.Matcher{Query: conditions("q", message.Like("^x"))}, charge()},
		`body is "ok", it should be "fine"`:                              {message.Matcher{Body: message.Equal("fine")}, answer("ok")},
		`header.Authorization is otherwise, it should match ^Basic`:      {message.Matcher{Headers: conditions("Authorization", message.Like("^Basic"))}, secret},
		`form.amount is "300", it should be absent`:                      {message.Matcher{Form: conditions("amount", message.Absent())}, charge()},
	} {
		require.Equal(t, want, row.m.Match(row.msg))
		require.NoError(t, row.m.Validate())
	}
	require.Empty(t, message.Matcher{}.Match(charge()), "who asks for nothing gets all")
}

func TestAllThatIsWrongIsSaidAtOnce(t *testing.T) {
	err := message.Matcher{
		Status: []int{99}, Method: "GE T", Path: "x{y",
		JSON: map[string]message.Condition{"a..b": message.Present(), "c": {}}, Headers: map[string]message.Condition{"X": message.Like("(")},
		Body: message.Like("["),
	}.Validate()
	for _, part := range []string{"status 99", `"GE T"`, `path "x{y"`, `json a..b`, "json c: it asks nothing", "header X: no regular expression", "missing closing ]"} {
		require.ErrorContains(t, err, part)
	}
	for _, value := range []any{"~(", map[string]any{}, map[string]any{"equals": 1, "matches": "x"}, map[string]any{"equal": 1}, func() {}, time.Now()} {
		_, err := message.ConditionOf(value)
		require.Error(t, err)
	}
}

func TestATemplateMatchesPaths(t *testing.T) {
	for _, row := range []struct {
		template, path string
		want           map[string]string
		ok             bool
	}{
		{"/rates/{currency}", "/rates/EUR", map[string]string{"currency": "EUR"}, true},
		{"/rates/{currency}", "/rates/a%2Fb%20c", map[string]string{"currency": "a/b c"}, true},
		{"/rates/{currency}", "/rates/", nil, false},
		{"/rates/{currency}", "/rates/EUR/x", nil, false},
		{"/rates/{currency}.json", "/rates/EUR.json", map[string]string{"currency": "EUR"}, true},
		{"/a/{x}/b/{y}", "/a/1/b/2", map[string]string{"x": "1", "y": "2"}, true},
		{"/files/{name...}", "/files/a/b", map[string]string{"name": "a/b"}, true},
		{"/files/{name...}", "/files/", map[string]string{"name": ""}, true},
		{"/plain", "/plain", nil, true},
		{"/plain", "/plain/", nil, false},
		{"/a.c", "/abc", nil, false},
		{"/{{x}", "/%7Bx%7D", nil, true},
		{"/é", "/%C3%A9", nil, true},
		{"/a,b/{x}", "/a%2Cb/1", map[string]string{"x": "1"}, true},
	} {
		template, err := message.ParseTemplate(row.template)
		require.NoError(t, err, row.template)
		got, ok := template.Match(row.path)
		require.Equal(t, row.ok, ok, "%s %s", row.template, row.path)
		if ok {
			require.Equal(t, row.want, got, row.template)
		}
	}
	for _, bad := range []string{"", "x", "/a b", "/a?b=1", "/{", "/{a-b}", "/{a}/{a}", "/{a...}/b"} {
		_, err := message.ParseTemplate(bad)
		require.Error(t, err, bad)
	}
}

func TestTheMoreParticularTemplateIsAskedFirst(t *testing.T) {
	parse := func(text string) message.Template {
		p, err := message.ParseTemplate(text)
		require.NoError(t, err)
		return p
	}
	for _, pair := range [][2]string{
		{"/v1/charges/search", "/v1/charges/{id}"}, {"/v1/charges/{id}", "/v1/{rest...}"}, {"/v1/{a}/x", "/v1/{a}/{b}"}, {"/x/{a}", "/{a}/{b}"},
	} {
		require.True(t, parse(pair[0]).Before(parse(pair[1])), "%v", pair)
		require.False(t, parse(pair[1]).Before(parse(pair[0])), "%v", pair)
	}
}

func TestPathAndTextAreEachOthersInverse(t *testing.T) {
	names := rapid.OneOf(rapid.StringMatching(`[a-z\[\]0-9.\\@#*-]{0,8}`), rapid.String())
	rapid.Check(t, func(rt *rapid.T) {
		text := rapid.SampledFrom(message.Parts()).Draw(rt, "part") + rapid.SampledFrom([]string{"", "."}).Draw(rt, "dot") + names.Draw(rt, "name")
		p, err := message.ParsePath(text)
		if err != nil {
			rt.Skip()
		}
		require.Equal(rt, text, p.String())
		again, err := message.ParsePath(p.String())
		require.NoError(rt, err)
		require.Equal(rt, p, again)
	})
}

// texts lean on what means something as a condition.
func texts() *rapid.Generator[string] {
	return rapid.OneOf(rapid.String(), rapid.StringMatching(`={0,3}~?(present|absent|a)?={0,2}`))
}

// values are what YAML and JSON may hold.
func values() *rapid.Generator[any] {
	return rapid.OneOf(
		rapid.Map(texts(), func(s string) any { return s }), rapid.Map(rapid.Int64(), func(n int64) any { return n }),
		rapid.Map(rapid.Float64(), func(f float64) any { return f }), rapid.Map(rapid.Bool(), func(b bool) any { return b }),
		rapid.Just[any](nil), rapid.Just[any]([]any{1, "present"}), rapid.Just[any](map[string]any{"matches": "a+"}),
		rapid.Map(texts(), func(s string) any { return map[string]any{"equals": s} }),
		rapid.Just[any](map[string]any{"equals": map[string]any{"a": nil}}),
	)
}

func TestConditionAndValueAreEachOthersInverse(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		c, err := message.ConditionOf(values().Draw(rt, "value"))
		if err != nil {
			rt.Skip()
		}
		again, err := message.ConditionOf(c.Value())
		require.NoError(rt, err, "%v", c.Value())
		require.Equal(rt, c, again, "%v", c.Value())
		b, err := json.Marshal(c)
		require.NoError(rt, err)
		var read message.Condition
		require.NoError(rt, json.Unmarshal(b, &read))
		require.Equal(rt, c.String(), read.String(), "%s", b)
	})
}

// No text is impossible to ask for.
func TestEveryTextCanBeAskedFor(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		text := texts().Draw(rt, "text")
		written, ok := message.Equal(text).Value().(string)
		require.True(rt, ok)
		c, err := message.ConditionOf(written)
		require.NoError(rt, err)
		m := message.Matcher{Query: map[string]message.Condition{"q": c}}
		require.Empty(rt, m.Match(&message.Message{Query: url.Values{"q": {text}}}), "%q", written)
		require.NotEmpty(rt, m.Match(&message.Message{Query: url.Values{"q": {text + "x"}}}), "%q", written)
	})
}

func Example() {
	m := message.Matcher{Status: []int{201}, JSON: map[string]message.Condition{"order.id": message.Present()}}
	got := &message.Message{Status: 201, Body: []byte(`{"order":{"id":"o-1"}}`)}
	fmt.Printf("%q\n", m.Match(got))
	fmt.Println(m.Match(&message.Message{Status: 201, Body: []byte(`{"order":{}}`)}))
	id, _ := message.ParsePath("json.order.id")
	fmt.Println(id.Of(got))
	// Output:
	// ""
	// json.order.id is absent, it should be present
	// o-1 true
}

// Go's own reader drops a field with a semicolon in silence, and a form with a wrong
// escape as a whole.
func TestFieldsWithASemicolonOrAWrongEscapeAreNotLost(t *testing.T) {
	for text, want := range map[string]url.Values{
		"q=a;b&n=1":       {"q": {"a;b"}, "n": {"1"}},
		"q=a%3Bb":         {"q": {"a;b"}},
		"a=1;b=2":         {"a": {"1;b=2"}},
		"good=1&bad=%zz":  {"good": {"1"}},
		"":                {},
		";":               {";": {""}},
		"q=caf%C3%A9+au&": {"q": {"café au"}},
	} {
		require.Equal(t, want, message.Fields(text), text)
	}
}

func TestANumberKeepsItsDigits(t *testing.T) {
	m := &message.Message{Body: []byte(`{"id":9007199254740993,"price":0.10,"big":1e400}`)}
	for path, want := range map[string]string{"id": "9007199254740993", "price": "0.10", "big": "1e400"} {
		p, err := message.ParsePath("json." + path)
		require.NoError(t, err)
		got, there := p.Of(m)
		require.True(t, there)
		require.Equal(t, want, got)
	}
}
