package httpfault_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"holdfast.dev/holdfast/fakes/httpfault"
	"holdfast.dev/holdfast/fakes/journal"

	"github.com/stretchr/testify/require"
)

// decisions says which of n keys and their attempts a fault picks, without a
// server: nothing but the choice.
func decisions(t *testing.T, s *httpfault.Set, keys, attempts int) []string {
	t.Helper()
	var out []string
	for k := range keys {
		for a := range attempts {
			plan := s.Plan(httpfault.Request{Key: fmt.Sprint("k", k), Attempt: a + 1, Arrival: a + 1, Names: []string{fmt.Sprint("n", k)}})
			if plan != nil {
				out = append(out, fmt.Sprintf("k%d/%d", k, a+1))
			}
			plan.Done()
		}
	}
	return out
}

func setOf(t *testing.T, seed uint64, texts ...string) *httpfault.Set {
	t.Helper()
	s := httpfault.NewSet(httpfault.Config{Seed: seed})
	require.NoError(t, s.AddText(texts...))
	return s
}

func TestASelectorPicks(t *testing.T) {
	for _, row := range []struct {
		text string
		want []string // of 3 keys with 4 attempts each
	}{
		{"close", []string{"k0/1", "k0/2", "k0/3", "k0/4", "k1/1", "k1/2", "k1/3", "k1/4", "k2/1", "k2/2", "k2/3", "k2/4"}},
		{"close nth=3", []string{"k0/3", "k1/3", "k2/3"}},
		{"close every=2", []string{"k0/2", "k0/4", "k1/2", "k1/4", "k2/2", "k2/4"}},
		{"close nth=6 per=all", []string{"k1/2"}},
		{"close every=5 per=all", []string{"k1/1", "k2/2"}},
		{"2*503 -> ok", []string{"k0/1", "k0/2", "k1/1", "k1/2", "k2/1", "k2/2"}},
		{"ok -> 503", []string{"k0/2", "k0/3", "k0/4", "k1/2", "k1/3", "k1/4", "k2/2", "k2/3", "k2/4"}},
		{"5*503 -> ok per=all", []string{"k0/1", "k0/2", "k0/3", "k0/4", "k1/1"}},
		{"close key=n1 nth=1", []string{"k1/1"}},
		{"close key=n1,n2 nth=1", []string{"k1/1", "k2/1"}},
		{"close key=n* nth=1", []string{"k0/1", "k1/1", "k2/1"}},
		{"close key=m*", nil},
		{"close from=1h", nil},
		{"close to=1h nth=1", []string{"k0/1", "k1/1", "k2/1"}},
		{"idleclose", nil}, // the connection is fresh
	} {
		t.Run(row.text, func(t *testing.T) {
			require.Equal(t, row.want, decisions(t, setOf(t, 1, row.text), 3, 4))
		})
	}
}

func TestAProbabilityHolds(t *testing.T) {
	const n = 6000
	for _, p := range []float64{0.001, 0.05, 0.5, 0.97} {
		for seed := range uint64(2) {
			s := setOf(t, seed, fmt.Sprintf("close p=%v", p))
			require.InDelta(t, p*n, len(decisions(t, s, n/2, 2)), binomial(n, p), "p=%v seed=%d", p, seed)
		}
	}
}

func TestFaultsOfOneSetDrawApart(t *testing.T) {
	const n = 20_000
	s := setOf(t, 1, "delay 1ms p=0.5", "delay 2ms p=0.5")
	both := 0
	for k := range n {
		plan := s.Plan(httpfault.Request{Key: fmt.Sprint(k), Attempt: 1, Arrival: 1})
		if len(plan.Acting()) == 2 {
			both++
		}
		plan.Done()
	}
	require.InDelta(t, n/4, both, binomial(n, 0.25), "they are independent")
}

func TestPickChoosesExactlySoManyAndBySeed(t *testing.T) {
	chosen := map[string]int{}
	for seed := range uint64(200) {
		got := decisions(t, setOf(t, seed, "close key=n0,n1,n2,n3,n4,n5,n6,n7,n8,n9 pick=3"), 10, 1)
		require.Len(t, got, 3)
		require.Equal(t, got, decisions(t, setOf(t, seed, "close key=n0,n1,n2,n3,n4,n5,n6,n7,n8,n9 pick=3"), 10, 1))
		for _, k := range got {
			chosen[k]++
		}
	}
	require.Len(t, chosen, 10, "any of them may be chosen")
	for k, n := range chosen {
		require.InDelta(t, 60, n, binomial(200, 0.3), k)
	}
}

