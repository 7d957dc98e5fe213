package oracle

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/reference/schema"
)

// asked is the project that all tests here ask about.
const asked = 7

// upstream is an oracle API whose oracles answer well unless they have a handler
// of their own.
type upstream struct {
	*httptest.Server
	calls atomic.Int64
	most  atomic.Int64 // calls at once
	open  atomic.Int64
}

// serve starts an upstream; special oracles are told by their names.
func serve(t testing.TB, special map[string]http.HandlerFunc) *upstream {
	u := &upstream{}
	u.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		u.calls.Add(1)
		defer u.open.Add(-1)
		for now, most := u.open.Add(1), u.most.Load(); now > most && !u.most.CompareAndSwap(most, now); {
			most = u.most.Load()
		}
		name := strings.Split(r.URL.Path, "/")[2]
		if h := special[name]; h != nil {
			h(w, r)
			return
		}
		good(w, r)
	}))
	t.Cleanup(u.Close)
	return u
}

// good answers as an oracle should.
func good(w http.ResponseWriter, r *http.Request) {
	body(goodBody(strings.Split(r.URL.Path, "/")[2]))(w, r)
}

func goodBody(name string) string {
	return fmt.Sprintf(`{"project_id":%d,"oracle":%q,"data":{"as_of":%q,"beneficiaries":1234,"co2_kg":56.7,"score":0.89}}`+"\n",
		asked, name, time.Now().UTC().Format(time.RFC3339))
}

// body answers 200 with that JSON.
func body(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, text)
	}
}

// hang answers nothing until the caller has gone.
func hang(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

// source returns the oracle of that name.
func (u *upstream) source(name string) source {
	return source{name: name, url: u.URL + "/oracles/" + name + "/impact", adapter: schema.AdapterV1}
}

// sources returns oracle-0 and so on.
func (u *upstream) sources(n int) []source {
	all := make([]source, n)
	for i := range all {
		all[i] = u.source(fmt.Sprint("oracle-", i))
	}
	return all
}

// newService returns a service without a database, with the default protections
// changed by change.
func newService(t testing.TB, change func(*Config)) *Service {
	c := defaultConfig()
	if change != nil {
		change(&c)
	}
	s, err := New(c, nil, prometheus.NewRegistry(), slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		require.NoError(t, s.Close(ctx))
	})
	return s
}

// one asks a single oracle.
func one(t testing.TB, s *Service, from source) oracleResult {
	t.Helper()
	results, err := s.fanOut(t.Context(), asked, []source{from})
	require.NoError(t, err)
	require.Len(t, results, 1)
	return results[from.name]
}

// requireFailure checks a result's class and detail, and that it gives nothing
// away.
func requireFailure(t testing.TB, r oracleResult, class failureClass, detail string) {
	t.Helper()
	require.Equal(t, statusError, r.Status, "%s", r.Data)
	require.Equal(t, class, r.Error, r.Detail)
	require.Contains(t, r.Detail, detail)
	text, err := json.Marshal(r)
	require.NoError(t, err)
	for _, secret := range []string{"127.0.0.1", "http", "secret", "goroutine", ".go", "panic"} {
		require.NotContains(t, string(text), secret)
	}
}

// value is what a counter or a gauge stands at.
func value(t testing.TB, m prometheus.Metric) float64 {
	t.Helper()
	var read dto.Metric
	require.NoError(t, m.Write(&read))
	return read.GetCounter().GetValue() + read.GetGauge().GetValue()
}
