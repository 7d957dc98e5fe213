package harness

import (
	"strconv"
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
				a := newAdmission(row.usual, row.most, func() float64 { return row.idle })
				var there, peak, begun atomic.Int32
				start := time.Now()
				for range 12 {
					a.run(func() bool {
						if n := there.Add(1); n > peak.Load() {
							peak.Store(n)
						}
						if int(begun.Add(1)) == row.usual {
							require.Zero(t, time.Since(start), "the usual ones wait for nothing")
						}
						time.Sleep(10 * time.Second)
						there.Add(-1)
						return false
					})
				}
				a.wait()
				require.Equal(t, row.want, peak.Load())
				require.EqualValues(t, 12, begun.Load())
			})
		})
	}
}

// A machine that has room for fewer than it was taken for is found out: most of what
// goes on comes to no harm, and all is over in less than twice the time of as many as
// there is room for.
func TestHowManyAMachineHasRoomFor(t *testing.T) {
	for room := 1; room <= 6; room++ {
		t.Run(strconv.Itoa(room), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const many, long = 200, 10 * time.Second
				a := newAdmission(3, 5, func() float64 { return 1 })
				var there, harmed atomic.Int32
				start := time.Now()
				for range many {
					a.run(func() bool {
						crowded := int(there.Add(1)) > room
						time.Sleep(long / 2)
						crowded = crowded || int(there.Load()) > room
						time.Sleep(long / 2)
						there.Add(-1)
						if crowded {
							harmed.Add(1)
						}
						return crowded
					})
				}
				a.wait()
				took := time.Since(start) + time.Duration(harmed.Load())*long // alone
				require.LessOrEqual(t, took, many*long/time.Duration(min(room, 5))*2)
			})
		})
	}
}

// Where others keep the processors busy one after another is all that there is room for.
func TestABusyMachineIsNotTried(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAdmission(2, 4, func() float64 { return 0 })
		var there, harmed atomic.Int32
		for range 50 {
			a.run(func() bool {
				defer there.Add(-1)
				crowded := there.Add(1) > 1
				time.Sleep(10 * time.Second)
				if crowded = crowded || there.Load() > 1; crowded {
					harmed.Add(1)
				}
				return crowded
			})
		}
		a.wait()
		require.LessOrEqual(t, harmed.Load(), int32(4))
	})
}

// One that comes to harm now and then changes nothing.
func TestARareHarmIsNoWantOfRoom(t *testing.T) {
	r := newRoom(5)
	for i := range 100 {
		require.False(t, r.learn(ended{limit: r.limit, harmed: i%12 == 0}))
	}
	require.Equal(t, 5, r.limit)
}
