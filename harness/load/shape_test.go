package load_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/result"
)

// phasesOf are phases of these lengths in their order; one of none is left out.
func phasesOf(warmUp, baseline, inject, heal time.Duration) []result.Phase {
	var all []result.Phase
	at := time.Duration(0)
	for i, d := range []time.Duration{warmUp, baseline, inject, heal} {
		if d > 0 {
			all = append(all, result.Phase{Name: fourPhases[i].Name, From: at, To: at + d})
			at += d
		}
	}
	return all
}

func TestShapesOverPhases(t *testing.T) {
	const s = time.Second
	for _, row := range []struct {
		shape, profile string
		phases         []result.Phase
	}{
		{"20/s", "20/s for 9s", phasesOf(s, 2*s, 3*s, 3*s)},
		{"20/s", "20/s for 5s", phasesOf(0, 0, 5*s, 0)},
		{"40/s, 200/s in inject", "40/s for 3s, then 200/s for 3s, then 40/s for 3s", phasesOf(s, 2*s, 3*s, 3*s)},
		{"40/s, 200/s in inject", "40/s for 4s", phasesOf(s, 3*s, 0, 0)},
		{"0/s, 5/s in baseline, 5/s in inject", "0/s for 1s, then 5/s for 5s, then 0/s for 3s", phasesOf(s, 2*s, 3*s, 3*s)},
		{"bursts of 50 every 500ms", "bursts of 50 every 500ms for 9s", phasesOf(s, 2*s, 3*s, 3*s)},
	} {
		shape, err := load.ParseShape(row.shape)
		require.NoError(t, err)
		p := shape.Over(row.phases)
		require.Equal(t, row.profile, p.String())
		plain, err := load.ParseProfile(row.profile)
		require.NoError(t, err)
		require.Equal(t, planOf(plain), planOf(p), "and the plan is that of the text")
		of, ok := load.ShapeOf(p)
		require.True(t, ok)
		require.Equal(t, row.shape, of.String())
	}
	_, ok := load.ShapeOf(load.Constant(20, time.Second))
	require.False(t, ok, "a profile that is given by time is fixed")
}

func planOf(p load.Profile) string {
	return load.PlanHash(1, load.Stream{Name: "x", Profile: p, Next: get("/")}, 10_000)
}

func TestAShapeAndItsTextAreOne(t *testing.T) {
	rate := rapid.Float64Range(0, 5000)
	shapes := rapid.OneOf(
		rapid.Custom(func(t *rapid.T) load.Shape {
			names := rapid.SampledFrom([]string{result.WarmUp, result.Baseline, result.Inject, result.Heal})
			in := rapid.MapOfN(names, rate, 0, 4).Draw(t, "in")
			if len(in) == 0 {
				return load.Throughout(rate.Draw(t, "rate"))
			}
			return load.PerPhase(rate.Draw(t, "rate"), in)
		}),
		rapid.Custom(func(t *rapid.T) load.Shape {
			return load.BurstsThroughout(rapid.IntRange(1, 500).Draw(t, "size"), time.Duration(rapid.Int64Range(1, 1e12).Draw(t, "every")))
		}))
	rapid.Check(t, func(t *rapid.T) {
		shape := shapes.Draw(t, "shape")
		back, err := load.ParseShape(shape.String())
		require.NoError(t, err)
		require.Equal(t, shape, back)
	})
}

func TestWhatIsNoShapeIsSaid(t *testing.T) {
	for text, says := range map[string]string{
		"":                               `a rate is missing`,
		"40":                             `"40" is no rate`,
		"40/s, 200/s":                    `"in" is missing at the end`,
		"40/s, 200/s in injection":       `there is no phase "injection", did you mean inject?`,
		"40/s, 1/s in heal, 2/s in heal": "heal has two rates",
		"40/s in inject":                 `"in inject" is too much`,
		"bursts of 50":                   `"every" is missing`,
		"bursts of 50 every 1s for 5s":   `"for 5s" is too much`,
	} {
		_, err := load.ParseShape(text)
		require.ErrorContains(t, err, says, text)
		require.ErrorContains(t, err, `write it as "40/s"`, text)
	}
}

