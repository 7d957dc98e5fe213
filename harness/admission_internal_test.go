package harness

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// So many begin at once, and more only while the processors are idle; never more than
// are allowed, and all of them in the end.
func TestHowManyAreAdmitted(t *testing.T) {
	for _, row := range []struct {
		name        string
		usual, most int
		idle        float64
		want        int32
	}{
		{"a busy machine", 2, 4, 0.1, 2},
		{"an idle one", 2, 4, 0.6, 4},
		{"what is idle is not asked for", 3, 3, 1, 3},
		{"one after another", 1, 1, 1, 1},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := &admission{usual: row.usual, most: row.most, idle: func() float64 { return row.idle }, gone: make(chan struct{}, row.most)}
				var there, peak, begun atomic.Int32
				start := time.Now()
				for range 12 {
					a.run(func() {
						if n := there.Add(1); n > peak.Load() {
							peak.Store(n)
						}
						if int(begun.Add(1)) == row.usual {
							require.Zero(t, time.Since(start), "the usual ones wait for nothing")
						}
						time.Sleep(10 * time.Second)
						there.Add(-1)
					})
				}
				a.wait()
				require.Equal(t, row.want, peak.Load())
				require.EqualValues(t, 12, begun.Load())
			})
		})
	}
}
