package load_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/result"
)

func TestRatesByPhase(t *testing.T) {
	for _, row := range []struct {
		rates map[string]string
		shape string // or else
		says  string
	}{
		{map[string]string{"baseline": "40/s"}, "40/s", ""},
		{map[string]string{"baseline": "40/s", "inject": "200/s"}, "40/s, 200/s in inject", ""},
		{map[string]string{"baseline": "60/min", "warm_up": "5/s", "heal": "1/s"}, "1/s, 5/s in warm-up", ""},
		{map[string]string{"inject": "200/s"}, "0/s, 200/s in inject", ""},
		{map[string]string{"baseline": "40/s", "injekt": "200/s"}, "", `there is no phase "injekt", did you mean inject?`},
		{map[string]string{"baseline": "40/s", "drain": "200/s"}, "", `nothing is sent in the drain`},
		{map[string]string{"baseline": "40"}, "", `baseline: "40" is no rate such as 200/s`},
		{nil, "", "rates by phase: there are none"},
	} {
		shape, err := load.ByPhase(row.rates)
		if row.says != "" {
			require.ErrorContains(t, err, row.says)
			continue
		}
		require.NoError(t, err)
		require.Equal(t, row.shape, shape.String())
	}
	_, ok := load.RatesOf(load.BurstsThroughout(5, time.Second))
	require.False(t, ok)
}

// Warm-up and heal have the rate of the baseline where they are not named: a base
// that is another one stands for them by name.
func TestRatesByPhaseAndBack(t *testing.T) {
	rate := rapid.Float64Range(0, 5000)
	phases := phasesOf(time.Second, 2*time.Second, 3*time.Second, time.Second)
	rapid.Check(t, func(t *rapid.T) {
		names := rapid.SampledFrom([]string{result.WarmUp, result.Baseline, result.Inject, result.Heal})
		shape := load.PerPhase(rate.Draw(t, "base"), rapid.MapOfN(names, rate, 0, 4).Draw(t, "in"))
		rates, ok := load.RatesOf(shape)
		require.True(t, ok)
		back, err := load.ByPhase(rates)
		require.NoError(t, err)
		require.Equal(t, shape.Over(phases).(interface{ Duration() time.Duration }).Duration(), back.Over(phases).Duration())
		for n := range int64(50) {
			due, has := shape.Over(phases).Due(n)
			dueBack, hasBack := back.Over(phases).Due(n)
			require.Equal(t, due, dueBack)
			require.Equal(t, has, hasBack)
		}
		again, _ := load.RatesOf(back)
		require.Equal(t, rates, again)
	})
}

func TestStages(t *testing.T) {
	const s = time.Second
	for _, row := range []struct {
		start  float64
		stages []load.Stage
		want   string
	}{
		{0, []load.Stage{{5 * s, 200}, {10 * s, 200}, {5 * s, 0}}, "0/s to 200/s over 5s, then 200/s for 10s, then 200/s to 0/s over 5s"},
		{50, []load.Stage{{5 * s, 200}}, "50/s to 200/s over 5s"},
		{50, []load.Stage{{5 * s, 50}, {0, 200}, {s, 200}}, "50/s for 5s, then 200/s for 1s"},
	} {
		p := load.Stages(row.start, row.stages...)
		require.Equal(t, row.want, p.String())
		read, err := load.ParseProfile(row.want)
		require.NoError(t, err)
		require.Equal(t, planOf(read), planOf(p), "the plan is that of the text")
		start, stages, ok := load.StagesOf(p)
		require.True(t, ok)
		require.Equal(t, row.start, start)
		require.Equal(t, row.stages, stages)
	}
	_, _, ok := load.StagesOf(load.Bursts(1, s, s))
	require.False(t, ok)
	require.ErrorContains(t, load.Stream{Name: "x", Profile: load.Stages(0, load.Stage{Target: 5}), Next: get("/")}.Validate(), "no duration")
}

func TestEachStepOfAJourneyIsARequestOfThePeak(t *testing.T) {
	require.InDelta(t, 30, orders(t, load.Constant(10, time.Second)).Peak(), 0.1)
	require.InDelta(t, 10, load.Stream{Name: "x", Profile: load.Constant(10, time.Second), Next: get("/")}.Peak(), 0.1)
}

func TestStagesAndBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rate := rapid.Float64Range(0, 500)
		start := rate.Draw(t, "start")
		stages := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) load.Stage {
			return load.Stage{Duration: time.Duration(rapid.Int64Range(1, 1e10).Draw(t, "for")), Target: rate.Draw(t, "target")}
		}), 1, 5).Draw(t, "stages")
		was, back, ok := load.StagesOf(load.Stages(start, stages...))
		require.True(t, ok)
		require.Equal(t, start, was)
		require.Equal(t, stages, back)
	})
}

func TestALoadAndItsTextAreOne(t *testing.T) {
	phases := phasesOf(time.Second, 2*time.Second, 3*time.Second, time.Second)
	for _, text := range []string{
		"40/s", "40/s, 200/s in inject", "bursts of 50 every 500ms",
		"200/s for 10s", "0/s to 200/s over 5s, then 200/s for 10s", "bursts of 50 every 500ms for 6s",
		"steps of 10/s, 20/s, 5s each", "waves of 50/s to 150/s every 20s for 1m",
	} {
		p, err := load.Lay(text, phases)
		require.NoError(t, err, text)
		require.Equal(t, text, load.Text(p))
	}
	p, err := load.Lay("40/s, 10/s in warm_up", phases)
	require.NoError(t, err, "as a key of a file has it")
	require.Equal(t, "40/s, 10/s in warm-up", load.Text(p))
	for text, says := range map[string]string{
		"40": `write it as "40/s"`, "40/s in injekt": "too much", "40/s, 1/s in injekt": "did you mean inject?",
		"steps of 10/s": "write it as", "40/s for ever": `"ever" is no time`,
	} {
		_, err := load.Lay(text, phases)
		require.ErrorContains(t, err, says, text)
	}
}

func FuzzLay(f *testing.F) {
	for _, seed := range []string{"40/s", "40/s, 200/s in inject", "200/s for 10s", "steps of 10/s, 20/s, 5s each"} {
		f.Add(seed)
	}
	phases := phasesOf(time.Second, 2*time.Second, 3*time.Second, time.Second)
	f.Fuzz(func(t *testing.T, text string) {
		p, err := load.Lay(text, phases)
		if err != nil {
			return
		}
		back, err := load.Lay(load.Text(p), phases)
		require.NoError(t, err)
		require.Equal(t, load.Text(p), load.Text(back))
	})
}
