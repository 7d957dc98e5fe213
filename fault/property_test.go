package fault_test

import (
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"holdfast.dev/holdfast/fault"
)

func examples() []string {
	var all []string
	for _, row := range fault.Catalogue() {
		for _, v := range row.Variants {
			all = append(all, v.Example)
		}
	}
	return all
}

func TestTheCatalogueIsWhole(t *testing.T) {
	names := map[string]bool{}
	for _, row := range fault.Catalogue() {
		require.False(t, names[row.Name], "%s is there twice", row.Name)
		names[row.Name] = true
		require.Regexp(t, "^"+row.Name+`\b`, row.Form)
		require.NotEmpty(t, row.Variants)
		for _, v := range row.Variants {
			f, err := fault.Parse(v.Example)
			require.NoError(t, err, v.Example)
			require.Equal(t, row.Name, f.Kind.Name())
			require.Equal(t, v.Example, f.String(), "an example is its own text form")
			require.True(t, reflect.TypeOf(f.Kind).Comparable(), "%T is not a comparable value", f.Kind)
			require.True(t, f.Kind == f.Kind)
			for _, text := range []string{v.Does, v.Models, v.Client} {
				require.NotEmpty(t, text)
			}
		}
	}
}

func times(t *rapid.T, least time.Duration, label string) time.Duration {
	return time.Duration(rapid.Int64Range(int64(least), int64(time.Hour)).Draw(t, label))
}

func anyDistribution(t *rapid.T) fault.Distribution {
	a, b := times(t, 1, "a"), times(t, 1, "b")
	share := rapid.Float64Range(0, 1).Draw(t, "share")
	return rapid.SampledFrom([]fault.Distribution{
		fault.Fixed(a), fault.Fixed(0), fault.Jitter{Each: a + b, By: b}, fault.Uniform{Min: min(a, b), Max: max(a, b)}, fault.Normal{Mean: a, SD: b},
		fault.LogNormal{Median: a, Sigma: share, Max: b}, fault.Exponential{Mean: a}, fault.Pareto{Min: a, Alpha: share + 0.1},
		fault.Bimodal{Fast: a, Slow: b, SlowP: share},
		fault.NewQuantiles(fault.Quantile{0, min(a, b)}, fault.Quantile{max(0.001, min(share, 0.999)), max(a, b)}, fault.Quantile{1, a + b}),
	}).Draw(t, "distribution")
}

// anyKind draws from every kind of the catalogue: those with parameters that are
// numbers with any numbers, and each example.
func anyKind(t *rapid.T) fault.Kind {
	dir := rapid.SampledFrom([]fault.Direction{fault.Unset, fault.Up, fault.Down, fault.Both}).Draw(t, "direction")
	size := fault.Size(rapid.Int64Range(1, 1<<40).Draw(t, "size"))
	if rapid.Bool().Draw(t, "round") {
		size = fault.Size(rapid.SampledFrom([]int64{1, 512, 1000, 1024, 64_000, 1 << 20, 1_000_000, 1_024_000, 1_000_000_000, 1 << 40}).Draw(t, "unit"))
	}
	n := rapid.IntRange(1, 10_000).Draw(t, "n")
	word := rapid.SampledFrom([]string{"COMMIT", "lose", "up", "upon", "a=b", "x*y", "503"}).Draw(t, "word")
	share := rapid.Float64Range(0, 1).Draw(t, "of a processor")
	example, err := fault.Parse(rapid.SampledFrom(examples()).Draw(t, "example"))
	require.NoError(t, err)
	return rapid.SampledFrom([]fault.Kind{
		example.Kind,
		fault.Delay{Distribution: anyDistribution(t), Direction: dir},
		fault.Bandwidth{Rate: size, Direction: dir},
		fault.Slicer{Bytes: 1 + size%fault.MaxPiece, Gap: times(t, 0, "gap"), Direction: dir},
		fault.LimitData{Bytes: size, Direction: dir},
		fault.BlackHole{Direction: dir, Lose: n%2 == 0, Upon: word},
		fault.SlowAccept{Each: times(t, 1, "each")},
		fault.Drip{Bytes: n, Gap: times(t, 1, "gap")},
		fault.Overload{Base: times(t, 0, "base"), Slope: times(t, 0, "slope"), Shed: n % 3, Code: 400 + n%200},
		fault.HoldConnections{N: n},
		fault.Twice{Together: n%2 == 0},
		fault.Late{By: times(t, 1, "by")},
		fault.LockTable{Table: rapid.StringMatching(`[\pL_][\pL\d_$]{0,10}(\.[\pL_]{1,10})?(,other)?`).Draw(t, "table")},
		fault.SQLState{Code: rapid.StringMatching(`[345][A-Z0-9]{4}`).Draw(t, "code"), On: fault.OnQuery, Upon: word},
		fault.Status{Code: 200 + n%400, HTML: n%2 == 0, CarriedOut: n%3 == 0, ErrorName: word, RetryAfter: word},
		fault.Redirect{To: "host", Location: word},
		fault.JSON{How: "deep", Depth: n},
		fault.JSON{How: "missing", Field: word},
		fault.Garbage{Bytes: n},
		fault.Endless{Bytes: size},
		fault.GzipBomb{Bytes: size},
		fault.BigHeader{Bytes: 1 + size%(64<<20)},
		fault.Starve{CPUs: min(4096, fault.LeastCPUs+share*float64(n))},
		fault.Squeeze{Bytes: size},
		fault.Terminate{Whom: rapid.SampledFrom([]fault.Whom{fault.Usual, fault.Child, fault.WholeTree}).Draw(t, "whom")},
	}).Draw(t, "kind")
}

