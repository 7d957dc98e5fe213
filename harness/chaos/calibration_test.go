package chaos

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/fault"
)

// calibrations has for every kind a test that what is declared is what a client
// meets, what the receipt says, and that nothing of it is left when undone.
func calibrations() map[string]func(*testing.T) {
	return map[string]func(*testing.T){
		"delay":              calibrateDelay,
		"bandwidth":          calibrateBandwidth,
		"slicer":             calibrateSlicer,
		"limit-data":         calibrateLimitData,
		"black-hole":         calibrateBlackHole,
		"refuse":             calibrateRefuse,
		"reset":              calibrateReset,
		"slow-accept":        calibrateSlowAccept,
		"cancel-lost":        calibrateCancelLost,
		"sqlstate":           calibrateSQLState,
		"crash":              calibrateCrash,
		"pause":              calibratePause,
		"kill":               calibrateKill,
		"terminate":          calibrateTerminate,
		"starve":             calibrateStarve,
		"squeeze":            calibrateSqueeze,
		"lock-table":         calibrateLockTable,
		"hold-connections":   calibrateHoldConnections,
		"terminate-backends": calibrateTerminateBackends,
	}
}

func TestEveryKindDoesWhatItDeclares(t *testing.T) {
	left := calibrations()
	for _, place := range []fault.Support{ProxySupport(), ProcessSupport(), SessionsSupport()} {
		for _, carried := range place.Kinds {
			calibrate, ok := left[carried.Kind]
			require.True(t, ok, "no calibration for %q", carried.Kind)
			delete(left, carried.Kind)
			t.Run(carried.Kind, calibrate)
		}
	}
	require.Empty(t, left, "calibrations of kinds that there are not")
}

// within requires that got is want, up to a tenth.
func within(t *testing.T, want, got time.Duration) {
	t.Helper()
	require.InEpsilon(t, want.Seconds(), got.Seconds(), 0.10)
}

// around is for what is timed once only, on a machine that has other work, too.
func around(t *testing.T, want, got time.Duration) {
	t.Helper()
	require.Greater(t, got, want*9/10)
	require.Less(t, got, want*14/10)
}

// quick looks again as long as it took too long: on a machine that has other work, too, any
// single look may. It returns the last.
func quick(most time.Duration, look func() time.Duration) time.Duration {
	took := look()
	for range 9 {
		if took < most {
			break
		}
		took = look()
	}
	return took
}

func median(ds []time.Duration) time.Duration {
	slices.Sort(ds)
	return ds[len(ds)/2]
}

func calibrateDelay(t *testing.T) {
	p := openProxy(t, serve(t, echo).addr)
	for _, dir := range []fault.Direction{fault.Unset, fault.Up, fault.Down, fault.Both} {
		t.Run("towards "+dir.Or(fault.Down).String(), func(t *testing.T) {
			const each = 200 * time.Millisecond
			open := dial(t, p.Addr())
			open.ping("before")
			applied := apply(t, p, fault.Delay{Distribution: fault.Fixed(each), Direction: dir})
			trips := float64(1)
			if dir == fault.Both {
				trips = 2
			}
			want, pings := time.Duration(trips*float64(each)), 0
			within(t, want, quick(want*11/10, func() time.Duration {
				var took []time.Duration
				for range 3 {
					took = append(took, open.ping("during"), dial(t, p.Addr()).ping("anew"))
				}
				pings += len(took)
				return median(took)
			}))

			r := applied.Receipt()
			require.EqualValues(t, float64(pings)*trips, r.Fired)
			require.EqualValues(t, 1+pings/2, r.Touched)
			var measured float64
			_, err := fmt.Sscanf(r.Measured, "median %f ms", &measured)
			require.NoError(t, err)
			require.InEpsilon(t, 200, measured, 0.10)

			undoFault(t, applied)
			require.Less(t, quick(each/2, func() time.Duration { return open.ping("after") }), each/2)
			require.Equal(t, r.Fired, applied.Receipt().Fired, "it acts no more")
		})
	}
	t.Run("what is sent together arrives together", func(t *testing.T) {
		applied := apply(t, p, fault.After(200*time.Millisecond))
		defer undoFault(t, applied)
		conn := dial(t, p.Addr())
		took := quick(800*time.Millisecond, func() time.Duration { return conn.ping(strings.Repeat("x", 200_000)) }) // a dozen chunks and more
		require.GreaterOrEqual(t, took, 200*time.Millisecond)
		require.Less(t, took, 800*time.Millisecond, "far less than one after the other would take")
	})
	t.Run("jitter spreads and keeps the order", func(t *testing.T) {
		applied := apply(t, p, fault.Delay{Distribution: fault.Jitter{Each: 20 * time.Millisecond, By: 20 * time.Millisecond}})
		defer undoFault(t, applied)
		conn := dial(t, p.Addr())
		var took []time.Duration
		for i := range 40 {
			took = append(took, conn.ping(fmt.Sprint("message ", i)))
		}
		slices.Sort(took)
		require.Greater(t, took[35]-took[4], 16*time.Millisecond, "without it they are as long as each other")
	})
	t.Run("what waits goes when it is undone", func(t *testing.T) {
		applied := apply(t, p, fault.After(time.Hour))
		conn := dial(t, p.Addr())
		conn.send("late")
		conn.silent(50 * time.Millisecond)
		undoFault(t, applied)
		require.Equal(t, "late", conn.read(4))
	})
}

