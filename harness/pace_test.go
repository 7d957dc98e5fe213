package harness

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"holdfast.dev/holdfast/fault"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/verdict"
)

// needy is twoPhases, 100 requests a second, of which each costs as much as ten
// that do nothing.
func needy() Scenario {
	s := twoPhases(verdict.Metric("web.ok").AtLeast(verdict.Count(1)))
	s.Needs = Needs{Cost: 10}
	return s
}

// ceilingOf is a machine that can send so many requests to nothing in a second.
func ceilingOf(requests float64) ceiling { return ceiling{Ceiling: load.Ceiling{PerSecond: requests}} }

// How fast a scenario is run follows from what the machine can do, and the number
// of its requests does not.
func TestALoadIsSizedToTheMachine(t *testing.T) {
	for _, row := range []struct {
		name    string
		ceiling float64 // requests to nothing that the machine can send
		asked   float64
		pace    float64 // 0: too small
	}{
		{"a large machine", 10_000, 0, 1},
		{"just large enough", 1_000 / MostOfMachine, 0, 1},
		{"a little too small", 1_000/MostOfMachine - 1, 0, 0.5},
		{"half as large", 500 / MostOfMachine, 0, 0.5},
		{"smaller", 499 / MostOfMachine, 0, 0.25},
		{"a quarter", 250 / MostOfMachine, 0, 0.25},
		{"too small", 249 / MostOfMachine, 0, 0},
		{"nothing at all", 0, 0, 0},
		{"a pace that was asked for", 10_000, 0.1, 0.1},
		{"as planned, as it was asked for", 1, 1, 1},
	} {
		t.Run(row.name, func(t *testing.T) {
			s, pace, err := needy().fitted(ceilingOf(row.ceiling), row.asked)
			switch row.pace {
			case 0:
				require.ErrorIs(t, err, errTooSmall)
			case 1:
				require.NoError(t, err)
				require.Nil(t, pace)
				require.Equal(t, needy().Timeline, s.Timeline)
			default:
				require.NoError(t, err)
				require.InDelta(t, row.pace, pace.Factor, 1e-9)
				require.InDelta(t, 100, pace.FromPerS, 1)
				require.InDelta(t, 100*row.pace, pace.ToPerS, 1)
				require.NotEmpty(t, pace.Because)
				require.Equal(t, int64(200), load.Planned(s.Load[0].Profile), "the same requests")
				require.InDelta(t, 2/row.pace, s.Timeline.Total().Seconds(), 0.01)
			}
		})
	}
	_, _, err := needy().fitted(ceilingOf(100), 0)
	require.ErrorContains(t, err, "this machine would stand 6/s", "who reads it knows at which rate it would hold")
	asIs := needy()
	asIs.Needs = Needs{}
	_, pace, err := asIs.fitted(ceiling{}, 0.5)
	require.NoError(t, err)
	require.Nil(t, pace, "who asks nothing of a machine is run as it is")
}

// A machine on which a session costs much runs what needs sessions slower, however fast
// it is otherwise; which of both says more decides.
func TestALoadIsSizedToWhatASessionCosts(t *testing.T) {
	for _, row := range []struct {
		name     string
		cost     float64
		sessions float64 // that the database can open in a second
		pace     float64
		because  string
	}{
		{"a usual machine", 0, 400, 1, ""},
		{"sessions are dear", 0, 50, 0.5, "40 sessions of the database a second would take about 80\u00a0% of this machine, which opens 50, and more"},
		{"not measured", 0, 0, 1, ""},
		{"the load is the dearer one", 25, 400, 0.5, "100/s would take about 83.3\u00a0%"},
		{"the sessions are the dearer ones", 25, 20, 0.25, "which opens 20"},
		{"too dear", 0, 15, 0, "which opens 15"},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := needy()
			s.Needs = Needs{Cost: row.cost, Sessions: 40}
			require.Equal(t, row.cost != 0, s.Needs.alone(), "others may open theirs beside it")
			c := ceilingOf(3000)
			c.sessions = row.sessions
			_, pace, err := s.fitted(c, 0)
			if row.pace == 0 {
				require.ErrorIs(t, err, errTooSmall)
				require.ErrorContains(t, err, row.because)
				return
			}
			require.NoError(t, err)
			if row.pace == 1 {
				require.Nil(t, pace)
				return
			}
			require.InDelta(t, row.pace, pace.Factor, 1e-9)
			require.Contains(t, pace.Because, row.because)
		})
	}
}

// At another pace a scenario has the same requests in the same order, the same
// phases and faults, each as much later and longer.
func TestAnotherPaceIsTheSameScenario(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := rapid.Float64Range(0.05, 1).Draw(t, "pace")
		n := rapid.IntRange(1, 500).Draw(t, "requests")
		s := needy()
		s.Load[0].Profile = load.Constant(float64(n), time.Second)
		s.Load[0].StartAt = 500 * time.Millisecond
		s.Faults[0].After, s.Faults[0].For = 100*time.Millisecond, 300*time.Millisecond
		slow, err := s.AtPace(f)
		require.NoError(t, err)
		require.NoError(t, slow.Validate())
		require.Equal(t, int64(n), load.Planned(slow.Load[0].Profile))
		for i := range int64(n) {
			before, _ := s.Load[0].Profile.Due(i)
			after, _ := slow.Load[0].Profile.Due(i)
			require.InDelta(t, float64(before)/f, float64(after), float64(time.Microsecond)/f)
		}
		from, to := s.Faults[0].window(s.Timeline)
		slowFrom, slowTo := slow.Faults[0].window(slow.Timeline)
		require.InDelta(t, float64(from)/f, float64(slowFrom), 10)
		require.InDelta(t, float64(to)/f, float64(slowTo), 10)
		require.Equal(t, fault.Pause{}, slow.Faults[0].Kind)
		require.Equal(t, 100*time.Millisecond, s.Faults[0].After, "the one that was planned stays as it is")
	})
}

// Who asks for a pace of a load that has no rate is told before anything starts.
func TestWhatCannotBeSlowedNeedsNothing(t *testing.T) {
	s := needy()
	s.Load[0].Profile = load.Bursts(10, 500*time.Millisecond, 2*time.Second)
	require.ErrorContains(t, s.Validate(), "stream web")
	s.Needs = Needs{}
	require.NoError(t, s.Validate())
}

func TestAPaceIsTypedAgain(t *testing.T) {
	_, pace, err := needy().fitted(ceilingOf(600), 0)
	require.NoError(t, err)
	require.Equal(t, "run a --pace 0.25", Config{PaceFlag: "--pace"}.atPace("run a", pace))
	require.Equal(t, "run a", Config{}.atPace("run a", pace))
	require.Equal(t, "run a", Config{PaceFlag: "--pace"}.atPace("run a", nil))
	require.Zero(t, fastest(math.Inf(1), 1))
}
