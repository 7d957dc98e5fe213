package harness_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
)

// What showed nothing is tried once more, what failed is not, and each try is kept.
func TestWhatWasInconclusiveIsTriedOnceMore(t *testing.T) {
	t.Parallel()
	const nothing, all = 0, 100
	for _, row := range []struct {
		name     string
		broken   int // so many tries cannot be carried out
		of       string
		retries  int
		want     result.Verdict
		tries    int
		attempts int
	}{
		{"the second time it holds", 1, "good", 1, result.Pass, 1, 2},
		{"the second time it fails", 1, "broken", 1, result.Fail, 1, 2},
		{"it shows nothing twice", all, "good", 1, result.Inconclusive, 1, 2},
		{"three times", all, "good", 2, result.Inconclusive, 2, 3},
		{"it is not to be tried again", all, "good", 0, result.Inconclusive, 0, 1},
		{"it fails at once", nothing, "broken", 3, result.Fail, 0, 1},
		{"it holds at once", nothing, "good", 3, result.Pass, 0, 1},
	} {
		t.Run(row.name, func(t *testing.T) {
			var attempts int
			var ended []*result.Scenario
			var run *result.Run
			for range patience { // a busy machine makes others inconclusive than are to be
				attempts, ended = 0, nil
				s := scenario(row.of)
				s.Timeline = harness.Timeline{Baseline: 200 * time.Millisecond}
				s.Load[0].Profile = load.Constant(100, 200*time.Millisecond)
				s.Checks = []verdict.Check{verdict.Metric("web.status.500").Equals(verdict.Count(0))}
				s.World.Prepare = func(context.Context, harness.State) error {
					if attempts++; attempts <= row.broken {
						return errors.New("the lights went out")
					}
					return nil
				}
				cfg := config(t)
				cfg.Retries = row.retries
				cfg.Observe = func(e harness.Event) {
					if e.Kind == harness.ScenarioEnded {
						ended = append(ended, e.Result)
					}
				}
				var err error
				run, err = harness.Run(t.Context(), cfg, []harness.Scenario{s})
				require.NoError(t, err)
				require.Len(t, run.Scenarios, 1)
				if run.Verdict == row.want && attempts == row.attempts {
					break
				}
			}
			got := run.Scenarios[0]
			undisturbed(t, got)
			require.Equal(t, row.want, got.Verdict, failing(got))
			require.Equal(t, row.want, run.Verdict)
			require.Equal(t, row.attempts, attempts)
			require.Len(t, ended, row.attempts, "each try is told")
			require.Len(t, got.Tries, row.tries)
			for _, try := range got.Tries {
				require.Equal(t, result.Inconclusive, try.Verdict)
				require.Contains(t, try.Reason, "the lights went out")
				require.NotEmpty(t, try.Evidence)
			}
		})
	}
}

// A machine that is too small is told so before anything is measured, and trying
// again does not make it larger; one that is a little small has more time.
func TestAMachineThatIsTooSmallIsTold(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name    string
		cost    float64
		verdict result.Verdict
		planned int64
		said    string
	}{
		{"large enough", 1, result.Pass, 60, ""},
		{"a little small", 5, result.Pass, 60, "test/good runs at 100/s instead of 200/s"},
		{"too small", 50, result.Inconclusive, 0, "test/good will be inconclusive: this machine is too small"},
	} {
		t.Run(row.name, func(t *testing.T) {
			cfg := config(t)
			cfg.Ceiling = load.Ceiling{PerSecond: 1000, Delivered: 1}
			cfg.Retries, cfg.PaceFlag = 1, "--pace"
			notes, started := []string{}, 0
			cfg.Observe = func(e harness.Event) {
				switch e.Kind {
				case harness.Note:
					if started == 0 {
						notes = append(notes, e.Text)
					}
				case harness.ScenarioStarted:
					started++
				}
			}
			s := scenario("good")
			s.Timeline = harness.Timeline{Baseline: 300 * time.Millisecond}
			s.Load[0].Profile = load.Constant(200, 300*time.Millisecond)
			s.Needs = harness.Needs{Cost: row.cost}
			run, err := harness.Run(t.Context(), cfg, []harness.Scenario{s})
			require.NoError(t, err)
			got := run.Scenarios[0]
			require.Equal(t, row.verdict, got.Verdict, failing(got))
			require.Equal(t, 1, started)
			if row.said != "" {
				require.Contains(t, notes[len(notes)-1], row.said, "before the first scenario")
			}
			if row.planned > 0 {
				require.Equal(t, row.planned, got.Streams[0].Planned)
			} else {
				require.Contains(t, got.Reason, "would stand")
			}
			if row.cost == 5 {
				require.Equal(t, "repeat test/good --pace 0.5", got.Repeat)
				require.InDelta(t, 0.5, got.Pace.Factor, 0)
			}
		})
	}
}
