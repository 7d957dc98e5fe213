package step_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/step"
	"holdfast.dev/holdfast/harness/undo"
)

func means(t *testing.T) step.Means {
	t.Helper()
	journal, err := undo.Open(t.TempDir(), "run")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, journal.Close()) })
	return step.Means{Journal: journal, Env: map[string]string{"PATH": os.Getenv("PATH"), "SEEN": "yes"}, Dir: t.TempDir(), Value: func(name string) (string, bool) {
		values := map[string]string{"projects": "7", "token": `a "quoted" token`}
		v, ok := values[name]
		return v, ok
	}}
}

func TestACommandGetsItsEnvironmentAndNothingElse(t *testing.T) {
	t.Setenv("OF_THE_SHELL", "secret")
	m := means(t)
	out, err := m.Do(t.Context(), step.Step{Run: []string{"sh", "-c", `echo "$SEEN|$OF_THE_SHELL|$1"; pwd; echo told >&2`, "sh", "{projects} {unknown}"}})
	require.NoError(t, err)
	require.Equal(t, "yes||7 {unknown}\n"+m.Dir+"\n", string(out.Stdout), "standard output alone, whole")
	require.Contains(t, out.Log, "told")
}

func TestWhatFailsShowsItsLastLinesWithoutSecrets(t *testing.T) {
	m := means(t)
	m.Secrets = []string{"hunter2hunter2", "short"}
	_, err := m.Do(t.Context(), step.Step{Name: "migrate", Run: []string{"sh", "-c", "echo short hunter2hunter2; exit 3"}})
	require.EqualError(t, err, "migrate: it ended with exit code 3; its last lines:\n  | short ***")
	_, err = m.Do(t.Context(), step.Step{Run: []string{"sh", "-c", "exit 1"}})
	require.ErrorContains(t, err, "it wrote nothing")
	_, err = m.Do(t.Context(), step.Step{Run: []string{"./no-such-program"}})
	require.ErrorContains(t, err, "find the program")
}

// What a command forks goes with it: at its end, and when its time is over.
func TestWhatACommandForksGoesWithIt(t *testing.T) {
	for _, row := range []struct {
		name, script string
		timeout      time.Duration
		says         string
	}{
		{"at its end", "sleep 60 & echo $!", 30 * time.Second, ""},
		{"when its time is over", "sleep 60 & echo $!; wait", 500 * time.Millisecond, "it took longer than 500ms"},
	} {
		t.Run(row.name, func(t *testing.T) {
			m := means(t)
			out, err := m.Do(t.Context(), step.Step{Run: []string{"sh", "-c", row.script}, Timeout: row.timeout})
			if row.says != "" {
				require.ErrorContains(t, err, row.says)
			} else {
				require.NoError(t, err)
			}
			stat, err := os.ReadFile("/proc/" + strings.TrimSpace(string(out.Stdout)) + "/stat")
			if err == nil { // nobody has reaped it yet
				require.Contains(t, string(stat), ") Z")
			}
		})
	}
}

func TestACommandIsEndedWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	m := means(t)
	begun := filepath.Join(m.Dir, "begun")
	go func() {
		for {
			if _, err := os.Stat(begun); err == nil {
				cancel(errors.New("the run is over"))
				return
			}
			time.Sleep(time.Millisecond)
		}
	}()
	_, err := m.Do(ctx, step.Step{Run: []string{"sh", "-c", "touch begun; sleep 60"}})
	require.ErrorContains(t, err, "the run is over")
}

func TestOutputIsBounded(t *testing.T) {
	m := means(t)
	m.MaxOutput = 10
	out, err := m.Do(t.Context(), step.Step{Run: []string{"sh", "-c", "echo 123456789; echo 123456789"}})
	require.ErrorContains(t, err, "more than 10 bytes")
	require.Len(t, out.Stdout, 10)
}

