package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"holdfast.dev/holdfast/harness/result"
)

func ptr[T any](v T) *T { return &v }

// measuredGains is a run that measured some promises and not others.
func measuredGains() *result.Run {
	held := result.Gain{Name: "search: memory", Claimed: "−90 %", Where: map[string]string{"projects": "10000"}, Unit: result.UnitBytes,
		BeforeAll: []float64{400e6, 410e6}, AfterAll: []float64{4e6, 5e6}, Promised: 0.9, Evidence: "killed by the kernel"}
	held.Conclude()
	broken := result.Gain{Name: "oracle: latency", Claimed: "−50 %", Unit: result.UnitMS, BeforeAll: []float64{100}, AfterAll: []float64{120}, Promised: 0.5}
	broken.Conclude()
	open := result.Gain{Name: "queue", Claimed: "−99 %", Problem: "it did not start"}
	open.Conclude()
	return &result.Run{
		Started: time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC), Profile: "bench", Seed: 7, Environment: result.Environment{OS: "linux", CPUs: 2, Go: "go1.26"},
		Gains: []result.Gain{held, broken, open},
		Curves: []result.Curve{
			{Name: "memory", X: "projects", Unit: result.UnitBytes, Points: []result.CurvePoint{{X: 1000, Before: ptr(4e6), After: ptr(1e6)}, {X: 10_000, After: ptr(1e6)}}},
			{Name: "never begun"},
		},
	}
}

func TestTheTableOfGains(t *testing.T) {
	require.Equal(t, strings.TrimLeft(`
| promise | where | claimed | before | after | measured | holds |
|---|---|---|---|---|---|---|
| search: memory | projects 10000 | −90 % | 405 MB | 4.5 MB | −98.89 % (−98.75 % to −99.02 % in 2 runs a side); killed by the kernel | ✓ holds |
| oracle: latency |  | −50 % | 100 ms | 120 ms | +20 % (+20 % to +20 % in 1 runs a side) | ✕ does not hold |
| queue |  | −99 % | not measured | not measured | it did not start | ? inconclusive |

| memory, by projects | 1 000 | 10 000 |
|---|---|---|
| before | 4 MB | not measured |
| after | 1 MB | 1 MB |

2026-02-03 on linux, 2 processors, go1.26, profile bench, seed 7.
`, "\n"), strings.ReplaceAll(string(gainsTable(measuredGains())), "\u00a0", " "))
}

// A document keeps all that was written by hand, and has the last table alone,
// however often it is replaced.
func TestOnlyTheTableOfADocumentIsReplaced(t *testing.T) {
	path := filepath.Join(t.TempDir(), "proof.md")
	blockBegins, blockEnds := blockMarks(gainsBlock)
	text := rapid.StringMatching(`([a-z|\n]|<!-- other -->|é){0,40}`)
	rapid.Check(t, func(rt *rapid.T) {
		above, below := text.Draw(rt, "above"), text.Draw(rt, "below")
		require.NoError(rt, os.WriteFile(path, []byte(above+blockBegins+text.Draw(rt, "old")+blockEnds+below), 0o600))
		for range 2 {
			table := text.Draw(rt, "new")
			require.NoError(rt, replaceBlock(path, gainsBlock, []byte(table)))
			got, err := os.ReadFile(path)
			require.NoError(rt, err)
			require.Equal(rt, above+blockBegins+table+blockEnds+below, string(got))
		}
	})
}

func TestADocumentWithoutAPlaceIsLeftAsItIs(t *testing.T) {
	blockBegins, blockEnds := blockMarks(gainsBlock)
	for name, document := range map[string]string{
		"no marks": "text\n", "no end": "a\n" + blockBegins + "table\n", "no beginning": "a\n" + blockEnds, "the wrong way round": blockEnds + blockBegins,
	} {
		path := filepath.Join(t.TempDir(), "proof.md")
		require.NoError(t, os.WriteFile(path, []byte(document), 0o600))
		require.ErrorContains(t, replaceBlock(path, gainsBlock, []byte("table")), "--into "+path, name)
		got, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, document, string(got), name)
	}
	require.ErrorContains(t, replaceBlock(filepath.Join(t.TempDir(), "none.md"), gainsBlock, nil), "--into")
}

func TestGainsNeedARepetition(t *testing.T) {
	code, _, stderr := holdfast(t, nil, "gains", "--profile", "smoke", "--repetitions", "0")
	require.Equal(t, exitUsage, code)
	require.Contains(t, stderr, "--repetitions: at least 1")
}
