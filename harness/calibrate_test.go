package harness

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/probe"
)

// Who else is on the machine is said at the start; a machine of our own, and one
// that tells nothing, is not complained of.
func TestNeighboursAreSaid(t *testing.T) {
	series := probe.Machine().Series()
	for _, row := range []struct {
		name      string
		busy, own float64
		foreign   float64
		said      int
	}{
		{"alone", 0.9, 1.8, 0, 0},
		{"a little", 0.6, 0.9, 0.15, 0},
		{"a neighbour on one of two processors", 1, 1, 0.5, 1},
		{"nothing is known", math.NaN(), 1, math.NaN(), 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			values := make([]float64, len(series))
			for i, s := range series {
				switch s.Name {
				case "machine.cpu":
					values[i] = row.busy
				case "harness.cpu":
					values[i] = row.own
				}
			}
			got := foreign(series, values, 2)
			require.Equal(t, math.IsNaN(row.foreign), math.IsNaN(got))
			if !math.IsNaN(got) {
				require.InDelta(t, row.foreign, got, 1e-9)
			}
			said := 0
			s := &Session{cfg: Config{Observe: func(Event) { said++ }, Ceiling: load.Ceiling{PerSecond: 1}}}
			s.warn(got)
			require.Equal(t, row.said, said)
		})
	}
}