func FuzzParseShape(f *testing.F) {
	for _, seed := range []string{"40/s", "40/s, 200/s in inject", "bursts of 50 every 500ms"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		shape, err := load.ParseShape(text)
		if err != nil {
			return
		}
		back, err := load.ParseShape(shape.String())
		require.NoError(t, err)
		require.Equal(t, shape.String(), back.String())
	})
}

func TestScaled(t *testing.T) {
	for _, row := range []struct {
		profile string
		f       float64
		want    string
	}{
		{"200/s for 10s", 1.5, "300/s for 10s"},
		{"50/s to 200/s over 10s", 2, "100/s to 400/s over 10s"},
		{"bursts of 50 every 500ms for 6s", 0.5, "bursts of 25 every 500ms for 6s"},
		{"bursts of 3 every 500ms for 6s", 0.01, "bursts of 1 every 500ms for 6s"},
		{"steps of 10/s, 20/s, 5s each", 3, "steps of 30/s, 60/s, 5s each"},
		{"waves of 50/s to 150/s every 20s for 1m", 2, "waves of 100/s to 300/s every 20s for 1m"},
		{"1/s for 1s, then bursts of 2 every 1s for 1s", 2, "2/s for 1s, then bursts of 4 every 1s for 1s"},
	} {
		p, err := load.ParseProfile(row.profile)
		require.NoError(t, err)
		scaled, err := load.Scaled(p, row.f)
		require.NoError(t, err)
		require.Equal(t, row.want, scaled.String())
	}
}

// What is slowed has the same requests, each as much later, whatever its shape.
func TestSlowed(t *testing.T) {
	phases := phasesOf(time.Second, 2*time.Second, 3*time.Second, 3*time.Second)
	for _, p := range []load.Profile{
		load.Constant(40, time.Second), load.Ramp(10, 100, 2*time.Second), load.Steps(500*time.Millisecond, 10, 20, 40),
		load.Waves(10, 30, time.Second, 3*time.Second),
		load.Sequence(load.Constant(20, time.Second), load.Ramp(20, 40, time.Second)),
		load.Throughout(20).Over(phases), load.PerPhase(40, map[string]float64{result.Inject: 200}).Over(phases),
	} {
		for _, f := range []float64{0.5, 0.25, 0.1} {
			slow, err := load.Slowed(p, f)
			require.NoError(t, err, p)
			require.Equal(t, load.Planned(p), load.Planned(slow), p)
			require.InDelta(t, p.Duration().Seconds()/f, slow.Duration().Seconds(), 1e-6, p)
			for n := range load.Planned(p) {
				before, _ := p.Due(n)
				after, _ := slow.Due(n)
				require.InDelta(t, before.Seconds()/f, after.Seconds(), 1e-5, "%s: request %d", p, n)
			}
		}
	}
	for _, p := range []load.Profile{load.Bursts(10, time.Second, 2*time.Second), load.BurstsThroughout(10, time.Second).Over(phases), endless{}} {
		_, err := load.Slowed(p, 0.5)
		require.ErrorContains(t, err, "it has no rate", p)
	}
	_, err := load.Slowed(load.Constant(1, time.Second), 0)
	require.ErrorContains(t, err, "greater than 0")
}

func TestAScaledShapeStaysOne(t *testing.T) {
	phases := phasesOf(time.Second, 2*time.Second, 3*time.Second, 3*time.Second)
	p, err := load.Scaled(load.PerPhase(40, map[string]float64{result.Inject: 200}).Over(phases), 2)
	require.NoError(t, err)
	shape, ok := load.ShapeOf(p)
	require.True(t, ok)
	require.Equal(t, "80/s, 400/s in inject", shape.String())
	require.Equal(t, p, shape.Over(phases))
	require.Equal(t, "bursts of 100 every 1s", load.BurstsThroughout(50, time.Second).Times(2).String())
}

func TestWhatCannotBeScaledIsSaid(t *testing.T) {
	_, err := load.Scaled(endless{}, 2)
	require.ErrorContains(t, err, "given request by request")
	_, err = load.Scaled(load.Sequence(load.Constant(1, time.Second), endless{}), 2)
	require.ErrorContains(t, err, "given request by request")
	for _, f := range []float64{0, -1, 1e12} {
		_, err := load.Scaled(load.Constant(1, time.Second), f)
		require.ErrorContains(t, err, "no factor greater than 0")
	}
}
