package load

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"holdfast.dev/holdfast/harness/result"
)

// TestTheBooksAddUp drives a recorder through any order of events. What was
// counted must stand in exactly one phase and one interval, whatever the
// number of intervals was halved to.
func TestTheBooksAddUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		length := time.Duration(rapid.Int64Range(1, int64(5*time.Second)).Draw(t, "length"))
		width := time.Duration(rapid.Int64Range(int64(time.Millisecond), int64(time.Second)).Draw(t, "width"))
		s := Stream{Name: "x", Profile: Constant(rapid.Float64Range(1, 200).Draw(t, "rate"), length),
			StartAt: time.Duration(rapid.Int64Range(0, int64(time.Second)).Draw(t, "start"))}
		n := Planned(s.Profile)
		reached := rapid.Int64Range(0, n).Draw(t, "reached")
		phases := []result.Phase{{Name: "a", To: 1 * time.Second}, {Name: "b", From: 1500 * time.Millisecond, To: 2 * time.Second}}
		rec := newRecorder(s, phases, 0, width)
		fates := rapid.SliceOfN(rapid.IntRange(0, 5), int(reached), int(reached)).Draw(t, "fates")

		var open []Exchange
		finish := func(i int) {
			rec.finish(&open[i])
			open = append(open[:i], open[i+1:]...)
		}
		for i, fate := range fates {
			due, _ := s.Profile.Due(int64(i))
			due += s.StartAt
			switch fate {
			case 0:
				rec.late(due)
			case 1:
				rec.shed(due)
			case 2:
				rec.handOn(due)
				rec.lateAfterAll(due)
			case 3:
				rec.handOn(due)
				rec.unsent(due)
			default:
				rec.handOn(due)
				rec.send(due, due+time.Millisecond)
				x := Exchange{Due: due, Sent: due + time.Millisecond, End: due + time.Second, Status: 200}
				if fate == 5 {
					x.Status, x.Class = 0, ClassTimeout
				}
				open = append(open, x)
			}
			if len(open) > 3 {
				finish(rapid.IntRange(0, len(open)-1).Draw(t, "answered"))
			}
		}
		for len(open) > 0 {
			finish(len(open) - 1)
		}
		rec.unreached(s.Profile, s.StartAt, reached)
		rec.closeBooks()

		o := rec.tally(s, nil)
		require.Equal(t, n, o.Sent+o.Late+o.Shed+o.Unsent)
		for _, p := range o.Phases {
			require.Equal(t, p.Planned, p.Sent+p.Late+p.Shed+p.Unsent, p.Phase)
		}
		drawn := make(map[string]float64)
		for _, series := range o.Series {
			for i, v := range series.V {
				from, to := rec.series.span(i)
				drawn[series.Name] += v * (to - from).Seconds()
			}
		}
		require.Equal(t, o.Completed+Failed(o.Counts), hot(t, o.Heat), "each that has ended is in the heat once")
		require.InDelta(t, o.Sent, drawn["x.rate.sent"], 1e-6)
		require.InDelta(t, o.Completed, drawn["x.rate.completed"], 1e-6)
		require.InDelta(t, Failed(o.Counts), drawn["x.rate.failed"], 1e-6)
		require.LessOrEqual(t, drawn["x.rate.planned"], float64(n)+1e-6)
		require.LessOrEqual(t, len(rec.series.points), maxPoints)
		require.Empty(t, rec.series.open)
		require.Zero(t, rec.open)
	})
}

// hot is how many requests a heat is of.
func hot(t require.TestingT, h *result.Heat) (sum int64) {
	if h == nil {
		return 0
	}
	columns, err := h.Counts()
	require.NoError(t, err)
	require.LessOrEqual(t, len(columns), mostColumns)
	for _, column := range columns {
		for _, n := range column {
			sum += n
		}
	}
	return sum
}

func TestALongRunGetsWiderIntervals(t *testing.T) {
	line := newIntervals(0, time.Hour, time.Second)
	for at := time.Duration(0); at < time.Hour; at += 500 * time.Millisecond {
		line.expect(at)
		line.send(at)
		line.finish(&Exchange{Due: at, End: at + time.Millisecond + at/1000, Status: 200})
	}
	line.closeAll()
	require.Equal(t, 4*time.Second, line.width)
	require.Len(t, line.points, 900)
	for i, p := range line.points {
		require.EqualValues(t, 8, p.sent, "interval %d", i)
		if i > 0 {
			require.GreaterOrEqual(t, p.max, line.points[i-1].max, "of joined intervals the highest stays")
		}
	}
	require.LessOrEqual(t, len(line.spare), 3, "histograms are used again")

	heat := line.heat()
	require.EqualValues(t, 7200, hot(t, heat))
	require.Equal(t, 32.0, heat.WidthS)
	columns, err := heat.Counts()
	require.NoError(t, err)
	require.Len(t, columns, 113)
	require.EqualValues(t, 64, columns[100][result.HeatBucket(3220*time.Millisecond)], "requests of one time and one latency are in one cell")
}

