package chaos

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"holdfast.dev/holdfast/fault"
)

// examples are the catalogue's examples as values.
func examples(t testing.TB) []fault.Kind {
	t.Helper()
	var all []fault.Kind
	for _, row := range fault.Catalogue() {
		for _, v := range row.Variants {
			f, err := fault.Parse(v.Example)
			require.NoError(t, err)
			all = append(all, f.Kind)
		}
	}
	return all
}

// examplesAt are those that a place carries out.
func examplesAt(t testing.TB, place fault.Support) []fault.Kind {
	t.Helper()
	var at []fault.Kind
	for _, kind := range examples(t) {
		if place.Accepts(fault.Fault{Kind: kind}) == nil {
			at = append(at, kind)
		}
	}
	return at
}

func TestTheTablesOfThePlacesAreWhole(t *testing.T) {
	byName := map[string]fault.Kind{}
	for _, kind := range slices.Backward(examples(t)) { // the simplest comes first
		byName[kind.Name()] = kind
	}
	for place, support := range map[Place]fault.Support{&Proxy{}: ProxySupport(), &Signals{}: ProcessSupport(), &Sessions{}: SessionsSupport()} {
		require.Equal(t, support.Kinds, place.Support().Kinds)
		require.NotEmpty(t, support.Place)
		require.NotEmpty(t, support.About)
		seen := map[string]bool{}
		for _, carried := range support.Kinds {
			t.Run(carried.Kind, func(t *testing.T) {
				require.False(t, seen[carried.Kind], "twice")
				seen[carried.Kind] = true
				kind, known := byName[carried.Kind]
				require.True(t, known, "it is not in the catalogue")
				require.NotEmpty(t, carried.Acts)
				require.NotEmpty(t, carried.Counts)
				require.Equal(t, fault.IsOneShot(kind), carried.Undoing == "", "what is undone says how that is read back")
				require.NoError(t, support.Accepts(fault.Fault{Kind: kind}))
			})
		}
	}
}

// A row whose maker takes another type than its name says would panic at the
// first use, in the middle of a run.
func TestEveryKindOfAProxyHasAnEffect(t *testing.T) {
	for _, kind := range examplesAt(t, ProxySupport()) {
		e := effectOf(fault.Fault{Kind: kind})
		require.NotNil(t, e, kind.Name())
		require.NotEmpty(t, e.receipt().Declared)
	}
	require.Nil(t, effectOf(fault.Fault{Kind: fault.Kill{}}))
}

func TestAFaultOfAnotherPlaceIsRefusedWhereItIsApplied(t *testing.T) {
	for _, place := range []Place{&Proxy{}, &Signals{}, &Sessions{}} {
		_, err := place.Apply(t.Context(), fault.Fault{Kind: fault.Status{Code: 503}})
		require.ErrorContains(t, err, `cannot carry out "status"`)
	}
}

func TestTheDefaultDirectionIsTheKinds(t *testing.T) {
	for kind, want := range map[fault.Kind]fault.Direction{
		fault.After(1):                       fault.Down,
		fault.Slicer{Bytes: 1}:               fault.Down,
		fault.LimitData{}:                    fault.Down,
		fault.Bandwidth{Rate: 1}:             fault.Both,
		fault.BlackHole{}:                    fault.Both,
		fault.BlackHole{Direction: fault.Up}: fault.Up,
		fault.Reset{}:                        fault.Both,
	} {
		require.Equal(t, want, way(kind), kind.String())
	}
}

// A chunk is asked for its time again after every change of the faults, and
// must not be given another.
func TestTheLuckOfAChunkStaysTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		luck := rapid.Uint64().Draw(t, "luck")
		read := time.Unix(0, 0)
		d := newDelaying(fault.Delay{Distribution: fault.LogNormal{Median: time.Second, Sigma: 1}}).(gate)
		first, _ := d.opens(nil, &chunk{luck: luck, read: read})
		again, _ := d.opens(nil, &chunk{luck: luck, read: read})
		require.Equal(t, first, again)
		require.Equal(t, luck, rand.New(&chance{luck}).Uint64(), "and is what was drawn")
	})
}

func TestADelayAtAProxyHasTheShapeThatIsDeclared(t *testing.T) {
	const n = 4000
	read := time.Unix(0, 0)
	for text, want := range map[string]time.Duration{
		"delay 100ms":                           100 * time.Millisecond,
		"delay 100ms jitter 50ms":               100 * time.Millisecond,
		"delay uniform min=50ms max=250ms":      150 * time.Millisecond,
		"delay lognormal median=80ms sigma=0.8": 80 * time.Millisecond,
		// Dense around its median, which 4,000 draws then tell to a hundredth.
		"delay quantiles 0:1ms,0.4:60ms,0.6:80ms,1:500ms": 70 * time.Millisecond,
	} {
		luck := rand.New(rand.NewPCG(1, 2)) // the same draws for each, in whatever order the rows come
		f, err := fault.Parse(text)
		require.NoError(t, err)
		d := newDelaying(f.Kind.(fault.Delay)).(gate)
		waits := make([]time.Duration, n)
		for i := range waits {
			at, _ := d.opens(nil, &chunk{luck: luck.Uint64(), read: read})
			waits[i] = at.Sub(read)
		}
		require.InEpsilon(t, float64(median(waits)), float64(want), 0.05, text)
	}
}
