package reference

import (
	"encoding/json"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"holdfast.dev/holdfast/fakes/oracleapi"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/reference/schema"
	"holdfast.dev/holdfast/scenarios/profile"
)

// asOf is a time of data.
var asOf = time.Date(2026, 1, 31, 0, 0, 0, 0, time.UTC)

// but is the answer with one result changed.
func (a impactAnswer) but(oracle string, change func(*oracleResult)) impactAnswer {
	r := a.Results[oracle]
	change(&r)
	a.Results[oracle] = r
	return a
}

// rightAnswer is what the model wants, with data of today.
func rightAnswer(m oracleTable, project int64) impactAnswer {
	t := m.of(project)
	a := impactAnswer{ProjectID: project, Active: t.Active, Queried: len(t.Asked), Truncated: t.Active > len(t.Asked), Results: map[string]oracleResult{}}
	for _, o := range t.Asked {
		a.Results[o] = oracleResult{Status: "ok", Data: oracleapi.DataOf(profile.DataSeed, o, project, asOf)}
	}
	return a
}

func drawn(seed uint64) oracleTable {
	return drawTable(seed, 10_000, func(_ *rand.Rand, n int, name string) string { return strconv.Itoa(n) + "/" + name })
}

// A drawn answer is right as the model wants it, and wrong with any one thing changed.
func TestEveryFieldOfAnAnswerIsHeldAgainstTheModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := drawn(rapid.Uint64().Draw(t, "seed"))
		project := rapid.Int64Range(1, peopled+5).Draw(t, "project")
		id := strconv.FormatInt(project, 10)
		judge := func(a impactAnswer) string {
			body, err := json.Marshal(a)
			require.NoError(t, err)
			return m.difference(id, load.Answer{Status: http.StatusOK, Body: body})
		}
		right := rightAnswer(m, project)
		require.Empty(t, judge(right))
		for name, change := range map[string]func(*impactAnswer){
			"project":   func(a *impactAnswer) { a.ProjectID++ },
			"active":    func(a *impactAnswer) { a.Active++ },
			"queried":   func(a *impactAnswer) { a.Queried-- },
			"truncated": func(a *impactAnswer) { a.Truncated = !a.Truncated },
			"one more":  func(a *impactAnswer) { a.Results["oracle-77"] = oracleResult{Status: "ok"} },
			"null":      func(a *impactAnswer) { a.Results = nil },
		} {
			a := rightAnswer(m, project)
			change(&a)
			require.NotEmpty(t, judge(a), name)
		}
		if len(right.Results) == 0 {
			return
		}
		oracle := rapid.SampledFrom(slices.Sorted(maps.Keys(right.Results))).Draw(t, "oracle")
		for name, change := range map[string]func(*oracleResult){
			"status": func(r *oracleResult) { r.Status = "error" },
			"error":  func(r *oracleResult) { r.Error = "timeout" },
			"as of":  func(r *oracleResult) { r.Data.AsOf = r.Data.AsOf.Add(time.Second) },
			"people": func(r *oracleResult) { r.Data.Beneficiaries++ },
			"mass":   func(r *oracleResult) { r.Data.CO2++ },
			"score":  func(r *oracleResult) { r.Data.Score /= 2; r.Data.Score += 0.0001 },
		} {
			require.NotEmpty(t, judge(rightAnswer(m, project).but(oracle, change)), name)
		}
	})
}

// The sizes at which something changes are among the first projects, whatever the seed.
func TestADrawnWorldHasTheSizesThatMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := drawn(rapid.Uint64().Draw(t, "seed"))
		var sizes []int
		for id := range int64(peopled) {
			sizes = append(sizes, m.of(id+1).Active)
		}
		for _, n := range []int{0, 1, 9, 10, 11, 100} {
			require.Contains(t, sizes, n)
		}
		require.False(t, slices.ContainsFunc(m.oracles[1], func(o schema.Oracle) bool { return o.Active }))
		require.NotEmpty(t, m.oracles[1], "a project whose oracles are all inactive")
	})
}

// Each id can be asked for and is read back, and what is judged is what was asked.
func TestAnyIDIsAskedAsItIs(t *testing.T) {
	known := new(atomic.Pointer[oracleTable])
	m := drawn(1)
	known.Store(&m)
	f := answersOf(known)
	for _, id := range append(slices.Clone(odd), "7", "10001") {
		got, ok := f.Read(f.Ask(id))
		require.True(t, ok, id)
		require.Equal(t, id, got)
		allowed, _ := m.statuses(id)
		require.NotEmpty(t, f.Judge(id, load.Answer{Status: http.StatusInternalServerError}), id)
		if !slices.Contains(allowed, 200) {
			require.Empty(t, f.Judge(id, load.Answer{Status: allowed[0]}), id)
			require.NotEmpty(t, f.Explain(id, load.Answer{Status: http.StatusOK}), id)
		}
	}
}

func TestSmallerIDs(t *testing.T) {
	require.Empty(t, slices.Collect(smallerID("1")))
	require.Equal(t, []string{"1", "2", "3"}, slices.Collect(smallerID("4")))
	require.Len(t, slices.Collect(smallerID("9999")), peopled)
	require.NotContains(t, slices.Collect(smallerID("+7")), "")
}
