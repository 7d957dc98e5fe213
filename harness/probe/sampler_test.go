package probe

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"regexp"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"holdfast.dev/holdfast/harness/result"
)

const every = 100 * time.Millisecond

// fake is a probe of one series whose n-th sample, from 0, is what sample says.
func fake(name string, sample func(ctx context.Context, n int) (float64, error)) Probe {
	n := 0
	return Gauges(name, every, []Series{{Name: name, Unit: result.UnitCount}}, func(ctx context.Context) ([]float64, error) {
		defer func() { n++ }()
		v, err := sample(ctx, n)
		return []float64{v}, err
	})
}

func counting(_ context.Context, n int) (float64, error) { return float64(n), nil }

// sampled samples the probes in a bubble for some time of its own clock.
func sampled(t *testing.T, length time.Duration, probes ...Probe) Record {
	t.Helper()
	s, err := Start(t.Context(), time.Now(), probes...)
	require.NoError(t, err)
	time.Sleep(length) // the bubble's time
	synctest.Wait()
	return s.Stop()
}

func values(r Record, name string) []float64 {
	var all []float64
	for _, v := range r.Points(name) {
		all = append(all, v)
	}
	return all
}

func TestSamplesAreTakenWhenDueAndStampedOnTheRunsClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		time.Sleep(time.Second)
		s, err := Start(t.Context(), start, fake("a", counting))
		require.NoError(t, err)
		time.Sleep(4*every + every/2)
		r := s.Stop()
		require.Equal(t, map[time.Duration]float64{
			1000 * time.Millisecond: 0, 1100 * time.Millisecond: 1, 1200 * time.Millisecond: 2,
			1300 * time.Millisecond: 3, 1400 * time.Millisecond: 4,
		}, maps.Collect(r.Points("a")))
		require.Equal(t, []Health{{Probe: "a", Every: every, Expected: 5, Attempts: 5, Samples: 5, LongestPause: every}}, r.Health)
		require.Equal(t, 1450*time.Millisecond, r.End)
		require.Equal(t, r, s.Stop(), "stopping again gives the same")
	})
}

func TestASlowSampleIsStampedInItsMiddle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := sampled(t, every-1, fake("slow", func(context.Context, int) (float64, error) {
			time.Sleep(60 * time.Millisecond)
			return 1, nil
		}))
		for at := range r.Points("slow") {
			require.Equal(t, 30*time.Millisecond, at)
		}
	})
}

