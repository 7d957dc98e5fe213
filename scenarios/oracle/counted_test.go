package oracle

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/scenarios/contract"
	"holdfast.dev/holdfast/scenarios/contract/reference"
)

// Each result is a call that was counted as it ended; what was counted beyond that is no
// offence, and neither is a label that the page does not have and nobody promised.
func TestCallsAreCountedAsAnswersTell(t *testing.T) {
	good := contract.ImpactResult{OK: true}
	failed := func(class contract.ImpactClass) contract.ImpactResult {
		return contract.ImpactResult{Failed: true, Class: class}
	}
	spared := contract.ImpactResult{Failed: true, Class: contract.Connection, Spared: contract.SparedSick}
	busy := contract.ImpactResult{Failed: true, Class: contract.Connection, Spared: contract.SparedBusy}
	answer := func(took time.Duration, results ...contract.ImpactResult) *heard {
		h := &heard{Exchange: load.Exchange{Status: http.StatusOK, End: took}, answer: contract.ImpactAnswer{Results: map[string]contract.ImpactResult{}}}
		for i, r := range results {
			h.answer.Results[fmt.Sprint(i)] = r
		}
		return h
	}
	soon, last := 10*time.Millisecond, 600*time.Millisecond
	for _, row := range []struct {
		name   string
		heard  []*heard
		page   string
		broken int64
	}{
		{"as they were", []*heard{answer(soon, good, good, failed(contract.BadStatus), spared)}, `ok 2 status 1 breaker 1`, 0},
		{"more than were told of", []*heard{answer(soon, good)}, `ok 2 canceled 7`, 0},
		{"too few", []*heard{answer(soon, good), answer(soon, good)}, `ok 1`, 1},
		{"under another class", []*heard{answer(soon, failed(contract.BadStatus))}, `ok 0 status 0 payload 1`, 1},
		{"as made, and it was spared", []*heard{answer(soon, spared)}, `connection 1 breaker 0`, 1},
		{"a timeout that had no end by the deadline", []*heard{answer(last, good, failed(contract.TimedOut))}, `ok 1 timeout 0`, 0},
		{"a timeout of its own", []*heard{answer(soon, failed(contract.TimedOut))}, `timeout 0`, 1},
		{"a timeout in the line of a host that was full", []*heard{answer(soon, busy, failed(contract.TimedOut), failed(contract.TimedOut))}, `bulkhead 2 timeout 1`, 0},
		{"more timeouts than that", []*heard{answer(soon, busy, failed(contract.TimedOut), failed(contract.TimedOut))}, `bulkhead 1 timeout 0`, 1},
		{"no such label on the page", []*heard{answer(soon, good)}, `canceled 3`, 0},
		{"those that were made had their time taken", []*heard{answer(soon, good, spared)}, `ok 1 breaker 1 timed 1`, 0},
		{"and one that was not", []*heard{answer(soon, good, spared)}, `ok 1 breaker 1 timed 2`, 1},
		{"or one fewer", []*heard{answer(soon, good, good)}, `ok 2 timed 1`, 1},
	} {
		t.Run(row.name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				for pair := range slices.Chunk(strings.Fields(row.page), 2) {
					if pair[0] == "timed" {
						fmt.Fprintf(w, "oracle_call_duration_seconds_count %s\n", pair[1])
						continue
					}
					fmt.Fprintf(w, "oracle_calls_total{outcome=%q} %s\n", pair[0], pair[1])
				}
			}))
			defer server.Close()
			a := &audit{target: server.URL, heard: row.heard, bounds: bounds{deadline: last}}
			counts := reference.Impact(10).Counts
			counts.FromStart = false
			found := a.counted(t.Context(), counts)
			require.Empty(t, found.Unseen)
			require.Equal(t, row.broken, found.Broken, "%v", found.Examples)
		})
	}
	nobody := (&audit{}).counted(t.Context(), reference.Impact(10).Counts)
	require.NotEmpty(t, nobody.Unseen)
}

// Without a series that is 0 no rule can be about the first failure.
func TestACounterOfCallsIsThereFromTheStart(t *testing.T) {
	counts := reference.Impact(10).Counts
	counts.Timed = ""
	one := &heard{Exchange: load.Exchange{Status: http.StatusOK}, answer: contract.ImpactAnswer{Results: map[string]contract.ImpactResult{"1": {OK: true}}}}
	for _, missing := range append([]string{""}, counts.Labels()...) {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			for _, label := range counts.Labels() {
				if label != missing {
					fmt.Fprintf(w, "%s{%s=%q} 1\n", counts.Name, counts.Label, label)
				}
			}
		}))
		found := (&audit{target: server.URL, heard: []*heard{one}}).counted(t.Context(), counts)
		server.Close()
		if missing == "" {
			require.Zero(t, found.Broken, found.Text())
			continue
		}
		require.EqualValues(t, 1, found.Broken, "%s: %s", missing, found.Text())
		require.Contains(t, found.Text(), missing)
	}
}