func calibrateBandwidth(t *testing.T) {
	p := openProxy(t, serve(t, echo).addr)
	const size = 50_000
	applied := apply(t, p, fault.Bandwidth{Rate: 2 * size, Direction: fault.Down})
	one := dial(t, p.Addr())
	const most = 700 * time.Millisecond
	around(t, 500*time.Millisecond, quick(most, func() time.Duration { return one.ping(strings.Repeat("x", size)) }))

	two := dial(t, p.Addr())
	around(t, 500*time.Millisecond, quick(most, func() time.Duration { // they share
		begun := time.Now()
		one.send(strings.Repeat("x", size/2))
		two.send(strings.Repeat("x", size/2))
		one.read(size / 2)
		two.read(size / 2)
		return time.Since(begun)
	}))

	r := applied.Receipt()
	require.Positive(t, r.Fired)
	require.EqualValues(t, 2, r.Touched)
	var measured float64
	_, err := fmt.Sscanf(r.Measured, "%f B/s to the client", &measured)
	require.NoError(t, err)
	require.Less(t, measured, 2*size*1.1)
	require.Greater(t, measured, 2*size*0.7)

	undoFault(t, applied)
	require.Less(t, quick(250*time.Millisecond, func() time.Duration { return one.ping(strings.Repeat("x", size)) }), 250*time.Millisecond)
}

func calibrateSlicer(t *testing.T) {
	p := openProxy(t, serve(t, echo).addr)
	applied := apply(t, p, fault.Slicer{Bytes: 10, Gap: 5 * time.Millisecond})
	conn := dial(t, p.Addr())
	const most = 2 * 40 * 5 * time.Millisecond
	pings := 0
	took := quick(most, func() time.Duration { pings++; return conn.ping(strings.Repeat("x", 400)) })
	require.GreaterOrEqual(t, took, 39*5*time.Millisecond)
	require.Less(t, took, most)
	r := applied.Receipt()
	require.EqualValues(t, 40*pings, r.Fired)
	require.EqualValues(t, 1, r.Touched)
	undoFault(t, applied)
	require.Less(t, quick(100*time.Millisecond, func() time.Duration { return conn.ping(strings.Repeat("x", 400)) }), 100*time.Millisecond)
}

func calibrateLimitData(t *testing.T) {
	p := openProxy(t, serve(t, echo).addr)
	open := dial(t, p.Addr())
	open.ping("before")
	applied := apply(t, p, fault.LimitData{Bytes: 1000})
	for _, conn := range []client{open, dial(t, p.Addr())} {
		conn.ping(strings.Repeat("x", 400))
		conn.send(strings.Repeat("y", 4000))
		rest, err := io.ReadAll(conn)
		require.NoError(t, err, "an orderly end")
		require.Len(t, rest, 600)
	}
	require.EqualValues(t, 2, applied.Receipt().Fired)
	undoFault(t, applied)
	dial(t, p.Addr()).ping(strings.Repeat("x", 4000))
	require.EqualValues(t, 2, applied.Receipt().Fired)
}

