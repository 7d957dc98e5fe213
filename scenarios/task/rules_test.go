package task

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/verdict"
)

// Whatever the rules of a service are, pauses that do not grow miss the limit, and those that do hold
// it; where that could not be told, nothing is promised.
func TestPausesThatDoNotGrowAreFound(t *testing.T) {
	for _, row := range []struct {
		growth  float64
		retries int
		whole   float64
		how     string
	}{
		{2, 3, 4, ", later each time and not all at once"}, {2, 2, 2, ", later each time and not all at once"}, {1.5, 2, 1.5, ", later each time and not all at once"},
		{3, 4, 27, ", later each time and not all at once"}, {1.1, 2, 0, ", not all at once"}, {1, 3, 0, ", not all at once"}, {2, 1, 0, ", not all at once"},
	} {
		t.Run(fmt.Sprint(row.growth, row.retries), func(t *testing.T) {
			s := ours()
			s.Growth, s.Retries = row.growth, row.retries
			checks, how := s.spread()
			require.Equal(t, row.how, how)
			i := slices.IndexFunc(checks, func(c verdict.Check) bool { return c.Metric == "mail_api.gap.growth" })
			require.Equal(t, row.whole > 0, i >= 0)
			if i >= 0 {
				require.Greater(t, checks[i].Limit.Value, 1.1, "a countdown that stays as it is")
				require.Less(t, checks[i].Limit.Value, row.whole*0.9)
			}
		})
	}
}

// An outage is shorter than all attempts take, by whatever rules.
func TestAnOutageIsShorterThanTheAttemptsTake(t *testing.T) {
	for _, rules := range []struct {
		growth  float64
		retries int
	}{{2, 3}, {1, 1}, {1, 3}, {1.5, 5}} {
		s := ours()
		s.Growth, s.Retries = rules.growth, rules.retries
		sc := apiHeals(smoke(t), s)
		all, _ := s.pausesInAll()
		for setting, countdown := range s.times {
			if setting == "network_countdown" {
				require.Greater(t, countdown.Seconds()*all*(1-s.Spread), sc.Timeline.Inject.Seconds())
			}
		}
	}
}

// A queue that may not count all tasks does not say that all are over.
func TestAQueueThatMayNotCountAllEndsNothing(t *testing.T) {
	state := "running"
	target := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/tasks/queue" {
			fmt.Fprint(w, `{"pending":0,"running":0,"retrying":0,"succeeded":0,"failed":0,"parked":0,"oldest_pending_seconds":0}`)
			return
		}
		fmt.Fprintf(w, `{"id":1,"kind":"send_batch_email","state":%q,"attempts":1,"max_attempts":4}`, state)
	}))
	defer target.Close()
	drained := func(most int) bool {
		s := ours()
		s.MostCounted = most
		c := &companion{of: &s.Tasks, receipts: map[taskName]receipt{{"mail", 0}: {id: "1"}}, over: map[taskName]bool{}}
		done, err := s.drained(t.Context(), harness.State{Target: target.URL, Companion: c})
		require.NoError(t, err)
		return done
	}
	require.True(t, drained(100), "it counts all")
	require.False(t, drained(0))
	state = "succeeded"
	require.True(t, drained(0))
}
