package message_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/message"
)

// Whatever a path says of whatever body, it is printed as it was read, and looking
// ends well.
func FuzzParsePath(f *testing.F) {
	for _, text := range []string{"json.a.b", "form.metadata[cart]", "header.X", "query.q", "path.id", "status", "body", `json.a\.b`, "json.#(a==1).b", "json.@this"} {
		f.Add(text, `{"a":{"b":1}}`)
	}
	f.Fuzz(func(t *testing.T, text, body string) {
		p, err := message.ParsePath(text)
		if err != nil {
			return
		}
		require.Equal(t, text, p.String())
		p.Of(&message.Message{Body: []byte(body), Header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}})
	})
}

func FuzzConditionOf(f *testing.F) {
	for _, text := range []string{`"present"`, `"absent"`, `"~a"`, `"=present"`, `3`, `true`, `null`, `[1]`, `{"equals":{"a":1}}`, `{"matches":"x"}`, `1e400`} {
		f.Add(text, text)
	}
	f.Fuzz(func(t *testing.T, text, body string) {
		var c message.Condition
		if json.Unmarshal([]byte(text), &c) != nil {
			return
		}
		again, err := message.ConditionOf(c.Value())
		require.NoError(t, err)
		require.Equal(t, c.String(), again.String())
		message.Matcher{JSON: map[string]message.Condition{"a": c}, Body: c}.Match(&message.Message{Body: []byte(body)})
	})
}

func FuzzParseTemplate(f *testing.F) {
	for _, text := range []string{"/rates/{currency}", "/{{x}", "/a/{b...}", "/é", "/%zz/{a}"} {
		f.Add(text, "/rates/EUR")
	}
	f.Fuzz(func(t *testing.T, text, path string) {
		template, err := message.ParseTemplate(text)
		if err != nil {
			return
		}
		require.Equal(t, text, template.String())
		if values, ok := template.Match(path); ok {
			require.Len(t, values, len(template.Names()))
		}
	})
}
