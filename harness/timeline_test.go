package harness

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"holdfast.dev/holdfast/harness/result"
)

func drawnTimeline(rt *rapid.T) Timeline {
	length := rapid.SampledFrom([]time.Duration{0, time.Nanosecond, time.Millisecond, 1500 * time.Millisecond, time.Minute})
	return Timeline{
		WarmUp: length.Draw(rt, "warm-up"), Baseline: length.Draw(rt, "baseline"), Inject: length.Draw(rt, "inject"),
		Heal: length.Draw(rt, "heal"), Drain: length.Draw(rt, "drain"),
	}
}

// gapless holds phases to being one after another from 0, none of them empty.
func gapless(t require.TestingT, phases []result.Phase) (end time.Duration) {
	for _, p := range phases {
		require.Equal(t, end, p.From, "%s begins where the one before ends", p.Name)
		require.Positive(t, p.Length(), p.Name)
		end = p.To
	}
	return end
}

// Each moment of the load is in one phase, and what took place until a moment is
// the plan as far as that, with the drain behind it.
func TestPhasesFollowEachOther(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		line := drawnTimeline(rt)
		require.Equal(rt, line.Total(), gapless(rt, line.Phases()))
		at := time.Duration(rapid.Int64Range(0, int64(line.Total()+time.Second)).Draw(rt, "at"))
		at = rapid.SampledFrom(append([]time.Duration{at}, line.Start(result.Inject), line.Start(result.Heal), line.Total())).Draw(rt, "moment")

		past := line.until(at)
		require.Equal(rt, at, gapless(rt, past))
		for _, p := range past {
			require.Equal(rt, p.Name, line.at(p.From), "its first moment is its own")
			require.Equal(rt, p.Name, line.at(p.To-1), "and so is its last")
			if p.Name != result.Drain {
				require.Equal(rt, line.Start(p.Name), p.From)
				require.LessOrEqual(rt, p.Length(), line.Length(p.Name))
			}
		}
		require.Greater(rt, line.end(), line.Total(), "the last answers are waited for")
	})
}

// Wherever a fault is put, it acts within its phase, and never backwards.
func TestAFaultActsWithinItsPhase(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		line := drawnTimeline(rt)
		during := rapid.SampledFrom([]string{"", result.WarmUp, result.Baseline, result.Inject, result.Heal}).Draw(rt, "during")
		phase := during
		if phase == "" {
			phase = result.Inject
		}
		f := Fault{During: during}
		f.After = time.Duration(rapid.Int64Range(0, int64(line.Length(phase))).Draw(rt, "after"))
		f.For = time.Duration(rapid.Int64Range(0, int64(2*time.Minute)).Draw(rt, "for"))
		from, to := f.window(line)
		require.Equal(rt, line.Start(phase)+f.After, from)
		require.LessOrEqual(rt, from, to)
		require.LessOrEqual(rt, to, line.Start(phase)+line.Length(phase))
		if f.For > 0 {
			require.LessOrEqual(rt, to-from, f.For)
		}
	})
}

// A run that was disturbed from outside waits longer for what it has caused; one that
// was not does not, however little is done.
func TestTheDrainWaitsForWhatWasDisturbed(t *testing.T) {
	line := Timeline{Baseline: 2 * time.Second, Drain: 10 * time.Second}
	from := func(from, to float64) result.Disturbance { return result.Disturbance{FromS: from, ToS: to} }
	for _, row := range []struct {
		name      string
		disturbed []result.Disturbance
		end       time.Duration
	}{
		{"nothing", nil, 12 * time.Second},
		{"a second, and a second to catch up", []result.Disturbance{from(3, 4)}, 14 * time.Second},
		{"two at the same time count once", []result.Disturbance{from(3, 5), from(3.5, 4), from(4, 6)}, 18 * time.Second},
		{"before the first request nothing could be lost", []result.Disturbance{from(-5, 1)}, 14 * time.Second},
		{"all the time: no more than once more", []result.Disturbance{from(0, 12)}, 22 * time.Second},
	} {
		require.Equal(t, row.end, line.endAfter(row.disturbed), row.name)
	}
}

// A fault that lasts throughout is there for as long as the drain goes on: whoever would be
// done without it is not, on a machine that is busy.
func TestAFaultThroughoutOutlastsTheDrain(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		length := func(name string) time.Duration {
			return time.Duration(rapid.IntRange(0, 60).Draw(rt, name)) * time.Second
		}
		line := Timeline{Baseline: time.Second, Inject: length("inject"), Drain: length("drain")}
		disturbed := []result.Disturbance{{FromS: 0, ToS: length("disturbed").Seconds()}}
		f := NewFault("down", "api", "status 503")
		f.During = Throughout
		require.GreaterOrEqual(rt, f.planned(line).To, line.endAfter(disturbed))
		f.For = time.Second
		require.Equal(rt, time.Second, f.planned(line).To, "it says itself how long it lasts")
	})
}