func calibrateBlackHole(t *testing.T) {
	s := serve(t, echo)
	for _, tt := range []struct {
		dir     fault.Direction
		arrives bool
	}{{fault.Up, false}, {fault.Down, true}, {fault.Both, false}, {fault.Unset, false}} {
		t.Run("towards "+tt.dir.Or(fault.Both).String()+" it holds", func(t *testing.T) {
			p := openProxy(t, s.addr)
			open := dial(t, p.Addr())
			open.ping("before")
			before := s.bytes.Load()
			applied := apply(t, p, fault.BlackHole{Direction: tt.dir})
			fresh := dial(t, p.Addr())
			for _, conn := range []client{open, fresh} {
				conn.send("during")
				conn.silent(100 * time.Millisecond)
			}
			arrived := s.bytes.Load() - before
			require.Equal(t, tt.arrives, arrived == 12, "%d bytes arrived", arrived)
			r := applied.Receipt()
			require.EqualValues(t, 2, r.Fired)
			require.EqualValues(t, 2, r.Touched)
			require.Contains(t, r.Measured, "12 bytes of 2 connections held back")
			undoFault(t, applied)
			require.Equal(t, "during", open.read(6))
			require.Equal(t, "during", fresh.read(6))
			open.ping("after")
		})
	}
	t.Run("with lose the bytes are gone and the connection is reset", func(t *testing.T) {
		p := openProxy(t, s.addr)
		open, idle := dial(t, p.Addr()), dial(t, p.Addr())
		open.ping("before")
		idle.ping("before")
		applied := apply(t, p, fault.BlackHole{Direction: fault.Down, Lose: true})
		open.send("during")
		open.silent(100 * time.Millisecond)
		require.EqualValues(t, 1, applied.Receipt().Fired)
		undoFault(t, applied)
		require.ErrorIs(t, open.failing(), syscall.ECONNRESET)
		idle.ping("one that lost nothing lives on")
	})
	t.Run("upon a text the connections that never carry it are spared", func(t *testing.T) {
		p := openProxy(t, s.addr)
		open, other := dial(t, p.Addr()), dial(t, p.Addr())
		applied := apply(t, p, fault.BlackHole{Direction: fault.Down, Lose: true, Upon: "COMMIT"})
		open.ping("before")
		open.send("a COMMIT b")
		open.silent(100 * time.Millisecond)
		open.send("after")
		open.silent(100 * time.Millisecond)
		other.ping("spared")
		require.EqualValues(t, 2, applied.Receipt().Fired)
		require.EqualValues(t, 1, applied.Receipt().Touched)
		undoFault(t, applied)
		require.ErrorIs(t, open.failing(), syscall.ECONNRESET)
		other.ping("lives on")
	})
}

func calibrateRefuse(t *testing.T) {
	for _, cut := range []bool{false, true} {
		t.Run(fault.Refuse{Cut: cut}.String(), func(t *testing.T) {
			p := openProxy(t, serve(t, echo).addr)
			open := dial(t, p.Addr())
			open.ping("before")
			applied := apply(t, p, fault.Refuse{Cut: cut})
			for range 3 {
				_, err := net.Dial("tcp", p.Addr())
				require.ErrorIs(t, err, syscall.ECONNREFUSED)
			}
			if cut {
				require.ErrorIs(t, open.failing(), syscall.ECONNRESET)
				require.EqualValues(t, 2, applied.Receipt().Fired)
				require.EqualValues(t, 1, applied.Receipt().Touched)
			} else {
				open.ping("left alone")
				require.EqualValues(t, 1, applied.Receipt().Fired)
			}
			undoFault(t, applied)
			dial(t, p.Addr()).ping("after")
		})
	}
}

func calibrateReset(t *testing.T) {
	p := openProxy(t, serve(t, echo).addr)
	open := dial(t, p.Addr())
	open.ping("before")
	applied := apply(t, p, fault.Reset{})
	require.ErrorIs(t, open.failing(), syscall.ECONNRESET)
	for range 3 {
		requireReset(t, p.Addr())
	}
	r := applied.Receipt()
	require.EqualValues(t, 4, r.Fired)
	require.Equal(t, "1 open and 3 new connections were reset", r.Measured)
	undoFault(t, applied)
	dial(t, p.Addr()).ping("after")
}

func calibrateSlowAccept(t *testing.T) {
	p := openProxy(t, serve(t, echo).addr)
	open := dial(t, p.Addr())
	open.ping("before")
	applied := apply(t, p, fault.SlowAccept{Each: 200 * time.Millisecond})
	fresh := dial(t, p.Addr())
	const soon = 100 * time.Millisecond
	require.Less(t, quick(soon, func() time.Duration { return open.ping("left alone") }), soon)
	slow := 0
	around(t, 200*time.Millisecond, quick(280*time.Millisecond, func() time.Duration { slow++; return dial(t, p.Addr()).ping("slow") }))
	fresh.ping("by now it is served")
	require.Less(t, quick(soon, func() time.Duration { return fresh.ping("and no slower than any") }), soon)
	require.EqualValues(t, 1+slow, applied.Receipt().Fired)
	undoFault(t, applied)
	require.Less(t, quick(soon, func() time.Duration { return dial(t, p.Addr()).ping("after") }), soon)
}

func calibrateCancelLost(t *testing.T) {
	s := serve(t, echo)
	p := openProxy(t, s.addr)
	request := make([]byte, 16)
	binary.BigEndian.PutUint32(request, 16)
	binary.BigEndian.PutUint32(request[4:], cancelRequest)

	applied := apply(t, p, fault.CancelLost{})
	conn := dial(t, p.Addr())
	conn.send(string(request))
	require.ErrorIs(t, conn.failing(), io.EOF)
	require.Zero(t, s.bytes.Load())
	dial(t, p.Addr()).ping("an ordinary connection")
	require.EqualValues(t, 1, applied.Receipt().Fired)
	undoFault(t, applied)
	dial(t, p.Addr()).ping(string(request))
	require.EqualValues(t, 2, p.Stats().CancelRequests)
}