func TestAGaugeKeepsTheHighestOfEachInterval(t *testing.T) {
	g := gauge{width: time.Second}
	g.set(0, 3)
	g.set(100*time.Millisecond, 1)
	g.set(3500*time.Millisecond, 2) // it was 1 meanwhile
	require.Equal(t, []int64{3, 1, 1, 2}, g.points)
	g.set(maxPoints*time.Second, 5)
	require.Equal(t, 2*time.Second, g.width)
	require.Equal(t, []int64{3, 2, 2}, g.points[:3])
	require.EqualValues(t, 5, g.points[maxPoints/2])
	require.Len(t, g.points, maxPoints/2+1)
}

// TestThePacerKeepsThePlan runs on a clock that does what it is told.
func TestThePacerKeepsThePlan(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		now := func() time.Duration { return time.Since(begun) }
		s := Stream{Name: "x", Profile: Constant(100, time.Second), StartAt: time.Second, MaxInFlight: 3, MaxLag: 50 * time.Millisecond}
		stop := make(chan struct{})
		rec := newRecorder(s, nil, 0, time.Second)
		p := newPacer(s, Share{}.deal(s), now, stop, rec)
		for want := range int64(10) {
			require.Equal(t, want, handedOn(t, p))
			require.Equal(t, time.Second+time.Duration(want)*10*time.Millisecond, now(), "exactly when it was due")
			p.done()
		}
		time.Sleep(200 * time.Millisecond) // nobody asks: 10 to 29 come due
		require.EqualValues(t, 24, handedOn(t, p), "what is further behind than the greatest lag is passed over, not sent in a burst")
		require.EqualValues(t, 14, rec.total.late)
		for range 2 { // three are in flight now
			handedOn(t, p)
		}
		time.AfterFunc(35*time.Millisecond, p.done)
		require.EqualValues(t, 33, handedOn(t, p))
		require.EqualValues(t, 6, rec.total.shed, "there was no room until one was done")
		time.AfterFunc(time.Millisecond, func() { close(stop) })
		_, ok := p.handOn()
		require.False(t, ok, "a stop ends the wait")
		p.finish()
		require.EqualValues(t, 100, rec.total.late+rec.total.shed+rec.total.unsent+10+4)
	})
}

func handedOn(t *testing.T, p *pacer) int64 {
	t.Helper()
	n, ok := p.handOn()
	require.True(t, ok)
	return n
}

// BenchmarkRecord is the bookkeeping of one request alone.
func BenchmarkRecord(b *testing.B) {
	s := Stream{Name: "x", Profile: Constant(2000, 100*time.Hour)}
	phases := []result.Phase{{Name: result.Baseline, To: 60 * time.Second}, {Name: result.Inject, From: 60 * time.Second, To: 1000000 * time.Second}}
	rec := newRecorder(s, phases, 0, time.Second)
	b.ReportAllocs()
	for n := int64(0); b.Loop(); n++ {
		due, _ := s.Profile.Due(n)
		rec.handOn(due)
		rec.send(due, due+100*time.Microsecond)
		rec.finish(&Exchange{Due: due, Sent: due + 100*time.Microsecond, End: due + time.Duration(n%5000)*time.Microsecond, Status: 200})
	}
}

// A look while the load goes on is what the tally of that moment says, but for the
// distributions as text, which take too long to write; and what comes later does not
// change it.
func TestALookMeanwhileIsTheTallyOfThatMoment(t *testing.T) {
	s := Stream{Name: "web", Profile: Constant(100, 10*time.Second)}
	rec := newRecorder(s, threePhases, 5*time.Second, time.Second)
	send := func(from, to int64) {
		for n := from; n < to; n++ {
			due := time.Duration(n) * 10 * time.Millisecond
			rec.handOn(due)
			rec.send(due, due)
			rec.finish(&Exchange{Stream: "web", N: n, Due: due, Sent: due, End: due + 25*time.Millisecond, Status: 200})
		}
	}
	send(0, 600)
	look, whole := rec.soFar(s), rec.tally(s, nil)
	require.NotEmpty(t, whole.Histogram)
	require.NotEmpty(t, whole.Phases[0].Histogram)
	send(600, 1000)
	whole.Histograms = result.Histograms{}
	for i := range whole.Phases {
		whole.Phases[i].Histograms = result.Histograms{}
	}
	require.Equal(t, whole, look)
	require.EqualValues(t, 600, look.Latency.N)
}
