package load_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/message"
)

func TestAnAnswerIsJudgedByWhatItIs(t *testing.T) {
	conditions := func(name string, c message.Condition) map[string]message.Condition {
		return map[string]message.Condition{name: c}
	}
	created := message.Matcher{Status: []int{201}, JSON: conditions("order.id", message.Present()), Headers: conditions("location", message.Like("^/orders/"))}
	refused := message.Matcher{Status: []int{503, 429}, Headers: conditions("Retry-After", message.Present())}
	header := func(pairs ...string) http.Header {
		h := http.Header{}
		for i := 0; i < len(pairs); i += 2 {
			h.Set(pairs[i], pairs[i+1])
		}
		return h
	}
	for _, row := range []struct {
		name    string
		expect  message.Matcher
		refused *message.Matcher
		answer  load.Answer
		class   string
	}{
		{"as it should be", created, &refused, load.Answer{Status: 201, Header: header("Location", "/orders/1"), Body: []byte(`{"order": {"id": 1}}`)}, ""},
		{"another status", created, &refused, load.Answer{Status: 200, Header: header("Location", "/orders/1"), Body: []byte(`{"order": {"id": 1}}`)}, "status_200"},
		{"another header", created, &refused, load.Answer{Status: 201, Header: header("Location", "/"), Body: []byte(`{"order": {"id": 1}}`)}, "check_headers"},
		{"another body", created, &refused, load.Answer{Status: 201, Header: header("Location", "/orders/1"), Body: []byte(`{"order": {"id": null}}`)}, "check_json"},
		{"no JSON", created, &refused, load.Answer{Status: 201, Header: header("Location", "/orders/1"), Body: []byte(`<html>`)}, "check_json"},
		{"refused in order", created, &refused, load.Answer{Status: 429, Header: header("Retry-After", "1")}, load.ClassShedByTarget},
		{"refused without a word", created, &refused, load.Answer{Status: 503}, "status_503"},
		{"refused where nobody said so", created, nil, load.Answer{Status: 503, Header: header("Retry-After", "1")}, "status_503"},
		{"any success, by default", message.Matcher{}, nil, load.Answer{Status: 204}, ""},
		{"an error that has the body", message.Matcher{JSON: conditions("order.id", message.Present())}, nil, load.Answer{Status: 500, Body: []byte(`{"order": {"id": 1}}`)}, "status_500"},
		{"a text", message.Matcher{Body: message.Like("ok")}, nil, load.Answer{Status: 200, Body: []byte("nook")}, ""},
		{"another text", message.Matcher{Body: message.Equal("ok")}, nil, load.Answer{Status: 200, Body: []byte("nook")}, "check_body"},
		{"an answer that is both is refused", message.Matcher{}, &message.Matcher{Body: message.Equal("later")}, load.Answer{Status: 200, Body: []byte("later")}, load.ClassShedByTarget},
	} {
		s := load.Stream{Name: "x", Profile: load.Constant(1, time.Second), Next: get("/"), Expect: load.Answering(row.expect)}
		if row.refused != nil {
			s.Refused = load.RefusedBy(*row.refused)
		}
		require.NoError(t, s.Validate(), row.name)
		require.Equal(t, row.class, s.Judge(row.answer), row.name)
		if row.class != "" {
			require.Contains(t, load.Classes(s), row.class, "and it is known before the load")
		}
		require.Equal(t, row.refused != nil, load.MayRefuse(s))
	}
}

func TestWhatIsAskedOfAnAnswerIsNamed(t *testing.T) {
	e := load.Answering(message.Matcher{Status: []int{201}, JSON: map[string]message.Condition{"id": message.Present()}})
	require.Equal(t, "status 201, json.id to be present", e.Name)
	require.False(t, e.IgnoresBody)
	require.True(t, load.Answering(message.Matcher{Status: []int{201}}).IgnoresBody, "nobody looks at the body then")
}
