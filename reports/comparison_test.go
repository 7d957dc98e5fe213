package reports

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/reports/compare"
)

// repeated is n runs of two scenarios with the noise that runs have, a search
// that takes the given time at the median and a check at 300 ms.
func repeated(t testing.TB, n int, median float64, seed uint64) []*result.Run {
	var all []*result.Run
	r := rand.New(rand.NewPCG(seed, 11))
	for i := range n {
		run := baseRun()
		run.ID = fmt.Sprintf("20260102-0%d0405-%04x", i, seed)
		run.Started = runStarted().Add(time.Duration(i) * time.Hour)
		run.Verdict = result.Pass
		for k, name := range []string{"search/popular-term", "search/short-terms"} {
			s := passingScenario(t, name, seed+uint64(10*i+k))
			took := median
			if k == 1 {
				took = 12 // the other one does not change
			}
			st, _ := load(t, rand.New(rand.NewPCG(seed, uint64(i*2+k))), "search", s.Phases, 200, took, took*8, 0, 13, 25)
			s.Streams, s.Series = []result.Stream{st}, s.Series[:3]
			v := took * 8 * (0.95 + 0.1*r.Float64())
			s.Checks[0].Value, s.Checks[0].Threshold = &v, 300
			if v > 300 {
				s.Checks[0].Verdict, s.Verdict, run.Verdict = result.Fail, result.Fail, result.Fail
			}
			memory := 68e6 * (0.98 + 0.04*r.Float64())
			s.Checks[1].Value = &memory
			run.Scenarios = append(run.Scenarios, s)
		}
		all = append(all, run)
	}
	return all
}

func comparisons(t testing.TB) map[string]*compare.Comparison {
	rules := compare.Rules{Alpha: compare.DefaultAlpha, Least: 0.05}
	of := func(before, after []*result.Run) *compare.Comparison {
		c, err := compare.Runs(before, after, rules)
		require.NoError(t, err)
		return &c
	}
	evil := repeated(t, 1, 20, 5)
	poison(evil[0], hostile)
	other := hostileRun(t, hostile)
	return map[string]*compare.Comparison{
		"worse":    of(repeated(t, 6, 20, 1), repeated(t, 6, 60, 2)),
		"noise":    of(repeated(t, 6, 20, 3), repeated(t, 6, 20, 4)),
		"one-each": of([]*result.Run{passedRun(t)}, []*result.Run{mixedRun(t)}),
		"hostile":  of(evil, []*result.Run{other}),
		"nothing":  of([]*result.Run{{ID: "a"}}, []*result.Run{{ID: "b"}}),
	}
}

func TestComparisonGolden(t *testing.T) {
	for name, c := range comparisons(t) {
		for ext, write := range map[string]func(io.Writer, *compare.Comparison) error{"html": ComparisonHTML, "md": ComparisonMarkdown} {
			t.Run(name+"."+ext, func(t *testing.T) {
				var b, again bytes.Buffer
				require.NoError(t, write(&b, c))
				golden(t, "comparison-"+name+"."+ext, b.String())
				require.NoError(t, write(&again, c))
				require.Equal(t, b.String(), again.String(), "the same comparison gives the same bytes")
				require.ErrorIs(t, write(brokenWriter{}, c), io.ErrClosedPipe)
			})
		}
	}
}

// golden compares with a file of testdata, or writes it anew.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(got), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.True(t, string(want) == got, "%s has changed: look at it, then run go test ./reports -update", path)
}

func TestAComparisonSaysWhatIsWorse(t *testing.T) {
	all := comparisons(t)
	require.Equal(t, compare.Worse, all["worse"].Difference)
	require.Equal(t, compare.NoEvidence, all["noise"].Difference)
	var b bytes.Buffer
	require.NoError(t, ComparisonHTML(&b, all["worse"]))
	page := text(parse(t, b.String()))
	for _, want := range []string{"WORSE", "failed in 0 of 6 runs before, 6 of 6 after", "before (42", "100\u00a0% of pairs", "search/popular-term", "p=0.002 n=6+6"} {
		require.True(t, strings.Contains(page, want), "the page does not say %q", want)
	}
	b.Reset()
	require.NoError(t, ComparisonMarkdown(&b, all["noise"]))
	require.NotContains(t, b.String(), "**+", "no difference inside the noise stands out")
	require.Contains(t, b.String(), `\~`)
}

func TestAComparisonOfHostileTextStaysText(t *testing.T) {
	c := comparisons(t)["hostile"]
	var b bytes.Buffer
	require.NoError(t, ComparisonHTML(&b, c))
	for _, n := range elements(parse(t, b.String())) {
		require.NotContains(t, []string{"img", "iframe"}, n.Data)
		require.False(t, n.Data == "script" && strings.Contains(text(n), "alert"))
	}
	for _, r := range b.String() {
		require.True(t, r == '\n' || r == '\t' || unicode.IsGraphic(r), "%U is in the page as itself", r)
	}
	b.Reset()
	require.NoError(t, ComparisonMarkdown(&b, c))
	require.NotContains(t, b.String(), "<script")
	require.NotContains(t, b.String(), "@octocat")
}