func TestARequestIsSentAsItIsWritten(t *testing.T) {
	var got *http.Request
	var body []byte
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = r
		body, _ = io.ReadAll(r.Body)
		http.Redirect(w, r, "http://198.51.100.1/elsewhere", http.StatusFound)
	}))
	defer server.Close()
	m := means(t)
	m.URL = func(process string) (string, error) {
		require.Equal(t, "web", process)
		return server.URL, nil
	}
	r := step.Request{To: "web", Method: "post", Path: "/api/{projects}?q={token}", Header: map[string]string{"Authorization": "Bearer {projects}"}, Body: `{"n": "{projects:int}", "t": "{token}"}`}
	_, err := m.Do(t.Context(), step.Step{Request: &r})
	require.ErrorContains(t, err, "302 Found", "a redirect is an answer")
	require.Equal(t, "POST", got.Method)
	require.Equal(t, "/api/7?q=a+%22quoted%22+token", got.RequestURI)
	require.Equal(t, "Bearer 7", got.Header.Get("Authorization"))
	require.JSONEq(t, `{"n": 7, "t": "a \"quoted\" token"}`, string(body))
	r.OK = []int{302}
	out, err := m.Do(t.Context(), step.Step{Request: &r})
	require.NoError(t, err)
	require.Equal(t, 302, out.Status)
}

func TestValuesAreCapturedOfTheAnswer(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Next", "n1")
		_, _ = w.Write([]byte(`{"token": "t1"}`))
	}))
	defer server.Close()
	m := means(t)
	m.URL = func(string) (string, error) { return server.URL, nil }
	out, err := m.Do(t.Context(), step.Step{Request: &step.Request{Path: "/", Capture: map[string]string{"token": "json.token", "next": "header.X-Next"}}})
	require.NoError(t, err)
	require.Equal(t, map[string]string{"token": "t1", "next": "n1"}, out.Captured)
	_, err = m.Do(t.Context(), step.Step{Request: &step.Request{Path: "/", Capture: map[string]string{"token": "json.tokens"}}})
	require.ErrorContains(t, err, "capture token: the answer has no json.tokens")
	require.ErrorContains(t, step.Step{Request: &step.Request{Path: "/", Capture: map[string]string{"token": "token"}}}.Validate(), "capture token")
}

func TestWhatIsNoStepIsRefused(t *testing.T) {
	for want, s := range map[string]step.Step{
		"exactly one of run, sql and request": {},
		"exactly one of":                      {Run: []string{"a"}, SQL: "select 1"},
		"run names no program":                {Run: []string{""}},
		"the SQL has :ulr, and there is no such value, did you mean url?": {SQL: "update t set u = :ulr", Values: map[string]string{"url": "x"}},
		"the value more is not in the SQL":                                {SQL: "select :url", Values: map[string]string{"url": "x", "more": "y"}},
		"values are those of sql":                                         {Run: []string{"a"}, Values: map[string]string{"url": "x"}},
		"its timeout is negative":                                         {Run: []string{"a"}, Timeout: -1},
		"does not begin with a single /":                                  {Request: &step.Request{Path: "//elsewhere/"}},
		"is no method":                                                    {Request: &step.Request{Path: "/", Method: "GE T"}},
		"is no name of a header":                                          {Request: &step.Request{Path: "/", Header: map[string]string{"a b": "c"}}},
	} {
		require.ErrorContains(t, s.Validate(), want)
	}
}

func TestWhatPeopleCallIt(t *testing.T) {
	for want, s := range map[string]step.Step{
		"seed":            {Name: "seed", Run: []string{"x"}},
		"./run.sh seed":   {Run: []string{"./run.sh", "seed"}},
		"select 1 from t": {SQL: "select 1\n   from t"},
		"POST /a":         {Request: &step.Request{Method: "POST", Path: "/a"}},
		"nothing":         {},
	} {
		require.Equal(t, want, strings.TrimSpace(s.String()))
	}
}
