package load

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// TestWorkersAreAsManyAsAreBusy: none waits for another while there may be more,
// none is started while one is free, and none is left.
func TestWorkersAreAsManyAsAreBusy(t *testing.T) {
	const most = 3
	for _, row := range []struct {
		name  string
		takes time.Duration // each request
		want  int           // workers
	}{
		{"each is over before the next", time.Millisecond, 1},
		{"two overlap", 15 * time.Millisecond, 2},
		{"as many as there may be", 29 * time.Millisecond, most},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var sent atomic.Int64
				w := newWorkers(most, func(int64) {
					time.Sleep(row.takes)
					sent.Add(1)
				})
				for n := range int64(10) {
					w.give(n)
					time.Sleep(10 * time.Millisecond)
				}
				w.wait()
				require.EqualValues(t, 10, sent.Load())
				require.Equal(t, row.want, w.begun)
			})
		})
	}
}

// TestGivingWaitsForAWorkerThatIsAboutToBeFree: a request's room is given back
// before its worker asks for the next one.
func TestGivingWaitsForAWorkerThatIsAboutToBeFree(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var order []int64
		w := newWorkers(1, func(n int64) {
			time.Sleep(time.Second)
			order = append(order, n)
		})
		w.give(1)
		w.give(2)
		w.wait()
		require.Equal(t, []int64{1, 2}, order)
		require.Equal(t, 1, w.begun)
	})
}