func TestTheDrawsStayTheSameFromVersionToVersion(t *testing.T) {
	got := decisions(t, setOf(t, 42, "close p=0.1 id=pinned"), 100, 1)
	require.Equal(t, pinned(), got)
	synctest.Test(t, func(t *testing.T) {
		s := setOf(t, 42, "delay lognormal median=80ms sigma=0.8 id=pinned")
		var waits []time.Duration
		for attempt := range 3 {
			plan := s.Plan(httpfault.Request{Key: "k", Attempt: attempt + 1, Arrival: attempt + 1})
			begin := time.Now()
			require.NoError(t, plan.Wait(t.Context()))
			waits = append(waits, time.Since(begin))
			plan.Done()
		}
		require.Equal(t, pinnedWaits(), waits)
	})
}

func TestAWindowOpensRampsFlapsAndCloses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n = 2000
		share := func(s *httpfault.Set) float64 { return float64(len(decisions(t, s, n, 1))) / n }
		window := setOf(t, 1, "close from=10s to=20s")
		ramp := setOf(t, 1, "close p=0.8 from=10s to=30s ramp=10s")
		flap := setOf(t, 1, "close from=10s flap=2s/3s")
		at := time.Duration(0)
		goTo := func(offset time.Duration) { time.Sleep(offset - at); at = offset }
		for _, row := range []struct {
			at                 time.Duration
			window, ramp, flap float64
		}{
			{9 * time.Second, 0, 0, 0},
			{10 * time.Second, 1, 0, 1},
			{11 * time.Second, 1, 0.08, 1},
			{12 * time.Second, 1, 0.16, 0},
			{14 * time.Second, 1, 0.32, 0},
			{15 * time.Second, 1, 0.4, 1},
			{20 * time.Second, 0, 0.8, 1},
			{25 * time.Second, 0, 0.4, 1},
			{29 * time.Second, 0, 0.08, 0},
			{30 * time.Second, 0, 0, 1},
		} {
			goTo(row.at)
			require.Equal(t, row.window, share(window), "window at %v", row.at)
			require.InDelta(t, row.ramp, share(ramp), binomial(n, row.ramp)/n, "ramp at %v", row.at)
			require.Equal(t, row.flap, share(flap), "flap at %v", row.at)
		}
	})
}

func TestAFaultWithoutAWindowIsOnEvenBeforeTheRunStarts(t *testing.T) {
	s := httpfault.NewSet(httpfault.Config{Start: time.Now().Add(time.Hour)})
	require.NoError(t, s.AddText("close"))
	require.Len(t, decisions(t, s, 1, 1), 1)
}

func TestAHangEndsWithItsWindowAndADelayDoesNot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		waits := func(text string) time.Duration {
			plan := setOf(t, 1, text).Plan(httpfault.Request{Key: "k", Attempt: 1, Arrival: 1})
			defer plan.Done()
			begin := time.Now()
			require.NoError(t, plan.Wait(t.Context()))
			return time.Since(begin)
		}
		require.Equal(t, 3*time.Second, waits("hang headers to=3s"))
		require.Equal(t, 2*time.Second, waits("hang headers to=3s flap=2s/5s"))
		require.Equal(t, 10*time.Second, waits("delay 10s to=3s"))
	})
}

func TestWaitsOfSeveralFaultsAddUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		plan := setOf(t, 1, "delay 1s", "delay 2s").Plan(httpfault.Request{Key: "k", Attempt: 1, Arrival: 1})
		begin := time.Now()
		require.NoError(t, plan.Wait(t.Context()))
		require.Equal(t, 3*time.Second, time.Since(begin))
		require.Equal(t, []string{"delay 1s", "delay 2s"}, plan.Fired())
		plan.Done()
	})
}

