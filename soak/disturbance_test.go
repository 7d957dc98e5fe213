package soak

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// A soak can be repeated, and none of its disturbances lasts for ever or begins
// where there is no scenario.
func TestASeedDrawsItsDisturbances(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seed, n := rapid.Uint64().Draw(t, "seed"), rapid.IntRange(1, 60).Draw(t, "scenarios")
		kinds := rapid.SliceOfDistinct(rapid.SampledFrom(Kinds()), rapid.ID[Kind]).Draw(t, "kinds")
		for _, draw := range []func(uint64, int, []Kind) []Disturbance{Draw, DrawDense} {
			all := draw(seed, n, kinds)
			require.Equal(t, all, draw(seed, n, kinds))
			for i, d := range all {
				require.Contains(t, kinds, d.Kind)
				require.GreaterOrEqual(t, d.Scenario, 0)
				require.Less(t, d.Scenario, n)
				require.GreaterOrEqual(t, d.For, time.Second)
				require.LessOrEqual(t, d.For, 30*time.Second)
				require.True(t, i == 0 || !before(d, all[i-1]), "in the order in which they begin")
			}
		}
		require.LessOrEqual(t, len(Draw(seed, n, kinds)), 2)
		if len(kinds) > 0 {
			require.Len(t, DrawDense(seed, n, kinds), n)
		}
	})
}

// A third of the runs is left alone, and every kind comes up.
func TestEveryKindIsDrawn(t *testing.T) {
	alone, seen := 0, map[Kind]int{}
	for seed := range uint64(300) {
		all := Draw(seed, 49, Kinds())
		if len(all) == 0 {
			alone++
		}
		for _, d := range all {
			seen[d.Kind]++
		}
	}
	require.InDelta(t, 100, alone, 30)
	for _, k := range Kinds() {
		require.Greater(t, seen[k], 15, k)
	}
	require.Empty(t, Draw(1, 49, nil), "without kinds nothing is disturbed")
}

func TestADisturbanceSaysWhatItDoes(t *testing.T) {
	for text, d := range map[string]Disturbance{
		"neighbour on 2 cores for 8s":               {Kind: Neighbour, For: 8 * time.Second, Size: 2},
		"quota of 0.65 cores for 8s":                {Kind: Quota, For: 8 * time.Second, Size: 0.65},
		"stop-harness for 1.2s":                     {Kind: StopHarness, For: 1234 * time.Millisecond},
		"stop-postgres for 7s":                      {Kind: StopPostgres, For: 7 * time.Second},
		"3 writers that sync for 8s":                {Kind: FsyncStorm, For: 8 * time.Second, Size: 3},
		"70 % of the available memory taken for 8s": {Kind: Memory, For: 8 * time.Second, Size: 0.7},
		"clock -1.5 s for 8s":                       {Kind: ClockStep, For: 8 * time.Second, Size: -1.5},
	} {
		require.Equal(t, text, d.String())
	}
}
