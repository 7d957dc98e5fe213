package harness

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/result"
)

// A failure in company for which time may have been short is none until it was seen
// alone; all else stays as it was, and so does what it was made of.
func TestWhatAFailureInCompanyShows(t *testing.T) {
	three := 3.0
	late := result.Check{Name: "late", Op: "==", Timed: true, Verdict: result.Fail, Reason: "3, limit = 0"}
	broken := late
	broken.Regardless = &three
	for _, row := range []struct {
		checks []result.Check
		error  string
		want   result.Verdict
	}{
		{[]result.Check{{Name: "a", Verdict: result.Pass}}, "", result.Pass},
		{[]result.Check{{Name: "a", Verdict: result.Pass}, late}, "", result.Inconclusive},
		{[]result.Check{{Name: "a", Verdict: result.Pass}, broken}, "", result.Fail},
		{[]result.Check{late, {Name: "lost", Verdict: result.Fail, Reason: "1, limit = 0"}}, "", result.Fail},
		{[]result.Check{{Name: "a", Verdict: result.NotExercised}}, "", result.NotExercised},
		{[]result.Check{{Name: "nowhere", Metric: "standing.nowhere", Verdict: result.Fail}}, "", result.Fail},
		{[]result.Check{{Name: "a", Verdict: result.Pass}}, "it did not start", result.Inconclusive},
	} {
		before := result.Scenario{Checks: row.checks, Error: row.error}
		got := byCompany(before)
		require.Equal(t, row.want, got.Verdict, got.Reason)
		for i, c := range row.checks {
			excused := c.Name == "late" && c.Regardless == nil
			require.Equal(t, excused, got.Checks[i].Verdict != c.Verdict)
			require.Equal(t, excused, strings.HasSuffix(got.Checks[i].Reason, "; other scenarios went on beside it and may be why, which only a run alone can tell"))
		}
	}
}

// Who was there at the same time had company, and who came when all had left had not.
func TestWhoHadCompany(t *testing.T) {
	var c company
	one, other := c.arrive(), c.arrive()
	require.True(t, other())
	require.True(t, one(), "though it was the first and the last")
	require.False(t, c.arrive()())
}

// What a target calls is held against its own experiment alone, and ends all that go on.
func TestABreachIsOfOneExperiment(t *testing.T) {
	var s Session
	var ended []string
	ending := func(name string) context.CancelCauseFunc {
		return func(cause error) { ended = append(ended, name+": "+cause.Error()) }
	}
	one, other, innocent := new(setup), new(setup), new(setup)
	defer s.breach.ends(ending("innocent"))()
	s.breach.ends(ending("over"))()
	s.breach.note(one, errors.New("it called 192.0.2.1"), ending("one"))
	require.Equal(t, []string{"one: it called 192.0.2.1", "innocent: the run ended: it called 192.0.2.1"}, ended)
	s.breach.note(&setup{within: other}, errors.New("it did, too"), ending("other"))
	s.breach.note(other, errors.New("again"), ending("other"))
	require.Equal(t, "it called 192.0.2.1", s.breach.contact(one))
	require.Equal(t, "it did, too", s.breach.contact(other), "be it in the setup that is done for it")
	require.Empty(t, s.breach.contact(innocent))
	require.Contains(t, s.notRun(), "192.0.2.1")
	ended = nil
	s.breach.ends(ending("late"))()
	require.Equal(t, []string{"late: the run ended: it called 192.0.2.1"}, ended)
}

// Those that need the machine, and those that are not run, have no company; the others
// begin with the longest. One after another all are in the plan's order.
func TestInWhichOrder(t *testing.T) {
	plan := make([]Scenario, 6)
	for i, long := range []time.Duration{1, 3, 2, 9, 3, 4} {
		plan[i].Timeline.Baseline = long * time.Second
	}
	plan[3].Needs.Alone = true
	plan[5].Needs.Cost = 10
	plan[0].Lacks = []string{"a contract"}
	s := Session{cfg: Config{SideBySide: 2}}
	require.Equal(t, order{company: []int{1, 4, 2}, alone: []int{0, 3, 5}}, s.orderOf(plan))
	s.cfg.SideBySide = 1
	require.Equal(t, order{alone: []int{0, 1, 2, 3, 4, 5}}, s.orderOf(plan))
	s.cfg.SideBySide = 2
	require.Equal(t, order{alone: []int{0, 1, 2}}, s.orderOf([]Scenario{plan[3], plan[1], plan[0]}), "one has no company")
}

// Scenarios are entered in the order of the plan, in whatever order they end.
func TestAResultHasThePlansOrder(t *testing.T) {
	f := newResultFile(Config{}.withDefaults(), Variant{}, "", "")
	for _, i := range []int{4, 0, 2, 4, 1, 0} {
		f.put(i, result.Scenario{Name: string(rune('a' + i))})
	}
	var names string
	for _, s := range f.run.Scenarios {
		names += s.Name
	}
	require.Equal(t, "abce", names)
}

// Writing takes time from the load: what goes on is written now and then, what is over
// at once.
func TestWritingTakesAShareOfTheTime(t *testing.T) {
	f := newResultFile(Config{}.withDefaults(), Variant{}, t.TempDir(), "")
	written := func() string {
		run, err := os.ReadFile(f.path)
		require.NoError(t, err)
		return string(run)
	}
	f.put(0, result.Scenario{Name: "first"})
	require.Contains(t, written(), "first")
	f.free = time.Now().Add(time.Hour)
	f.put(1, result.Scenario{Name: "second"})
	require.NotContains(t, written(), "second", "it goes on")
	f.put(0, result.Scenario{Name: "first", Verdict: result.Pass})
	require.Contains(t, written(), "second", "with what is over")
	require.Less(t, time.Until(f.free), time.Minute)
}

// What is over is encoded once, whatever comes after it.
func TestAScenarioIsEncodedWhenItChanges(t *testing.T) {
	f := newResultFile(Config{}.withDefaults(), Variant{}, t.TempDir(), "")
	f.put(0, result.Scenario{Name: "first", Verdict: result.Pass})
	first := &f.encoded[0][0]
	f.put(1, result.Scenario{Name: "second", Verdict: result.Pass})
	f.update(func(run *result.Run) { run.Detections = append(run.Detections, result.Detection{Without: "first"}) })
	require.Same(t, first, &f.encoded[0][0])

	f.put(0, result.Scenario{Name: "again", Verdict: result.Pass})
	written, err := os.ReadFile(f.path)
	require.NoError(t, err)
	require.Contains(t, string(written), "again")
	f.update(func(run *result.Run) { run.Scenarios = []result.Scenario{{Name: "others"}, {Name: "second"}} })
	written, err = os.ReadFile(f.path)
	require.NoError(t, err)
	require.Contains(t, string(written), "others")
	require.NotContains(t, string(written), "again")
}
