package harness_test

import (
	"context"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/fault"
	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/database"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/verdict"
)

// withFaults is a scenario that is whole but for its faults. It calls an API that
// can be slow for some of its keys, and no more.
func withFaults(faults ...harness.Fault) harness.Scenario {
	return harness.Scenario{
		Name: "a/b", Claim: "it holds",
		World: harness.World{Data: database.DataSet{Build: func(context.Context, string) error { return nil }}, Dependencies: []harness.Dependency{{
			Name:   "api",
			Faults: fault.Support{Place: "an API", Kinds: []fault.Carried{{Kind: "delay"}}, Selectors: []string{"key"}},
			Parts:  map[string]fault.Support{"charge": {Place: "a route", Kinds: []fault.Carried{{Kind: "delay"}}}},
			Open:   func(context.Context, harness.Opening) (harness.Fake, error) { return nil, nil },
		}}},
		Timeline: harness.Timeline{Baseline: time.Second, Inject: 2 * time.Second},
		Load: []load.Stream{{
			Name: "s", Profile: load.Constant(1, time.Second),
			Next: func(int64, *rand.Rand) load.Request { return load.Request{Path: "/"} },
		}},
		Checks: []verdict.Check{verdict.Metric("s.failed").Equals(verdict.Count(0))},
		Faults: faults,
	}
}

// TestWhatIsWrongWithAFaultIsKnownBeforeAnythingStarts: no database, no process,
// no fake.
func TestWhatIsWrongWithAFaultIsKnownBeforeAnythingStarts(t *testing.T) {
	for name, row := range map[string]struct {
		faults  []harness.Fault
		because []string // none: it is right
	}{
		"all places": {[]harness.Fault{
			harness.NewFault("slow", harness.OnDatabase, "delay 200ms jitter 50ms"),
			harness.NewFault("lock", harness.OnPostgres, "lock-table projects"),
			harness.NewFault("gone", harness.OnTarget, "kill"),
			harness.NewFault("late", "api", "delay uniform min=1s max=2s key=oracle-3"),
		}, nil},
		"a part of a place":            {[]harness.Fault{harness.NewFault("late", "api.charge", "delay 1s")}, nil},
		"a part that there is not":     {[]harness.Fault{harness.NewFault("x", "api.chrge", "delay 1s")}, []string{`did you mean "api.charge"?`}},
		"what only the whole can do":   {[]harness.Fault{harness.NewFault("x", "api.charge", "delay 1s key=a")}, []string{"a route does not understand key="}},
		"a literal":                    {[]harness.Fault{{ID: "gone", On: harness.OnTarget, Kind: fault.Kill{}, After: time.Second}}, nil},
		"its text names it, too":       {[]harness.Fault{harness.NewFault("slow", "api", "delay 1s id=slow")}, nil},
		"its text names it otherwise":  {[]harness.Fault{harness.NewFault("slow", "api", "delay 1s id=fast")}, []string{`fault "slow": its text calls it "fast"`}},
		"a typo":                       {[]harness.Fault{harness.NewFault("slow", "api", "dleay 1s")}, []string{`scenario a/b: fault "slow"`, `did you mean "delay"?`}},
		"another tool's word":          {[]harness.Fault{harness.NewFault("slow", "api", "latency 1s")}, []string{`here it is called "delay"`}},
		"no kind":                      {[]harness.Fault{{ID: "x", On: "api"}}, []string{"it has no kind"}},
		"a kind of another place":      {[]harness.Fault{harness.NewFault("x", "api", "kill")}, []string{`an API cannot carry out "kill"`}},
		"a selector nobody knows":      {[]harness.Fault{harness.NewFault("x", "api", "delay 1s nth=3")}, []string{"an API does not understand nth="}},
		"keys at a proxy":              {[]harness.Fault{harness.NewFault("x", harness.OnDatabase, "delay 1s key=a")}, []string{"a TCP proxy does not understand key="}},
		"a place that there is not":    {[]harness.Fault{harness.NewFault("x", "apy", "delay 1s")}, []string{`there is no place "apy"; did you mean "api"?`}},
		"two of an id":                 {[]harness.Fault{harness.NewFault("x", "api", "delay 1s"), harness.NewFault("x", harness.OnTarget, "kill")}, []string{"two of that id"}},
		"two that exclude each other":  {[]harness.Fault{harness.NewFault("a", harness.OnTarget, "pause"), harness.NewFault("b", harness.OnTarget, "kill")}, []string{"act on one process"}},
		"in a phase that is not there": {[]harness.Fault{{ID: "x", On: harness.OnTarget, Kind: fault.Pause{}, During: "heal"}}, []string{`the phase "heal" does not take place`}},
		"after its phase":              {[]harness.Fault{{ID: "x", On: harness.OnTarget, Kind: fault.Kill{}, After: time.Hour}}, []string{"is over by then"}},
		"all at once": {[]harness.Fault{
			harness.NewFault("a", "api", "dleay 1s"), harness.NewFault("b", "api", "kill"),
		}, []string{"did you mean", "cannot carry out"}},
	} {
		t.Run(name, func(t *testing.T) {
			err := withFaults(row.faults...).Validate()
			if row.because == nil {
				require.NoError(t, err)
			}
			for _, part := range row.because {
				require.ErrorContains(t, err, part)
			}
		})
	}
}
