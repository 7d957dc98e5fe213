package standing_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/contract"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/standing"
)

// A page that leads to another host leads no check there.
func TestNoCheckFollowsTheTargetElsewhere(t *testing.T) {
	var hits, asked atomic.Int64
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { hits.Add(1) }))
	defer other.Close()
	target := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		http.Redirect(w, r, other.URL+r.URL.Path, http.StatusFound)
	}))
	defer target.Close()
	promised, err := contract.Contract{
		Routes: []contract.Route{{Pattern: "GET /readyz", Answers: []contract.Answer{{Statuses: []int{200}}}}, {Pattern: "GET /a", Answers: []contract.Answer{{Statuses: []int{200}}}}},
		Page:   contract.Page{Counters: []contract.Counter{{Series: contract.Series{Name: "asked_total"}, Pattern: "GET /a", Statuses: []int{200}}}},
	}.Compile()
	require.NoError(t, err)
	scene := standing.Scene{Target: target.URL, Contract: promised, Data: new(pgxpool.Pool), News: []standing.News{{
		Name: "it", Ask: load.Request{Path: "/a"}, Shows: func(load.Answer) bool { return false }, Write: func(context.Context, *pgxpool.Pool) error { return nil },
	}}}
	for _, name := range []string{"nothing-told", "itself", "fresh"} {
		before := asked.Load()
		w := begin(t, name, scene)
		w.Drained(t.Context(), standing.Settled{Lives: 1})
		_ = w.Ended(standing.Ended{})
		require.Greater(t, asked.Load(), before, name)
		require.Zero(t, hits.Load(), name)
	}
}