func TestAProbeThatMisbehavesIsSaidAndHoldsUpNoOther(t *testing.T) {
	broken := errors.New("no permission")
	cases := []struct {
		name    string
		sample  func(ctx context.Context, n int) (float64, error)
		dead    bool
		starved bool
		says    string
		want    Health
	}{
		{name: "is well", sample: counting, want: Health{Samples: 51}},
		{name: "always fails", dead: true, says: "measured nothing in 51 attempts; the last error: no permission",
			sample: func(context.Context, int) (float64, error) { return 0, broken },
			want:   Health{Errors: 51, LastError: "no permission"}},
		{name: "fails now and then",
			sample: func(_ context.Context, n int) (float64, error) {
				if n%3 == 0 {
					return 0, broken
				}
				return 1, nil
			},
			want: Health{Samples: 34, Errors: 17, LastError: "no permission"}},
		{name: "fails more often than not", dead: true, says: "failed in 34 of 51 attempts",
			sample: func(_ context.Context, n int) (float64, error) {
				if n%3 != 2 {
					return 0, broken
				}
				return 1, nil
			},
			want: Health{Samples: 17, Errors: 34, LastError: "no permission"}},
		{name: "begins to fail", dead: true, says: "failed 11 times in a row at the end",
			sample: func(_ context.Context, n int) (float64, error) {
				if n >= 40 {
					return 0, broken
				}
				return 1, nil
			},
			want: Health{Samples: 40, Errors: 11, LastError: "no permission"}},
		{name: "panics once",
			sample: func(_ context.Context, n int) (float64, error) {
				if n == 0 {
					panic("oh")
				}
				return 1, nil
			},
			want: Health{Samples: 50, Errors: 1, LastError: "panic: oh (in PLACE)"}},
		{name: "has nothing to look at for a while",
			sample: func(_ context.Context, n int) (float64, error) {
				if n > 10 && n < 40 {
					return math.NaN(), nil
				}
				return 1, nil
			},
			want: Health{Samples: 22, Gaps: 29}},
		{name: "never has anything to look at", dead: true, says: "found nothing to measure in 51 attempts",
			sample: func(context.Context, int) (float64, error) { return math.Inf(1), nil },
			want:   Health{Gaps: 51}},
		{name: "is slow beyond its period", starved: true, says: "was sampled 18 times instead of 53",
			sample: func(context.Context, int) (float64, error) { time.Sleep(290 * time.Millisecond); return 1, nil },
			want:   Health{Samples: 18}},
		{name: "stands still for a while", starved: true, says: "was not sampled for 2.45",
			sample: func(_ context.Context, n int) (float64, error) {
				if n == 10 {
					time.Sleep(2450 * time.Millisecond)
				}
				return 1, nil
			},
			want: Health{Samples: 28}},
		{name: "waits for its context", dead: true, says: "context deadline exceeded",
			sample: func(ctx context.Context, _ int) (float64, error) { <-ctx.Done(); return 0, ctx.Err() },
			want:   Health{Errors: 5, LastError: "context deadline exceeded"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := sampled(t, 5*time.Second+every/2, fake("odd", c.sample), fake("good", counting))
				require.Len(t, values(r, "good"), 51)
				h := r.Health[0]
				require.Equal(t, c.dead, h.Dead, h.Problem)
				require.Equal(t, c.starved, h.Starved, h.Problem)
				require.Equal(t, c.dead || c.starved, h.Problem != "")
				require.Contains(t, h.Problem, c.says)
				require.Equal(t, c.want, Health{Samples: h.Samples, Gaps: h.Gaps, Errors: h.Errors, LastError: place.ReplaceAllString(h.LastError, "(in PLACE)")})
				require.Len(t, values(r, "odd"), int(c.want.Samples))
				require.Zero(t, r.Health[1].Problem)
			})
		})
	}
}

// place is where a panic of this file is said to be.
var place = regexp.MustCompile(`\(in .*TestAProbe.*, sampler_test\.go:\d+\)`)

func TestASampleThatHangsForEverIsGivenUpAndToldAsDead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		hangs := fake("hangs", func(_ context.Context, n int) (float64, error) {
			if n == 3 {
				<-release
			}
			return float64(n), nil
		})
		began := time.Now()
		s, err := Start(t.Context(), began, hangs, fake("good", counting))
		require.NoError(t, err)
		time.Sleep(10 * time.Second)
		r := s.Stop()
		require.Equal(t, 10*time.Second+stopPatience, time.Since(began))
		require.True(t, r.Health[0].Dead)
		require.Contains(t, r.Health[0].Problem, "hung")
		require.Equal(t, []float64{0, 1, 2}, values(r, "hangs"))
		require.False(t, r.Health[1].Dead)

		close(release)
		synctest.Wait()
		late := s.Snapshot()
		require.Equal(t, []float64{0, 1, 2}, values(late, "hangs"), "what it returns later changes nothing")
		require.Equal(t, r.Health[0].Samples, late.Health[0].Samples)
	})
}

func TestASampleCutOffByStopIsNoFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := sampled(t, 3*every+every/2, fake("cut", func(ctx context.Context, n int) (float64, error) {
			if n == 3 {
				<-ctx.Done()
				return 0, ctx.Err()
			}
			return 1, nil
		}))
		require.Zero(t, r.Health[0].Errors)
		require.EqualValues(t, 3, r.Health[0].Attempts)
	})
}