func anySelector(t *rapid.T) fault.Selector {
	s := fault.Selector{
		Probability: rapid.Float64Range(0, 1).Draw(t, "p"), Nth: rapid.IntRange(0, 9).Draw(t, "nth"),
		Every: rapid.IntRange(0, 9).Draw(t, "every"), PerAll: rapid.Bool().Draw(t, "per"),
		From: times(t, 0, "from"), Ramp: times(t, 0, "ramp"), AtOnce: rapid.IntRange(0, 9).Draw(t, "at once"),
	}
	if rapid.Bool().Draw(t, "ends") {
		s.To = s.From + times(t, 1, "for")
	}
	if rapid.Bool().Draw(t, "flaps") {
		s.FlapOn, s.FlapOff = times(t, 1, "on"), times(t, 1, "off")
	}
	s.Keys = rapid.SampledFrom([][]string{nil, {"oracle-3"}, {"a", "b@example.org", "c"}}).Draw(t, "keys")
	if len(s.Keys) > 0 {
		s.Pick = rapid.IntRange(0, len(s.Keys)).Draw(t, "pick")
	}
	return s
}

func TestAFaultComesBackFromItsTextForm(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := fault.Fault{Kind: anyKind(t), ID: rapid.SampledFrom([]string{"", "slow-3"}).Draw(t, "id")}
		for range rapid.IntRange(0, 3).Draw(t, "steps") {
			f.Kind = fault.Sequence{Times: rapid.IntRange(1, 9).Draw(t, "times"), Step: anyKind(t), Then: f.Kind}
		}
		if rapid.Bool().Draw(t, "selects") {
			f.When = anySelector(t)
		}
		require.NoError(t, f.Validate())
		back, err := fault.Parse(f.String())
		require.NoError(t, err, f.String())
		require.Equal(t, f, back)
		require.True(t, f.Kind == back.Kind)
	})
}

func TestASelectorNamesWhatItUses(t *testing.T) {
	require.Empty(t, fault.Selector{}.Used())
	all, err := fault.Parse("close p=0.5 nth=1 every=1 per=all key=a,b pick=1 from=1s to=2s ramp=1s flap=1s/1s at-once=3")
	require.NoError(t, err)
	require.Equal(t, fault.Selectors(), all.When.Used())
}

// FuzzParse: whatever text there is, parsing does not panic, and what was
// understood comes back the same from its own text form.
func FuzzParse(f *testing.F) {
	for _, row := range fault.Catalogue() {
		f.Add(row.Form)
	}
	for text := range everRead() {
		f.Add(text)
	}
	f.Add("2*status 503 -> reset -> ok p=0.5 key=a,b pick=1 from=1s to=2s ramp=1ms flap=1s/1s at-once=3 id=x")
	f.Add("bandwidth +5kB/s both")
	f.Fuzz(func(t *testing.T, text string) {
		first, err := fault.Parse(text)
		if err != nil {
			require.ErrorIs(t, err, fault.ErrText)
			return
		}
		require.NoError(t, first.Validate())
		again, err := fault.Parse(first.String())
		require.NoError(t, err, "%q became %q", text, first)
		require.Equal(t, first, again)
		require.Equal(t, first.String(), again.String())
	})
}
