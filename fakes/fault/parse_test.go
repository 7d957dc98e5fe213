package fault_test

import (
	"strings"
	"testing"
	"time"

	"holdfast.dev/holdfast/fakes/fault"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestParseReadsWhatIsWritten(t *testing.T) {
	for _, row := range []struct {
		text string
		want fault.Fault
	}{
		{"delay 200ms", fault.Fault{Kind: fault.Delay{fault.Fixed(200 * time.Millisecond)}}},
		{"  delay\t200ms  ", fault.Fault{Kind: fault.Delay{fault.Fixed(200 * time.Millisecond)}}},
		{"503", fault.Fault{Kind: fault.Status{Code: 503}}},
		{"503 retry-after=30 p=0.1", fault.Fault{Kind: fault.Status{Code: 503, RetryAfter: "30"}, When: fault.Selector{Probability: 0.1}}},
		{"p=0.1 503", fault.Fault{Kind: fault.Status{Code: 503}, When: fault.Selector{Probability: 0.1}}},
		{"2*503->ok", fault.Fault{Kind: fault.Sequence{{2, fault.Status{Code: 503}}, {0, nil}}}},
		{"2*503 -> reset -> ok key=a", fault.Fault{
			Kind: fault.Sequence{{2, fault.Status{Code: 503}}, {1, fault.Reset{At: "before"}}, {0, nil}},
			When: fault.Selector{Keys: []string{"a"}},
		}},
		{"3* close", fault.Fault{Kind: fault.Sequence{{3, fault.Close{}}}}},
		{"drip", fault.Fault{Kind: fault.Drip{Bytes: 1, Gap: 100 * time.Millisecond}}},
		{"bandwidth 16KiB", fault.Fault{Kind: fault.Bandwidth{PerSecond: 16 << 10}}},
		{"hang headers key=oracle-3,oracle-1* pick=0 at-once=4 id=slow", fault.Fault{
			ID: "slow", Kind: fault.HangHeaders{}, When: fault.Selector{Keys: []string{"oracle-3", "oracle-1*"}, AtOnce: 4},
		}},
		{"close nth=2 every=3 per=all from=10s to=30s ramp=5s flap=3s/2s", fault.Fault{
			Kind: fault.Close{}, When: fault.Selector{
				Nth: 2, Every: 3, PerAll: true, From: 10 * time.Second, To: 30 * time.Second,
				Ramp: 5 * time.Second, FlapOn: 3 * time.Second, FlapOff: 2 * time.Second,
			},
		}},
	} {
		t.Run(row.text, func(t *testing.T) {
			got, err := fault.Parse(row.text)
			require.NoError(t, err)
			require.Equal(t, row.want, got)
		})
	}
}

func TestParseRefusesWhatMakesNoSense(t *testing.T) {
	for _, row := range []struct{ text, because string }{
		{"", "a kind of fault is missing"},
		{"p=0.5", "a kind of fault is missing"},
		{"dleay 200ms", "is not a kind of fault; these are: delay, hang"},
		{"delay", "want a time such as 200ms"},
		{"delay 200", "want a time such as 200ms"},
		{"delay -5ms", "not between 0 and 24h"},
		{"delay uniform min=2s max=1s", "min 2s is above max 1s"},
		{"delay lognormal median=1s sigma=NaN", "sigma NaN is not between"},
		{"delay pareto min=1s", "alpha 0 is not between"},
		{"delay quantiles 0:1s", "at least two points"},
		{"delay quantiles 0:1s,0.5:500ms,1:2s", "does not come after"},
		{"close p=1.5", "p=1.5 is not between 0 and 1"},
		{"close p=0", "it would never fire"},
		{"close p=NaN", "p=NaN is not between 0 and 1"},
		{"close p=x", "is not a number"},
		{"close nth=-1", "below 0"},
		{"close from=2s to=1s", "is not after from"},
		{"close flap=3s", "is not a time"},
		{"close flap=3s/0s", "needs two times above 0"},
		{"close per=some", "want key or all"},
		{"close pick=2 key=a", "pick=2 of 1 keys"},
		{"close pick=1 key=a*", "can't choose among"},
		{"close key=a,,b", `key "" is empty`},
		{"close colour=red", "option colour is not understood"},
		{"close softly", `"softly" is not understood`},
		{"close p=0.1 p=0.2", "is there twice"},
		{"close p=", "has no value"},
		{"status 99", "is not between 200 and 599"},
		{"status 503 retry-after=datemorning", "want a date such as date+30s"},
		{"drip bytes=0", "want bytes of at least 1"},
		{"bandwidth 1kb", "is not a size"},
		{"endless bytes=99999GiB", "is more than"},
		{"redirect host", "host with a location"},
		{"json sideways", "want one of malformed"},
		{"json null depth=3", "option depth is not understood"},
		{"overload status=200", "a status from 400"},
		{"0*503 -> ok", "is not a number of times"},
		{"x*503 -> ok", "is not a number of times"},
		{"2*hang accept -> ok", "can't be a step"},
		{"2*503 ->", "a kind of fault is missing"},
		{"ok", "without a kind"},
		{"refuse p=0.5", "it takes from, to and flap only"},
		{strings.Repeat("x", 70_000), "too long"},
	} {
		t.Run(row.text[:min(len(row.text), 60)], func(t *testing.T) {
			_, err := fault.Parse(row.text)
			require.ErrorContains(t, err, row.because)
		})
	}
}

func TestEveryExampleOfTheCatalogueIsItsOwnTextForm(t *testing.T) {
	for _, row := range fault.Catalogue() {
		for _, v := range row.Variants {
			f, err := fault.Parse(v.Example)
			require.NoError(t, err, v.Example)
			require.Equal(t, v.Example, f.String())
			require.NotEmpty(t, v.Does)
			require.NotEmpty(t, v.Models)
			require.NotEmpty(t, v.Client)
		}
	}
}

func TestAFaultComesBackFromItsTextForm(t *testing.T) {
	var examples []string
	for _, row := range fault.Catalogue() {
		for _, v := range row.Variants {
			examples = append(examples, v.Example)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		f, err := fault.Parse(rapid.SampledFrom(examples).Draw(t, "kind"))
		require.NoError(t, err)
		if _, greets := f.Kind.(fault.Greeter); greets {
			return
		}
		if rapid.Bool().Draw(t, "sequence") {
			f.Kind = fault.Sequence{{rapid.IntRange(1, 9).Draw(t, "times"), f.Kind}, {0, nil}}
		}
		f.When = anySelector(t)
		f.ID = rapid.SampledFrom([]string{"", "slow-3"}).Draw(t, "id")
		back, err := fault.Parse(f.String())
		require.NoError(t, err, f.String())
		require.Equal(t, f, back)
	})
}

func anySelector(t *rapid.T) fault.Selector {
	times := rapid.Custom(func(t *rapid.T) time.Duration {
		return time.Duration(rapid.Int64Range(0, int64(time.Hour)).Draw(t, "ns"))
	})
	s := fault.Selector{
		Probability: rapid.Float64Range(0, 1).Draw(t, "p"), Nth: rapid.IntRange(0, 9).Draw(t, "nth"),
		Every: rapid.IntRange(0, 9).Draw(t, "every"), PerAll: rapid.Bool().Draw(t, "per"),
		From: times.Draw(t, "from"), Ramp: times.Draw(t, "ramp"), AtOnce: rapid.IntRange(0, 9).Draw(t, "at once"),
	}
	if rapid.Bool().Draw(t, "ends") {
		s.To = s.From + 1 + times.Draw(t, "for")
	}
	if rapid.Bool().Draw(t, "flaps") {
		s.FlapOn, s.FlapOff = 1+times.Draw(t, "on"), 1+times.Draw(t, "off")
	}
	s.Keys = rapid.SampledFrom([][]string{nil, {"oracle-3"}, {"a", "b@example.org", "c"}}).Draw(t, "keys")
	if len(s.Keys) > 0 {
		s.Pick = rapid.IntRange(0, len(s.Keys)).Draw(t, "pick")
	}
	return s
}

// FuzzParse: whatever text there is, parsing does not panic, and what was
// understood comes back the same from its own text form.
func FuzzParse(f *testing.F) {
	for _, row := range fault.Catalogue() {
		for _, v := range row.Variants {
			f.Add(v.Example)
		}
	}
	f.Add("2*status 503 -> reset -> ok p=0.5 key=a,b pick=1 from=1s to=2s ramp=1ms flap=1s/1s at-once=3 id=x")
	f.Fuzz(func(t *testing.T, text string) {
		first, err := fault.Parse(text)
		if err != nil {
			return
		}
		again, err := fault.Parse(first.String())
		require.NoError(t, err, "%q became %q", text, first)
		require.Equal(t, first, again)
		require.Equal(t, first.String(), again.String())
	})
}