func TestTheEndOfTheContextEndsTheSampling(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		s, err := Start(ctx, time.Now(), fake("a", counting))
		require.NoError(t, err)
		time.Sleep(every / 2)
		cancel()
		time.Sleep(time.Hour)
		h := s.Stop().Health[0]
		require.EqualValues(t, 1, h.Expected, "nothing is expected after the end")
		require.False(t, h.Starved, h.Problem)
	})
}

func TestASnapshotIsAValueThatDoesNotGrow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := Start(t.Context(), time.Now(), fake("a", counting))
		require.NoError(t, err)
		time.Sleep(2*every + every/2)
		before := s.Snapshot()
		time.Sleep(2 * slabSize * every)
		synctest.Wait()
		require.Equal(t, []float64{0, 1, 2}, values(before, "a"))
		require.Len(t, values(s.Stop(), "a"), 2*slabSize+3)
	})
}

// closing is a probe that holds something open.
type closing struct {
	Probe
	closed atomic.Int32
}

func (c *closing) Close() error { c.closed.Add(1); return nil }

func TestAProbeThatHoldsSomethingOpenIsClosedOnceAlsoBehindAt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &closing{Probe: fake("a", counting)}
		r := sampled(t, 10*time.Second-1, At(c, time.Second))
		require.EqualValues(t, 1, c.closed.Load())
		require.Len(t, values(r, "a"), 10)
	})
}

func TestProbesThatContradictEachOtherAreRefused(t *testing.T) {
	_, err := Start(t.Context(), time.Now(), fake("a", counting), fake("a", counting), At(fake("b", counting), 0), Gauges("none", every, nil, nil))
	require.ErrorContains(t, err, "series a belongs to")
	require.ErrorContains(t, err, "probe b: the time between samples is 0s")
	require.ErrorContains(t, err, "probe none measures nothing")
}

func TestAWrongNumberOfValuesIsAnError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := sampled(t, time.Second, Gauges("a", every, []Series{{Name: "x"}, {Name: "y"}}, func(context.Context) ([]float64, error) {
			return []float64{1}, nil
		}))
		require.Contains(t, r.Health[0].Problem, "it returned 1 values for 2 series")
	})
}

func TestMemoryIsBoundedAndWhatFindsNoRoomIsSaid(t *testing.T) {
	var data samples
	var counts tally
	for i := range maxSamples + 5 {
		counts.attempt(time.Duration(i))
		counts.keep(data.add(time.Duration(i), []float64{1}))
	}
	require.Equal(t, maxSamples, data.rows)
	h := counts.health("a", 1, 0, maxSamples+4)
	require.EqualValues(t, 5, h.Dropped)
	require.True(t, h.Starved)
	require.Contains(t, h.Problem, "ran out of room")
}

func TestAWindowSumsUpWhatLiesInIt(t *testing.T) {
	var data samples
	for i, v := range []float64{5, math.NaN(), 3, 9, 4} {
		data.add(time.Duration(i)*time.Second, []float64{0, v})
	}
	r := Record{lines: []line{{Series: Series{Name: "a"}, every: time.Second, data: data, column: 1}}}
	cases := []struct {
		name     string
		from, to time.Duration
		want     Window
	}{
		{"all", 0, 5 * time.Second, Window{Min: 3, Max: 9, Mean: 5.25, First: 5, Last: 4, N: 4, Expected: 5}},
		{"the end does not belong to it", 0, 3 * time.Second, Window{Min: 3, Max: 5, Mean: 4, First: 5, Last: 3, N: 2, Expected: 3}},
		{"only a gap", time.Second, 2 * time.Second, Window{Expected: 1}},
		{"after the end", time.Minute, time.Hour, Window{Expected: 3540}},
		{"nothing", 2 * time.Second, 2 * time.Second, Window{}},
		{"turned round", 3 * time.Second, 0, Window{}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, ok := r.Window("a", c.from, c.to)
			require.True(t, ok)
			require.Equal(t, c.want, got)
		})
	}
	_, ok := r.Window("b", 0, time.Hour)
	require.False(t, ok, "an unknown series is not an empty one")
	require.Empty(t, values(r, "b"))
}

