package verdict_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
)

// Each row is a check that was missed in the phase from 4 to 8 s, and whether what
// else was known excuses it.
func TestOnlyWhatComesFromOutsideExcuses(t *testing.T) {
	still := func(from, to float64) result.Validity {
		return result.Validity{Disturbances: []result.Disturbance{{FromS: from, ToS: to, Cause: "the harness itself stood still"}}}
	}
	void := result.Validity{Void: "its database was dropped"}
	beside := func(d ...result.Disturbance) result.Validity {
		neighbour := result.Disturbance{FromS: 0, ToS: 20, Cause: "the harness itself stood still", Roomy: true}
		return result.Validity{Disturbances: append(d, neighbour)}
	}
	late := result.Validity{TimingInvalid: "the generator was late"}
	slow := result.Check{Metric: "m", Phase: result.Inject, Op: "<=", Threshold: 100, Unit: result.UnitMS, Timed: true}
	ratio := result.Check{Metric: "m", Phase: result.Inject, Op: ">=", Threshold: 0.99, Unit: result.UnitRatio, Timed: true}
	few := result.Check{Metric: "m", Phase: result.Inject, Op: "<=", Threshold: 2, Unit: result.UnitCount, Timed: true}
	exactly := result.Check{Metric: "m", Phase: result.Inject, Op: "==", Threshold: 8, Unit: result.UnitCount, Timed: true}
	memory := result.Check{Metric: "m", Phase: result.Inject, Op: "<", Threshold: 100e6, Unit: result.UnitBytes, Timed: true}
	lost := result.Check{Metric: "m", Phase: result.Inject, Op: "==", Unit: result.UnitCount}
	early := result.Check{Metric: "m", Phase: result.Inject, Op: "==", Unit: result.UnitCount, ByClock: true}
	moved := still(5, 6)
	moved.Disturbances[0].Clock = true
	read := func(v float64) verdict.Reading { return verdict.Reading{Value: v, Samples: 100} }
	for _, row := range []struct {
		name     string
		check    result.Check
		reading  verdict.Reading
		validity result.Validity
		want     result.Verdict
	}{
		{"nothing was wrong", slow, read(120), result.Validity{}, result.Fail},
		{"in its window", slow, read(120), still(5, 6), result.Inconclusive},
		{"it holds all the same", slow, read(80), still(5, 6), result.Pass},
		{"long before", slow, read(120), still(1, 2), result.Fail},
		{"just before: it is still felt", slow, read(120), still(3, 3.5), result.Inconclusive},
		{"a long one before: it is felt as long again", slow, read(120), still(0, 3), result.Inconclusive},
		{"after its end: what was due in it was in flight", slow, read(120), still(9, 10), result.Inconclusive},
		{"long after its end", slow, read(120), still(11, 12), result.Fail},
		{"long after its end, but what was due in it took as long", slow, read(5000), still(11, 12), result.Inconclusive},
		{"memory of what was under way for longer", memory, read(103e6), still(5, 6), result.Inconclusive},
		{"more memory than that takes", memory, read(250e6), still(5, 6), result.Fail},
		{"too much memory, and nothing was wrong", memory, read(103e6), result.Validity{}, result.Fail},
		{"what time does not break", lost, read(1), still(5, 6), result.Fail},
		{"what a time of day decides, and the wall clock was moved", early, read(1), moved, result.Inconclusive},
		{"what a time of day decides, and something else was wrong", early, read(1), still(5, 6), result.Fail},
		{"what no time decides, and the wall clock was moved", lost, read(1), moved, result.Fail},
		{"a part that time broke", ratio, verdict.Reading{Value: 0.9, Samples: 100, Regardless: ptr(0.995)}, still(5, 6), result.Inconclusive},
		{"a part that time did not break, and is too much alone", ratio, verdict.Reading{Value: 0.9, Samples: 100, Regardless: ptr(0.95)}, still(5, 6), result.Fail},
		{"more came right than may: the fault was late, whatever was late of them", few, verdict.Reading{Value: 8, Samples: 10, Most: ptr(8.0)}, still(5, 6), result.Inconclusive},
		{"more came right than may, and nothing was late", few, verdict.Reading{Value: 8, Samples: 10, Most: ptr(8.0)}, result.Validity{}, result.Fail},
		{"fewer came right than must, of which time may have taken some", ratio, verdict.Reading{Value: 0.9, Samples: 100, Most: ptr(0.995)}, still(5, 6), result.Inconclusive},
		{"fewer came right than must, of which time took none", ratio, verdict.Reading{Value: 0.9, Samples: 100, Most: ptr(0.95)}, still(5, 6), result.Fail},
		{"fewer came right than exactly so many, of which time took none", exactly, verdict.Reading{Value: 7, Samples: 10, Most: ptr(7.0)}, still(5, 6), result.Fail},
		{"more came right than exactly so many", exactly, verdict.Reading{Value: 9, Samples: 10, Most: ptr(10.0)}, still(5, 6), result.Inconclusive},
		{"the generator was late", slow, verdict.Reading{Value: 120, Samples: 100, FromSend: ptr(60.0)}, late, result.Inconclusive},
		{"the generator was late, and so were the answers", slow, verdict.Reading{Value: 180, Samples: 100, FromSend: ptr(120.0)}, late, result.Fail},
		{"so were the answers, but not by themselves", slow, verdict.Reading{Value: 180, Samples: 100, FromSend: ptr(120.0)}, still(5, 6), result.Inconclusive},
		{"by more than what was felt can have added to it", slow, verdict.Reading{Value: 4900, Samples: 100, FromSend: ptr(4900.0)}, still(5, 6), result.Fail},
		{"by no more than that", slow, verdict.Reading{Value: 4900, Samples: 100, FromSend: ptr(4100.0)}, still(5, 6), result.Inconclusive},
		{"by more than was felt of it within its window", slow, verdict.Reading{Value: 1900, Samples: 100, FromSend: ptr(1900.0)}, still(3, 3.5), result.Fail},
		{"the experiment is void", lost, read(1), void, result.Inconclusive},
		{"the experiment is void, and it holds all the same", slow, read(80), void, result.Pass},
		{"beside a neighbour who left room: more than its limit again and half a second", slow, verdict.Reading{Value: 701, Samples: 100, FromSend: ptr(701.0)}, beside(), result.Fail},
		{"beside one: no more than that", slow, verdict.Reading{Value: 699, Samples: 100, FromSend: ptr(699.0)}, beside(), result.Inconclusive},
		{"beside one, and something that took all for a second", slow, verdict.Reading{Value: 4600, Samples: 100, FromSend: ptr(4600.0)}, beside(still(5, 6).Disturbances...), result.Inconclusive},
		{"beside one, by more than both can have added", slow, verdict.Reading{Value: 4800, Samples: 100, FromSend: ptr(4800.0)}, beside(still(5, 6).Disturbances...), result.Fail},
		{"beside one, of what is no latency", ratio, read(0.9), beside(), result.Inconclusive},
		{"the generator was late, of what is no latency", ratio, read(0.9), late, result.Inconclusive},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := verdict.Window{Phase: result.Inject, From: 4 * time.Second, To: 8 * time.Second}
			got := verdict.Evaluate(row.check, row.reading, w, row.validity)
			require.Equal(t, row.want, got.Verdict, got.Reason)
			if row.want == result.Inconclusive && len(row.validity.Disturbances) > 0 {
				require.Contains(t, got.Reason, "the harness itself stood still (from ", "cause and moment are named")
			}
		})
	}
}

// When the last answer is there nothing is in flight that could be disturbed.
func TestWhatComesAfterTheLastAnswerExcusesNothing(t *testing.T) {
	c := result.Check{Metric: "m", Op: "==", Unit: result.UnitCount, Timed: true}
	v := result.Validity{Disturbances: []result.Disturbance{{FromS: 8.5, ToS: 9, Cause: "a neighbour"}}}
	got := verdict.Evaluate(c, verdict.Reading{Value: 20, Samples: 100}, verdict.Window{From: time.Second, To: 8 * time.Second}, v)
	require.Equal(t, result.Fail, got.Verdict, got.Reason)
}

func TestDisturbancesInASentence(t *testing.T) {
	var all []result.Disturbance
	for i, lasts := range []float64{1, 3, 2, 0.5, 0.25} {
		all = append(all, result.Disturbance{FromS: float64(10 * i), ToS: float64(10*i) + lasts, Cause: string(rune('a' + i))})
	}
	require.Equal(t, "b (from 10\u00a0s to 13\u00a0s); c (from 20\u00a0s to 22\u00a0s); a (from 0\u00a0s to 1\u00a0s); and 2 shorter ones", verdict.Disturbed(all))
	require.Empty(t, verdict.Disturbed(nil))
}