func TestAtOnceBoundsHowManyAFaultHasInHand(t *testing.T) {
	s := setOf(t, 1, "hang headers at-once=2 id=h")
	first := s.Plan(httpfault.Request{Key: "a", Attempt: 1, Arrival: 1})
	second := s.Plan(httpfault.Request{Key: "b", Attempt: 1, Arrival: 1})
	require.NotNil(t, first)
	require.NotNil(t, second)
	require.Nil(t, s.Plan(httpfault.Request{Key: "c", Attempt: 1, Arrival: 1}))
	first.Done()
	third := s.Plan(httpfault.Request{Key: "d", Attempt: 1, Arrival: 1})
	require.NotNil(t, third)
	second.Done()
	third.Done()
	r, err := s.Receipt("h")
	require.NoError(t, err)
	require.EqualValues(t, 2, r.MostHeld)
	require.EqualValues(t, 4, r.Considered)
	require.EqualValues(t, 3, r.Selected)
	require.EqualValues(t, 3, r.Missed, "none of them had come to wait")
}

func TestLiftingWaitsUntilNothingIsHeld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := setOf(t, 1, "hang headers id=h")
		plan := s.Plan(httpfault.Request{Key: "a", Attempt: 1, Arrival: 1})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		r, err := s.Lift(ctx, "h")
		require.ErrorContains(t, err, "1 requests are still held")
		require.EqualValues(t, 1, r.Held)
		plan.Done()
		_, err = s.Lift(t.Context(), "h")
		require.ErrorIs(t, err, httpfault.ErrUnknown)
		r, err = s.Receipt("h")
		require.NoError(t, err, "a lifted fault is remembered")
		require.Zero(t, r.Held)
		require.True(t, r.Lifted)
	})
}

func TestAFaultIsAddedOnceAndAllOrNone(t *testing.T) {
	s := setOf(t, 1, "close")
	require.ErrorIs(t, s.AddText("reset", "close"), httpfault.ErrPresent)
	require.Error(t, s.AddText("reset", "nonsense"))
	require.Len(t, s.Receipts(), 1, "the reset was not added on its own")
	require.NoError(t, s.AddText("close id=another"))
}

func TestAbandonedWorkStillCountsForAnOverloadedServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := setOf(t, 1, "overload base=1s slope=1s id=o")
		for i := range 5 { // five clients that give up at once
			plan := s.Plan(httpfault.Request{Key: fmt.Sprint(i), Attempt: 1, Arrival: 1})
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			require.ErrorIs(t, plan.Wait(ctx), httpfault.ErrGone)
			plan.Done()
		}
		wait := func() time.Duration {
			plan := s.Plan(httpfault.Request{Key: "next", Attempt: 1, Arrival: 1})
			defer plan.Done()
			begin := time.Now()
			require.NoError(t, plan.Wait(t.Context()))
			return time.Since(begin)
		}
		require.Equal(t, 6*time.Second, wait(), "their work goes on")
		require.Equal(t, time.Second, wait(), "until it is done")
	})
}

// TestTheSameSeedMakesTheSameFaults: 64 clients at once, in whatever order they
// happen to come; what each request met depends on the seed alone.
func TestTheSameSeedMakesTheSameFaults(t *testing.T) {
	run := func(seed uint64) []string {
		r := newRig(t, seed, "status 503 p=0.2", "reset body p=0.1", "cut silent p=0.1",
			"delay lognormal median=1ms sigma=1 max=20ms p=0.5", "2*status 429 -> ok p=0.3", "garbage p=0.05")
		var wg sync.WaitGroup
		for client := range 64 {
			wg.Go(func() {
				for n := range 2 {
					key := fmt.Sprintf("c%d.%d", client, n)
					for attempt := 1; attempt <= 3; attempt++ {
						r.get(key, attempt)
					}
				}
			})
		}
		wg.Wait()
		r.undo()
		var lines []string
		for e := range r.Journal().Entries(journal.Filter{Where: func(e journal.Entry) bool { return e.Key != "after" }}) {
			lines = append(lines, fmt.Sprint(e.Group, e.Key, e.Attempt, e.Outcome, e.Status, e.Faults))
		}
		slices.Sort(lines)
		return lines
	}
	first := run(7)
	require.Len(t, first, 64*2*3)
	require.Equal(t, first, run(7))
	require.Equal(t, first, run(7))
	require.NotEqual(t, first, run(8))
}
