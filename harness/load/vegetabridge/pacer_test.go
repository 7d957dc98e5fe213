package vegetabridge_test

import (
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	vegeta "github.com/tsenart/vegeta/v12/lib"
	"pgregory.net/rapid"

	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/load/vegetabridge"
)

func perSecond(n int) vegeta.Rate { return vegeta.Rate{Freq: n, Per: time.Second} }

// hits are when vegeta sends by a pacer for d, if each hit takes no time.
func hits(p vegeta.Pacer, d time.Duration) (all []time.Duration) {
	for at := time.Duration(0); ; {
		wait, stop := p.Pace(at, uint64(len(all)))
		if at += max(wait, 0); stop || at > d {
			return all
		}
		all = append(all, at)
	}
}

// TestAProfileHasThePacersShape: it plans as many requests as vegeta sends, each
// when vegeta sends the one before, for vegeta's first hit waits for an interval.
func TestAProfileHasThePacersShape(t *testing.T) {
	for _, row := range []struct {
		name    string
		pacer   vegeta.Pacer
		d       time.Duration
		profile string
		within  time.Duration // of vegeta's own approximations
	}{
		{"constant", perSecond(50), 10 * time.Second, "50/s for 10s", 0},
		{"constant per minute", vegeta.Rate{Freq: 90, Per: time.Minute}, 2 * time.Minute, "1.5/s for 2m", time.Microsecond},
		{"linear", vegeta.LinearPacer{StartAt: perSecond(50), Slope: 10}, 10 * time.Second, "50/s to 150/s over 10s", time.Millisecond},
		{"linear, falling", vegeta.LinearPacer{StartAt: perSecond(100), Slope: -5}, 10 * time.Second, "100/s to 50/s over 10s", time.Millisecond},
		{"sine", vegeta.SinePacer{Period: 10 * time.Second, Mean: perSecond(100), Amp: perSecond(50)}, 20 * time.Second, "waves of 50/s to 150/s every 10s for 20s", time.Millisecond},
	} {
		t.Run(row.name, func(t *testing.T) {
			p, err := vegetabridge.Profile(row.pacer, row.d)
			require.NoError(t, err)
			require.Equal(t, row.profile, p.String())
			sent := hits(row.pacer, row.d)
			require.InDelta(t, len(sent), load.Planned(p), 1, "as many")
			for n := int64(1); n < load.Planned(p); n++ {
				due, _ := p.Due(n)
				theirs := sent[n-1]
				if n == 1 && theirs == 0 {
					continue // a linear pacer's first hit is the one that does not wait
				}
				require.InDelta(t, theirs, due, float64(row.within), "request %d", n)
			}
		})
	}
}

// TestAnyOtherPacerIsAskedForItsHits, and those of the profile are exactly them.
func TestAnyOtherPacerIsAskedForItsHits(t *testing.T) {
	for _, row := range []struct {
		name  string
		pacer vegeta.Pacer
	}{
		{"a sine from its peak", vegeta.SinePacer{Period: 4 * time.Second, Mean: perSecond(20), Amp: perSecond(10), StartAt: vegeta.Peak}},
		{"a function", own(func(_ time.Duration, n uint64) (time.Duration, bool) {
			return time.Duration(n) * 10 * time.Millisecond, n == 30
		})},
	} {
		t.Run(row.name, func(t *testing.T) {
			p, err := vegetabridge.Profile(row.pacer, 4*time.Second)
			require.NoError(t, err)
			want := hits(row.pacer, 4*time.Second-1)
			require.EqualValues(t, len(want), load.Planned(p))
			for n, at := range want {
				due, ok := p.Due(int64(n))
				require.True(t, ok)
				require.Equal(t, at, due)
			}
			require.Equal(t, 4*time.Second, p.Duration())
			require.Contains(t, p.String(), " for 4s")
		})
	}
}

// own is a pacer that somebody wrote.
type own func(time.Duration, uint64) (time.Duration, bool)

func (f own) Pace(at time.Duration, n uint64) (time.Duration, bool) { return f(at, n) }
func (own) Rate(time.Duration) float64                              { return 0 }
func (own) String() string                                          { return "own" }

func TestAPacerThatPlansNothingIsRefused(t *testing.T) {
	for name, p := range map[string]vegeta.Pacer{
		"as fast as answers come":     vegeta.ConstantPacer{},
		"a rate below nothing":        perSecond(-1),
		"linear from nowhere":         vegeta.LinearPacer{Slope: 1},
		"a sine without a period":     vegeta.SinePacer{Mean: perSecond(10), Amp: perSecond(5)},
		"a sine that swings too far":  vegeta.SinePacer{Period: time.Second, Mean: perSecond(10), Amp: perSecond(10)},
		"a sine without a mean":       vegeta.SinePacer{Period: time.Second},
		"one that stops at once":      own(func(time.Duration, uint64) (time.Duration, bool) { return 0, true }),
		"one that never waits":        own(func(time.Duration, uint64) (time.Duration, bool) { return 0, false }),
		"one that waits for too long": own(func(time.Duration, uint64) (time.Duration, bool) { return time.Hour, false }),
	} {
		_, err := vegetabridge.Profile(p, 2*time.Second)
		require.Error(t, err, name)
	}
}

func TestALinearPacerThatFallsToNothingPauses(t *testing.T) {
	p, err := vegetabridge.Profile(vegeta.LinearPacer{StartAt: perSecond(10), Slope: -5}, 10*time.Second)
	require.NoError(t, err)
	require.Equal(t, "10/s to 0/s over 2s, then 0/s for 8s", p.String())
}

// TestAProfileAsAPacerIsThatProfile, request by request, there and back.
func TestAProfileAsAPacerIsThatProfile(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rate := rapid.Float64Range(1, 300)
		p := load.Sequence(
			load.Ramp(rate.Draw(t, "from"), rate.Draw(t, "to"), 2*time.Second),
			load.Bursts(rapid.IntRange(1, 20).Draw(t, "size"), 300*time.Millisecond, time.Second))
		back, err := vegetabridge.Profile(vegetabridge.Pacer(p), p.Duration())
		require.NoError(t, err)
		require.Equal(t, load.Planned(p), load.Planned(back))
		for n := range load.Planned(p) {
			want, _ := p.Due(n)
			got, _ := back.Due(n)
			require.Equal(t, want, got)
		}
	})
}

func TestThePacersRateIsThatAroundAMoment(t *testing.T) {
	p := vegetabridge.Pacer(load.Ramp(0, 100, 10*time.Second))
	require.InDelta(t, 50, p.Rate(5*time.Second), 1)
	require.InDelta(t, 10, p.Rate(time.Second), 1)
}

// TestVegetaSendsWhatAProfilePlans with its own attacker.
func TestVegetaSendsWhatAProfilePlans(t *testing.T) {
	var got atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { got.Add(1) }))
	defer server.Close()
	p := load.Sequence(load.Bursts(5, 50*time.Millisecond, 100*time.Millisecond), load.Constant(100, 200*time.Millisecond))
	target := vegeta.NewStaticTargeter(vegeta.Target{Method: "GET", URL: server.URL})
	n := int64(0)
	for r := range vegeta.NewAttacker().Attack(target, vegetabridge.Pacer(p), 0, "plan") {
		require.Empty(t, r.Error)
		n++
	}
	require.Equal(t, load.Planned(p), n)
	require.Equal(t, n, got.Load())
}
