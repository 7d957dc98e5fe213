package task

import (
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/scenarios/contract"
)

// Every shape is asked for in each run, and each task is one that the contract allows.
func TestEveryShapeOfATaskIsAskedFor(t *testing.T) {
	p := smoke(t)
	s := anyTask(p, ours())
	request, err := load.Requests(1, s.Load[0])
	require.NoError(t, err)
	sizes, projects, bodies := map[int]bool{}, map[int64]int{}, map[string]int{}
	for n := range load.Planned(s.Load[0].Profile) {
		asked := request(n)
		bodies[string(asked.Body)]++
		one, err := ours().Asked(asked)
		require.NoError(t, err)
		if one.Kind == contract.Notify {
			require.Positive(t, one.Subject)
			projects[one.Subject]++
			continue
		}
		sizes[len(one.Messages)] = true
		require.True(t, len(one.Messages) >= 1 && len(one.Messages) <= 1000)
		for _, m := range one.Messages {
			require.True(t, m.To != "" && m.Subject != "" && m.Body != "" && utf8.ValidString(m.Subject+m.Body))
		}
	}
	for _, size := range []int{1, 99, 100, 101, 250, 1000} {
		require.True(t, sizes[size], size)
	}
	require.GreaterOrEqual(t, projects[7], 2, "the same is asked for again")
	require.GreaterOrEqual(t, slices.Max(slices.Collect(maps.Values(bodies))), 2, "in the very same words")
	i := slices.IndexFunc(s.Load, func(l load.Stream) bool { return l.Name == "no_task" })
	require.GreaterOrEqual(t, load.Planned(s.Load[i].Profile), int64(len(ours().NoTasks)), "each is met")
}

// What is asked for depends on the seed and the number of the request alone.
func TestATaskIsDrawnFromTheSeed(t *testing.T) {
	draw := drawn(ours().Subjects)
	rapid.Check(t, func(t *rapid.T) {
		n, seed := rapid.Int64Range(0, 1000).Draw(t, "n"), rapid.Uint64().Draw(t, "seed")
		require.Equal(t, draw(n, rand.New(rand.NewPCG(seed, 1))), draw(n, rand.New(rand.NewPCG(seed, 1))))
	})
}
