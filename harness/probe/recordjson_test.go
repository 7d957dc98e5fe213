package probe

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"holdfast.dev/holdfast/harness/result"
)

// What is written of a record answers every window as the record itself.
func TestARecordIsWrittenWhole(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := Samples{Series: Series{Name: "a", Unit: result.UnitCount, Low: rapid.Bool().Draw(rt, "low")}, Every: time.Second}
		at := time.Duration(0)
		for range rapid.IntRange(0, 2*slabSize).Draw(rt, "samples") {
			at += time.Duration(rapid.Int64Range(0, 1e9).Draw(rt, "later"))
			s.At, s.Values = append(s.At, at), append(s.Values, rapid.Float64Range(-1e12, 1e12).Draw(rt, "value"))
		}
		r, err := NewRecord(at, []Health{{Probe: "p", Samples: int64(len(s.At)), LongestPause: time.Second}}, s)
		require.NoError(rt, err)
		text, err := json.Marshal(r)
		require.NoError(rt, err)
		var back Record
		require.NoError(rt, json.Unmarshal(text, &back))
		require.Equal(rt, r.Health, back.Health)
		from := time.Duration(rapid.Int64Range(0, int64(at)+1).Draw(rt, "from"))
		to := time.Duration(rapid.Int64Range(0, int64(at)+1).Draw(rt, "to"))
		want, _ := r.Window("a", from, to)
		got, _ := back.Window("a", from, to)
		require.Equal(rt, want, got)
		require.Equal(rt, r.Series(20), back.Series(20))
	})
}

func TestSamplesThatAreNoSeries(t *testing.T) {
	_, err := NewRecord(0, nil, Samples{Series: Series{Name: "a"}, At: []time.Duration{1}})
	require.ErrorContains(t, err, "1 times and 0 values")
	_, err = NewRecord(0, nil, Samples{Series: Series{Name: "a"}, At: []time.Duration{2, 1}, Values: []float64{0, 0}})
	require.ErrorContains(t, err, "not in order")
}
