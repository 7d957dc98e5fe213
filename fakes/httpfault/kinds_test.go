package httpfault_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/fakes/httpfault"
	"holdfast.dev/holdfast/fault"
)

func TestTheTableOfAFakeIsWhole(t *testing.T) {
	kinds := map[string]fault.Kind{}
	for _, row := range fault.Catalogue() {
		f, err := fault.Parse(row.Variants[0].Example)
		require.NoError(t, err)
		kinds[row.Name] = f.Kind
	}
	support := httpfault.Support()
	seen := map[string]bool{}
	for _, carried := range support.Kinds {
		t.Run(carried.Kind, func(t *testing.T) {
			require.False(t, seen[carried.Kind], "twice")
			seen[carried.Kind] = true
			for _, text := range []string{carried.Acts, carried.Counts, carried.Undoing} {
				require.NotEmpty(t, text)
			}
			require.NoError(t, support.Accepts(fault.Fault{Kind: kinds[carried.Kind]}))
		})
	}
}

func TestAFakeTakesWhatItCanDo(t *testing.T) {
	for _, row := range []struct{ text, because string }{ // "": it takes the fault
		{"delay 200ms jitter 50ms down", ""},
		{"delay lognormal median=40ms sigma=0.6 key=oracle-3 p=0.5", ""},
		{"bandwidth 64kB/s down", ""},
		{"refuse from=1s to=2s flap=1s/1s", ""},
		{"2*503 -> reset body -> ok per=all", ""},
		{"hang accept key=127.0.0.1:80 at-once=2", ""},
		{"delay 200ms up", "a fake acts on its answers alone"},
		{"2*bandwidth 1kB/s both -> ok", "a fake acts on its answers alone"},
		{"refuse p=0.5", "it takes from, to and flap only"},
		{"refuse cut key=a", "it takes from, to and flap only"},
		{"2*hang accept -> ok", "can't be a step"},
		{"ok -> refuse", "can't be a step"},
		{"black-hole", `a fake cannot carry out "black-hole"; the nearest to it here is "hang"`},
		{"slicer 1B", `the nearest to it here is "drip"`},
		{"limit-data 1kB", `the nearest to it here is "cut"`},
		{"kill", `the nearest to it here is "refuse"`},
		{"revoke-key", `cannot carry out "revoke-key"; it can: delay, hang`},
	} {
		t.Run(row.text, func(t *testing.T) {
			f, err := fault.Parse(row.text)
			require.NoError(t, err)
			err = httpfault.Support().Accepts(f)
			set := httpfault.NewSet(httpfault.Config{}).Add(f)
			if row.because == "" {
				require.NoError(t, err)
				require.NoError(t, set)
				return
			}
			require.ErrorContains(t, err, row.because)
			require.ErrorContains(t, set, row.because, "nor does a set take it")
		})
	}
}