func recordOf(s Series, at []time.Duration, v []float64) Record {
	var data samples
	for i := range at {
		data.add(at[i], []float64{v[i]})
	}
	return Record{lines: []line{{Series: s, every: every, data: data}}}
}

func TestAReducedSeriesKeepsPeaksWhereTheyWereAndGapsOpen(t *testing.T) {
	var at []time.Duration
	var v []float64
	for i := range 1000 {
		at = append(at, time.Duration(i)*10*time.Millisecond)
		switch {
		case i == 123:
			v = append(v, 77)
		case i >= 500 && i < 700:
			v = append(v, math.NaN())
		case i == 900:
			v = append(v, -5)
		default:
			v = append(v, 1)
		}
	}
	s := recordOf(Series{Name: "a", Unit: "bytes"}, at, v).Series(100)[0]
	require.LessOrEqual(t, len(s.T), 100)
	require.Equal(t, "max per 0.1 s", s.Reduced)
	require.Equal(t, "bytes", s.Unit)
	require.Contains(t, s.T, 1.23)
	require.Contains(t, s.V, 77.0)
	require.NotContains(t, s.V, -5.0)
	for _, at := range s.T {
		require.False(t, at >= 5 && at < 7, "no point in the gap: %v", at)
	}

	low := recordOf(Series{Name: "a", Low: true}, at, v).Series(100)[0]
	require.LessOrEqual(t, len(low.T), 100)
	require.Equal(t, "min and max per 0.2 s", low.Reduced)
	require.Contains(t, low.V, 77.0)
	require.Contains(t, low.V, -5.0)
	require.IsIncreasing(t, low.T)
}

func TestReductionNeverInventsOrLosesAnExtreme(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 3*slabSize).Draw(t, "n")
		points := rapid.IntRange(2, 200).Draw(t, "points")
		low := rapid.Bool().Draw(t, "low")
		at, v := make([]time.Duration, n), make([]float64, n)
		have := map[string]bool{}
		highest, lowest, now := math.Inf(-1), math.Inf(1), time.Duration(0)
		for i := range n {
			now += time.Duration(rapid.IntRange(1, 500).Draw(t, "step")) * time.Millisecond
			at[i], v[i] = now, float64(rapid.IntRange(-1000, 1000).Draw(t, "v"))
			if rapid.IntRange(0, 9).Draw(t, "gap") == 0 && i > 0 {
				v[i] = math.NaN()
				continue
			}
			have[fmt.Sprint(tidySeconds(at[i]), v[i])] = true
			highest, lowest = max(highest, v[i]), min(lowest, v[i])
		}
		s := recordOf(Series{Name: "a", Low: low}, at, v).Series(points)[0]
		require.Equal(t, len(s.T), len(s.V))
		require.LessOrEqual(t, len(s.T), max(points, 2))
		require.IsNonDecreasing(t, append([]float64{0}, s.T...))
		require.Contains(t, s.V, highest)
		if low || s.Reduced == "" {
			require.Contains(t, s.V, lowest)
		}
		for i := range s.T {
			require.True(t, have[fmt.Sprint(s.T[i], s.V[i])], "a point that was never measured: %v %v", s.T[i], s.V[i])
		}
	})
}

func TestASeriesWithoutAnyValueIsLeftOut(t *testing.T) {
	r := recordOf(Series{Name: "a"}, []time.Duration{1, 2}, []float64{math.NaN(), math.Inf(-1)})
	require.Empty(t, r.Series(10))
	require.Equal(t, []Series{{Name: "a"}}, r.Names())
}

func TestNumbersAreTidiedNotFalsified(t *testing.T) {
	for v, want := range map[float64]float64{
		104_857_601: 104_857_601, 0: 0, 0.123456789: 0.123457, 12.3456789: 12.3457, -0.5: -0.5, 123456.789: 123457, 1e300: 1e300,
	} {
		require.InDelta(t, want, tidy(v), math.Abs(want)*1e-12)
	}
}
