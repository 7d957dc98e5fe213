package load

import (
	"encoding/json"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/result/latency"
)

// fate is what becomes of a drawn request.
type fate struct {
	kind    int // 0 late, 1 shed, 2 unsent, 3 taken back, else sent
	latency time.Duration
	class   string
}

// live plays a drawn request of a stream into books.
func (f fate) live(rec *recorder, n int64, due time.Duration) {
	switch f.kind {
	case 0:
		rec.late(due)
		return
	case 1:
		rec.shed(due)
		return
	}
	rec.handOn(due)
	if f.kind == 2 {
		rec.unsent(due)
		return
	}
	x := Exchange{Stream: "x", N: n, Due: due, Sent: due + time.Duration(n%7)*time.Millisecond, End: due + f.latency, Status: 200, Class: f.class, Path: "/"}
	rec.send(due, x.Sent)
	if f.kind == 3 {
		x.unsent, x.Class = "no ports", ClassUnsent
		rec.takeBack(&x)
		return
	}
	if f.class == ClassTimeout {
		x.Status = 0
	}
	rec.finish(&x)
	rec.example(&x, func() string { return "an example" })
}

// TestWhatLanesTellAddsUpToWhatOneGeneratorCounts draws what becomes of each request,
// plays it into the books of one generator and into those of several, which tell of it
// in deltas at any time, in any order among each other, as JSON.
func TestWhatLanesTellAddsUpToWhatOneGeneratorCounts(t *testing.T) {
	phases := []result.Phase{{Name: "a", To: time.Second}, {Name: "b", From: time.Second, To: 3 * time.Second}}
	onset := time.Second + time.Millisecond
	rapid.Check(t, func(t *rapid.T) {
		stream := Stream{
			Name: "x", Profile: Constant(float64(rapid.IntRange(1, 12).Draw(t, "rate")), 3*time.Second+500*time.Millisecond),
			StartAt: 100 * time.Millisecond, Template: &Template{Path: "/"},
		}.withDefaults()
		lanes := rapid.IntRange(1, 5).Draw(t, "lanes")
		config := Config{BaseURL: "http://127.0.0.1", Phases: phases, FirstFault: onset, Interval: 500 * time.Millisecond}
		one := newRecorder(stream, phases, onset, config.Interval)
		all, err := NewCollector(config, stream)
		require.NoError(t, err)
		parts := make([]*recorder, lanes)
		for i := range parts {
			parts[i] = newRecorder(stream, phases, onset, config.Interval)
			parts[i].tellInDeltas(true)
		}
		tell := func(lane int) {
			text, err := json.Marshal(parts[lane].take("x"))
			require.NoError(t, err)
			var d Delta
			require.NoError(t, json.Unmarshal(text, &d))
			require.NoError(t, all.Add(lane, d))
		}
		for n := range Planned(stream.Profile) {
			f := fate{
				kind: rapid.IntRange(0, 20).Draw(t, "kind"), latency: time.Duration(rapid.Int64Range(1, int64(2*time.Second)).Draw(t, "latency")),
				class: rapid.SampledFrom([]string{"", "", "", ClassTimeout, ClassShedByTarget, "status_500"}).Draw(t, "class"),
			}
			due, _ := stream.Profile.Due(n)
			due += stream.StartAt
			f.live(one, n, due)
			f.live(parts[n%int64(lanes)], n, due)
			if rapid.IntRange(0, 14).Draw(t, "tell") == 0 {
				tell(rapid.IntRange(0, lanes-1).Draw(t, "lane"))
			}
		}
		one.closeBooks()
		for _, lane := range rapid.Permutation(slices.Collect(lanesUpTo(lanes))).Draw(t, "order") {
			parts[lane].closeBooks()
			tell(lane)
		}
		require.NoError(t, all.Missing("nobody told"))

		want, got := one.tally(stream, nil), all.Tallies(nil)[0]
		require.Zero(t, got.UnsentWhy["nobody told"])
		for _, pair := range [][2]result.Histograms{{want.Histograms, got.Histograms}, {want.Phases[0].Histograms, got.Phases[0].Histograms}, {want.Phases[1].Histograms, got.Phases[1].Histograms}} {
			for _, h := range [][2]string{{pair[0].Histogram, pair[1].Histogram}, {pair[0].HistogramOK, pair[1].HistogramOK}, {pair[0].HistogramFromSend, pair[1].HistogramFromSend}, {pair[0].HistogramSendLag, pair[1].HistogramSendLag}} {
				w, err := latency.Decode(h[0])
				require.NoError(t, err)
				g, err := latency.Decode(h[1])
				require.NoError(t, err)
				require.True(t, w == nil && g == nil || w.Equals(g), "bucket for bucket")
			}
		}
		require.GreaterOrEqual(t, got.MaxInFlight, want.MaxInFlight, "no more was in flight than is said")
		want.MaxInFlight, got.MaxInFlight = 0, 0
		notInFlight := func(s result.Series) bool { return s.Name == "x.in_flight" }
		want.Series, got.Series = slices.DeleteFunc(want.Series, notInFlight), slices.DeleteFunc(got.Series, notInFlight)
		require.Equal(t, want.Series, got.Series)
		require.Equal(t, want.Stream, got.Stream)
		require.Equal(t, want.Examples, got.Examples)
		for n := range Planned(stream.Profile) {
			require.Equal(t, want.Answered(n), got.Answered(n))
		}
		require.Equal(t, want.During("a", "b"), got.During("a", "b"))
	})
}

