package standing_test

import (
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/contract"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/standing"
)

// begin begins the check of that name in a scene.
func begin(t *testing.T, name string, s standing.Scene) standing.Watch {
	t.Helper()
	i := slices.Index(standing.Names(), name)
	require.GreaterOrEqual(t, i, 0, name)
	if s.Contract == nil {
		promised, err := contract.Contract{}.Compile()
		require.NoError(t, err)
		s.Contract = promised
	}
	w, err := standing.All()[i].Begin(t.Context(), s)
	require.NoError(t, err)
	return w
}

// answer is one to GET path.
func answer(path string, status int, header http.Header, body string) standing.Answer {
	return standing.Answer{
		Request: load.Request{Path: path}, Answer: load.Answer{Status: status, Header: header, Body: []byte(body)},
	}
}

func TestAnAnswerThatBreaksItsContractIsShownWithHowToRepeatIt(t *testing.T) {
	promised, err := contract.Contract{Routes: []contract.Route{{Pattern: "GET /a", Answers: []contract.Answer{{Statuses: []int{200}}}}}}.Compile()
	require.NoError(t, err)
	w := begin(t, "answers", standing.Scene{Contract: promised, Target: "http://127.0.0.1:7"})
	w.Answered(answer("/a", 200, nil, ""))
	w.Answered(answer("/a?it's", 500, nil, ""))
	w.Answered(answer("/b", 503, nil, ""))
	found := w.Ended(standing.Ended{Answers: 10})
	require.EqualValues(t, 10, found.Looked)
	require.EqualValues(t, 2, found.Broken)
	require.Contains(t, found.Examples[0].String(), "an answer to GET /a?it's: its status is 500")
	require.Equal(t, `curl -i 'http://127.0.0.1:7/a?it'\''s'`, found.Examples[0].Repeat)
	require.Contains(t, found.Examples[1].What, "503 without Retry-After")
}

// Each row is an answer of a service whose secret is s3cr3t-value.
func TestWhatAnAnswerMayNotTell(t *testing.T) {
	const secret = "s3cr3t-value/7"
	for _, row := range []struct {
		name, body string
		header     http.Header
		says       string
	}{
		{"nothing", `{"results":[{"title":"Go: a language at 10:30"}]}`, nil, ""},
		{"the secret", `{"key":"s3cr3t-value/7"}`, nil, "the key"},
		{"the secret in an address", `/?k=s3cr3t-value%2F7`, nil, "the key"},
		{"the secret in base 64", base64.StdEncoding.EncodeToString([]byte(secret)), nil, "the key"},
		{"the secret in a header", "", http.Header{"X-Debug": {"k=" + secret}}, "the header X-Debug"},
		{"a trace of Go", "panic: oh\n\ngoroutine 7 [running]:", nil, "a stack trace"},
		{"a trace of Python", `{"detail":"Traceback (most recent call last):\n"}`, nil, "a stack trace"},
		{"a trace of Java", "java.lang.X: y\n\tat a.b.C.d(C.java:7)", nil, "a stack trace"},
		{"a trace of Node", `{"stack":"Error: y\n    at Object.f (/app/a.js:7:9)"}`, nil, "a stack trace"},
		{"a line of Go", "search/store.go:71: no rows", nil, "a path in the source"},
		{"a line of Python", `File "/app/views.py", line 7`, nil, "a path in the source"},
		{"an error of Postgres", "ERROR: deadlock detected (SQLSTATE 40P01)", nil, "an SQLSTATE"},
		{"an address with a password", "postgres://u:p@h/db", nil, "how to connect"},
		{"pgx's own words", "failed to connect to `user=app database=shop`", nil, "how to connect"},
		{"words that are much like it", `{"text":"the state of the host, and its users"}`, nil, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := begin(t, "nothing-told", standing.Scene{Secrets: []standing.Secret{{What: "the key", Text: secret}, {What: "short", Text: "a"}}})
			w.Answered(answer("/a", 200, row.header, row.body))
			found := w.Ended(standing.Ended{Answers: 1})
			if row.says == "" {
				require.Zero(t, found.Broken, found.Text())
				return
			}
			require.EqualValues(t, 1, found.Broken)
			require.Contains(t, found.Text(), row.says)
			require.NotContains(t, found.Text(), secret, "the finding tells it, too")
		})
	}
}

func TestASecretInThePageOfMetricsOrInTheLogIsFound(t *testing.T) {
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		require.Equal(t, "/metrics", r.URL.Path)
		_, _ = w.Write([]byte(`calls{key="s3cr3t-value"} 7`))
	}))
	defer page.Close()
	w := begin(t, "nothing-told", standing.Scene{Target: page.URL, Secrets: []standing.Secret{{What: "the key", Text: "s3cr3t-value"}}})
	w.Drained(t.Context(), standing.Settled{})
	found := w.Ended(standing.Ended{LogLines: 7, Spilled: []string{"the password"}})
	require.EqualValues(t, 8, found.Looked)
	require.Equal(t, "the page of metrics holds the key: curl '"+page.URL+"/metrics'; a line of its log holds the password", found.Text())
}
