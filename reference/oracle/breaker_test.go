package oracle

import (
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sony/gobreaker/v2"
	"github.com/stretchr/testify/require"
)

// tell reports a failure, or none, for a call that must be allowed.
func tell(t *testing.T, b *breakers, endpoint string, f *oracleFailure) {
	t.Helper()
	done, ok := b.allow(endpoint)
	require.True(t, ok)
	done(f)
}

func TestABreakerOpensTriesOnceAndHeals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBreakers(3, 5*time.Second)
		sick := failed(classTimeout, "")
		tell(t, b, "a", sick)
		tell(t, b, "a", sick)
		tell(t, b, "a", nil) // what counts is failures in a row
		require.Empty(t, b.all, "who is healthy is forgotten")
		for range 3 {
			tell(t, b, "a", sick)
		}
		_, ok := b.allow("a")
		require.False(t, ok, "open")
		require.Equal(t, 1, b.in(gobreaker.StateOpen))
		tell(t, b, "b", nil)

		time.Sleep(5*time.Second + 1)
		probe, ok := b.allow("a")
		require.True(t, ok, "one may try")
		_, ok = b.allow("a")
		require.False(t, ok, "and only one")
		probe(sick)
		_, ok = b.allow("a")
		require.False(t, ok, "still sick")

		time.Sleep(5*time.Second + 1)
		probe, _ = b.allow("a")
		probe(failed(classCanceled, "")) // which says nothing, so another may try
		tell(t, b, "a", nil)
		require.Zero(t, b.in(gobreaker.StateOpen))
		require.Empty(t, b.all)
	})
}

func TestWhatSpeaksAgainstAnOracle(t *testing.T) {
	status := func(code int) *oracleFailure { return &oracleFailure{Class: classStatus, status: code} }
	for _, row := range []struct {
		name    string
		failure *oracleFailure
		want    error
	}{
		{"an answer", nil, nil},
		{"no answer in time", failed(classTimeout, ""), errSick},
		{"no connection", failed(classConnection, ""), errSick},
		{"429", status(429), errSick},
		{"500", status(500), errSick},
		{"503", status(503), errSick},
		{"404", status(404), nil},
		{"a redirect", status(0), nil},
		{"a wrong answer", failed(classPayload, ""), nil},
		{"too much of an answer", failed(classTooLarge, ""), nil},
		{"the caller went", failed(classCanceled, ""), errNeither},
		{"no place in the bulkhead", &oracleFailure{Class: classConnection, refused: outcomeBulkhead}, errNeither},
		{"no time for a place", &oracleFailure{Class: classTimeout, refused: outcomeBulkhead}, errNeither},
	} {
		require.Equal(t, row.want, meaning(row.failure), row.name)
	}
}

func TestBreakersAreBounded(t *testing.T) {
	b := newBreakers(1, time.Hour)
	b.most = 10
	held, ok := b.allow("held")
	require.True(t, ok)
	for i := range 100 {
		tell(t, b, fmt.Sprint(i), failed(classTimeout, ""))
		require.LessOrEqual(t, len(b.all), 10)
	}
	require.Contains(t, b.all, "held", "a breaker that a call needs stays")
	held(nil)
	require.NotContains(t, b.all, "held")
}

func TestASickOracleIsLeftAloneAndItsNeighboursAreNot(t *testing.T) {
	var healed atomic.Bool
	u := serve(t, map[string]http.HandlerFunc{"sick": func(w http.ResponseWriter, r *http.Request) {
		if healed.Load() {
			good(w, r)
			return
		}
		w.WriteHeader(503)
	}})
	s := newService(t, func(c *Config) { c.BreakerCooldown = time.Hour })
	for range defaultConfig().BreakerFailures {
		requireFailure(t, one(t, s, u.source("sick")), classStatus, "503")
	}
	requireFailure(t, one(t, s, u.source("sick")), classConnection, "breaker")
	require.EqualValues(t, defaultConfig().BreakerFailures, u.calls.Load(), "the oracle is not asked")
	require.Equal(t, 1.0, value(t, s.metrics.calls.WithLabelValues(outcomeBreaker)))
	require.Equal(t, statusOK, one(t, s, u.source("healthy")).Status)

	off := newService(t, func(c *Config) { c.BreakerFailures = 0 })
	before := u.calls.Load()
	for range 50 {
		requireFailure(t, one(t, off, u.source("sick")), classStatus, "503")
	}
	require.EqualValues(t, 50, u.calls.Load()-before, "without it, each is asked")

	s = newService(t, func(c *Config) { c.BreakerFailures, c.BreakerCooldown = 1, time.Millisecond })
	requireFailure(t, one(t, s, u.source("sick")), classStatus, "503")
	healed.Store(true)
	require.Eventually(t, func() bool { return one(t, s, u.source("sick")).Status == statusOK }, 30*time.Second, time.Millisecond)
}
