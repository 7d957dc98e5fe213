package load

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/result"
)

var threePhases = []result.Phase{
	{Name: result.Baseline, To: 4 * time.Second}, {Name: result.Inject, From: 4 * time.Second, To: 8 * time.Second}, {Name: result.Heal, From: 8 * time.Second, To: 10 * time.Second},
}

// recordedAt is a tally of requests, one each 10 ms, that take so long, with a
// fault from that moment on.
func recordedAt(t *testing.T, onset time.Duration, took func(due time.Duration) (time.Duration, string)) Tally {
	t.Helper()
	s := Stream{Name: "web", Profile: Constant(100, 10*time.Second)}
	rec := newRecorder(s, threePhases, onset, time.Second)
	for n := range int64(1000) {
		due := time.Duration(n) * 10 * time.Millisecond
		x := Exchange{Stream: "web", N: n, Due: due, Sent: due, Status: 200}
		var long time.Duration
		long, x.Class = took(due)
		if x.End = due + long; x.Class != "" {
			x.Status = 0
		}
		rec.handOn(due)
		rec.send(due, due)
		rec.finish(&x)
	}
	rec.closeBooks()
	return rec.tally(s, nil)
}

// paused is a service that answers after 25 ms, but stands still from 4 to 7 s.
func paused(due time.Duration) (time.Duration, string) {
	end := due + 25*time.Millisecond
	if end > 4*time.Second && due < 7*time.Second {
		end = max(end, 7*time.Second)
	}
	return end - due, ""
}

func TestAFaultIsNotHeldAgainstThePhaseBeforeIt(t *testing.T) {
	tally := recordedAt(t, 4*time.Second, paused)
	before, during := tally.During(result.Baseline), tally.During(result.Inject)
	require.EqualValues(t, 2, before.Spanning)
	require.EqualValues(t, []int64{400, 400, 398, 398}, []int64{before.Planned, before.Sent, before.Completed, before.OK})
	require.InDelta(t, 25, before.Latency.Max, 0.1, "they count with what they had taken until the fault began")
	require.EqualValues(t, 400, before.Latency.N)
	require.InDelta(t, 3000, during.Latency.Max, 5, "what hangs in the fault is seen in its phase")
	require.Zero(t, during.Spanning)

	all := tally.During(result.Baseline, result.Inject, result.Heal)
	require.Zero(t, all.Spanning)
	require.EqualValues(t, 1000, all.OK, "in the whole they are what they were")
	require.InDelta(t, 3020, all.Latency.Max, 5)
	require.EqualValues(t, tally.OK, all.OK)
	require.Equal(t, tally.Latency, all.Latency)
	require.EqualValues(t, 400, tally.During(result.Baseline).Latency.N, "asking changes nothing")

	without := recordedAt(t, 0, paused)
	require.InDelta(t, 3020, without.During(result.Baseline).Latency.Max, 5, "where there is no fault, it is the service's own")
}

// A hang that began before the fault is seen all the same, by as long as it had
// lasted until then.
func TestAFaultHidesNoHangBeforeIt(t *testing.T) {
	tally := recordedAt(t, 4*time.Second, func(due time.Duration) (time.Duration, string) {
		if due%(100*time.Millisecond) == 0 {
			return 10 * time.Second, ClassTimeout
		}
		return 25 * time.Millisecond, ""
	})
	before := tally.During(result.Baseline)
	require.InDelta(t, 4000, before.Latency.Max, 5)
	require.Greater(t, before.Latency.P99, 3000.0)
	require.EqualValues(t, 100, tally.Errors[ClassTimeout])
}

// What ended before the fault began, what was due in its own phase before it, and
// what hung from one phase of the fault into the next stay where they are.
func TestWhoIsNotOpenWhenTheFaultBegins(t *testing.T) {
	long := func(due time.Duration) (time.Duration, string) { return 3 * time.Second, "" }
	tally := recordedAt(t, 5*time.Second, long)
	require.EqualValues(t, 199, tally.During(result.Baseline).Spanning, "those of the last 2 s before it")
	require.Zero(t, tally.During(result.Inject).Spanning)
	require.InDelta(t, 3000, tally.During(result.Inject).Latency.Max, 5)
	require.Zero(t, tally.During(result.Heal).Spanning)
}

func TestWhatSpansIsWrittenReadAndMerged(t *testing.T) {
	a := recordedAt(t, 4*time.Second, paused)
	text, err := json.Marshal(a)
	require.NoError(t, err)
	var read Tally
	require.NoError(t, json.Unmarshal(text, &read))
	both, err := Merge(a, read)
	require.NoError(t, err)
	for _, phases := range [][]string{{result.Baseline}, {result.Inject}, {result.Baseline, result.Inject}, {result.Baseline, result.Inject, result.Heal}} {
		require.Equal(t, a.During(phases...), read.During(phases...), phases)
		require.Equal(t, 2*a.During(phases...).OK, both.During(phases...).OK, phases)
		require.Equal(t, 2*a.During(phases...).Spanning, both.During(phases...).Spanning, phases)
	}
}