func lanesUpTo(n int) func(func(int) bool) {
	return func(yield func(int) bool) {
		for i := range n {
			if !yield(i) {
				return
			}
		}
	}
}

func TestWhatNobodyToldOfIsUnsentInItsPhase(t *testing.T) {
	stream := Stream{Name: "x", Profile: Constant(10, 4*time.Second), Template: &Template{Path: "/"}}
	phases := []result.Phase{{Name: "a", To: time.Second}, {Name: "b", From: time.Second, To: 3 * time.Second}}
	c, err := NewCollector(Config{BaseURL: "http://127.0.0.1", Phases: phases}, stream)
	require.NoError(t, err)
	require.NoError(t, c.Add(0, Delta{Stream: "x", Counts: []PartDelta{{Phase: 0, Sent: 7, OK: 7}, {Phase: 1, Sent: 3, Late: 1}}}))
	require.NoError(t, c.Missing("its worker was lost"))
	got := c.Tallies(nil)[0]
	require.EqualValues(t, []int64{40, 10, 29}, []int64{got.Planned, got.Sent, got.Unsent})
	require.EqualValues(t, []int64{3, 16}, []int64{got.Phases[0].Unsent, got.Phases[1].Unsent})
	require.Equal(t, map[string]int64{"its worker was lost": 29}, got.UnsentWhy)

	require.NoError(t, c.Add(0, Delta{Stream: "x", Counts: []PartDelta{{Phase: 2, Sent: 11}}}))
	require.ErrorContains(t, c.Missing("no"), "of x 11 requests more than planned were told of in no phase")
}

func TestADeltaThatContradictsTheLoadAddsNothing(t *testing.T) {
	c := collectorOfOne(t)
	for says, d := range map[string]Delta{
		`no stream "y"`:        {Stream: "y"},
		"no phase 2":           {Stream: "x", Counts: []PartDelta{{Phase: 2}}},
		"no phase -1":          {Stream: "x", Counts: []PartDelta{{Phase: -1}}},
		`no phase 0, "late"`:   {Stream: "x", Counts: []PartDelta{{Part: "late", Sent: 1}}},
		"unpack a histogram":   {Stream: "x", Counts: []PartDelta{{Sent: 1, Latency: []byte("no")}}},
		"interval of 1ns":      {Stream: "x", Points: []PointDelta{{Width: 1}}},
		"interval of 1h":       {Stream: "x", Points: []PointDelta{{Width: time.Hour}}},
		"interval of 250ms":    {Stream: "x", Points: []PointDelta{{From: -1, Width: 250 * time.Millisecond}}},
		"interval of 1ms":      {Stream: "x", Levels: []LevelDelta{{Width: time.Millisecond}}},
		"interval of 2559270h": {Stream: "x", Levels: []LevelDelta{{Width: math.MaxInt64 - 1e16}}}, // twice as wide is no number
		"no ascending varints": {Stream: "x", Answered: []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1}},
	} {
		require.ErrorContains(t, c.Add(0, d), says)
	}
	require.Zero(t, c.SoFar()[0].Sent)
}

func collectorOfOne(t testing.TB) *Collector {
	c, err := NewCollector(Config{BaseURL: "http://127.0.0.1", Phases: []result.Phase{{Name: "a", To: time.Second}}},
		Stream{Name: "x", Profile: Constant(10, time.Second), Template: &Template{Path: "/"}})
	require.NoError(t, err)
	return c
}

// FuzzDelta reads what a generator may tell: it is refused, or it adds up.
func FuzzDelta(f *testing.F) {
	f.Add([]byte(`{"stream":"x","open":1,"counts":[{"phase":0,"sent":1,"ok":1,"statuses":{"200":1}}],"points":[{"from":0,"width":250000000,"sent":1}],"levels":[{"from":0,"width":250000000,"most":3}],"slowest":[{"N":1}],"answered":"AQI="}`))
	f.Add([]byte(`{"stream":"x","points":[{"from":999999999,"width":1000000000}],"answered":"/////w8="}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		var d Delta
		if json.Unmarshal(text, &d) != nil || len(d.Answered) > 3 {
			return // large numbers take memory, which the size of a message bounds elsewhere
		}
		c := collectorOfOne(t)
		if c.Add(0, d) == nil {
			c.Tallies(nil)
		}
	})
}
