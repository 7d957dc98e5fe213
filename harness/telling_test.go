package harness_test

import (
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/fault"
	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/message"
)

// Who watches a run hears of each request and of each journey once, and of the faults
// before they come; what is traced in one scenario is not what is traced in another.
func TestWhoWatchesHearsOfAllThatIsCounted(t *testing.T) {
	journey := func(name string) harness.Scenario {
		s := scenario("good")
		s.Name = name
		answered := load.Answering(message.Matcher{Status: []int{http.StatusOK}})
		s.Load = append(s.Load, load.Stream{Name: "visit", Profile: load.Constant(20, s.Timeline.Total()), Steps: []load.Step{
			{Name: "look", Template: load.Template{Path: "/a"}, Expect: answered}, {Name: "buy", Template: load.Template{Path: "/b"}, Expect: answered},
		}})
		s.Faults = []harness.Fault{{ID: "pause", On: harness.OnTarget, Kind: fault.Pause{}, For: 20 * time.Millisecond}}
		return s
	}
	var mu sync.Mutex
	requests, journeys := map[string]int64{}, map[string]int64{}
	count := func(of map[string]int64) func(string, time.Time, load.Exchange) {
		return func(scenario string, _ time.Time, x load.Exchange) {
			mu.Lock()
			defer mu.Unlock()
			of[scenario+" "+x.Stream]++
		}
	}
	var planned []string
	cfg := config(t)
	cfg.Exchanges, cfg.Journeys, cfg.Trace = count(requests), count(journeys), 1
	cfg.Observe = func(e harness.Event) {
		if e.Kind == harness.ScenarioStarted {
			planned = append(planned, e.Planned...)
		}
	}
	run, err := harness.Run(t.Context(), cfg, []harness.Scenario{journey("test/one"), journey("test/other")})
	require.NoError(t, err)
	require.Equal(t, []string{"pause on target", "pause on target"}, planned)
	traces := map[string]bool{}
	for _, s := range run.Scenarios {
		for _, st := range s.Streams {
			heard := requests[s.Name+" "+st.Name]
			if st.Name == "visit" {
				heard = journeys[s.Name+" "+st.Name]
			}
			require.Equal(t, st.Sent, heard, st.Name)
			require.Len(t, st.SlowestTraced, 8)
		}
		for _, id := range idsOf(s) {
			require.False(t, traces[id], "two scenarios have one trace")
		}
		for _, id := range idsOf(s) {
			traces[id] = true
		}
	}
	require.Len(t, journeys, 2, "a request is no journey")
}

// idsOf are those of the traces that a scenario's result names.
func idsOf(s result.Scenario) (all []string) {
	for _, st := range s.Streams {
		for _, r := range st.SlowestTraced {
			all = append(all, r.TraceID)
		}
	}
	return all
}

func TestAShareThatIsNoneIsRefusedBeforeAnythingStarts(t *testing.T) {
	cfg := config(t)
	cfg.Trace = 2
	_, err := harness.Run(t.Context(), cfg, []harness.Scenario{scenario("good")})
	require.ErrorAs(t, err, new(*harness.InvalidError))
	require.ErrorContains(t, err, "between 0 and 1")
}
