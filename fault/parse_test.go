package fault_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/fault"
)

func TestOptionsAreWrittenEitherWay(t *testing.T) {
	for _, pair := range [][2]string{
		{"delay 200ms jitter=50ms", "delay 200ms jitter 50ms"},
		{"delay uniform min 10ms max 20ms", "delay uniform min=10ms max=20ms"},
		{"slicer gap=2ms 1", "slicer 1B gap 2ms"},
		{"black-hole lose upon=COMMIT down", "black-hole down lose upon COMMIT"},
		{"drip gap 20ms bytes 4", "drip bytes=4 gap=20ms"},
		{"status html 502", "status 502 html"},
		{"bandwidth up 64000", "bandwidth 64kB/s up"},
		{"bandwidth 1KiB/s", "bandwidth 1KiB/s"},
		{"limit-data 1048576B", "limit-data 1MiB"},
		{"starve 20%", "starve 0.2 cpus"},
		{"starve 100%", "starve 1 cpu"},
		{"starve 250%", "starve 2.5 cpus"},
		{"starve 1 cpus", "starve 1 cpu"},
		{"squeeze 65536", "squeeze 64KiB"},
		{"kill tree", "kill"},
		{"pause tree", "pause"},
		{"terminate tree", "terminate tree"},
	} {
		f, err := fault.Parse(pair[0])
		require.NoError(t, err, pair[0])
		require.Equal(t, pair[1], f.String())
	}
}

func TestATextThatIsNoFaultSaysWhatToWrite(t *testing.T) {
	for _, row := range []struct{ text, because string }{
		{"", "a kind of fault is missing"},
		{"p=0.5", "a kind of fault is missing"},
		{"2*503 ->", "a kind of fault is missing"},
		{"2*", "a kind of fault is missing"},
		{"dleay 200ms", `"dleay" is not a kind of fault; did you mean "delay"?`},
		{"blackhole down", `did you mean "black-hole"?`},
		{"zebra", "these are: delay, hang"},
		{"delay", `a time is missing; it is written "delay TIME [jitter TIME]`},
		{"delay 200", "want a time such as 200ms"},
		{"delay soon", "or quantiles, not soon"},
		{"delay -5ms", "not between 0 and 24h"},
		{"delay 25h", "not between 0 and 24h"},
		{"delay 200ms jitter 300ms", "jitter is between 0 and the delay"},
		{"delay 200ms jitter", "jitter has no value"},
		{"delay 1s sideways", `"sideways" is not understood here`},
		{"delay 1s up down", `"down" is not understood here`},
		{"delay uniform min=2s max=1s", "min 2s is above max 1s"},
		{"delay lognormal median=1s sigma=NaN", "sigma NaN is not between"},
		{"delay pareto min=1s", "alpha 0 is not between"},
		{"delay quantiles", "the points of the distribution is missing"},
		{"delay quantiles 0:1s", "at least two points"},
		{"delay quantiles 0:1s,half:2s", "is not a point such as"},
		{"delay quantiles 0:1s,0.5:500ms,1:2s", "does not come after"},
		{"bandwidth 1kb", "is not a size"},
		{"bandwidth 0B/s", "between 1B/s"},
		{"bandwidth 99999999999GB/s", "is more than"},
		{"slicer 1MB", "a piece is between"},
		{"slicer 1B gap -1s", "not between 0 and 24h"},
		{"limit-data -5B", "is not a size"},
		{"lock-table", "TABLE is missing"},
		{"lock-table a,,b", "is not the name of a table"},
		{"lock-table a,b,a", `the table "a" is there twice`},
		{"lock-table a,*", "is not the name of a table"},
		{"sqlstate", "CODE is missing"},
		{"sqlstate 5330", "five digits and capitals"},
		{"sqlstate 00000", "is no error"},
		{"sqlstate 40001 on=rollback", "want one of connect, query or commit"},
		{"sqlstate 53300 upon projects", "upon picks among queries"},
		{"sqlstate 40001 on=commit upon projects", "upon picks among queries"},
		{"lock-table a.b.c", "a table is TABLE or SCHEMA.TABLE"},
		{"lock-table projects;drop", "is not the name of a table"},
		{"hold-connections 0", "between 1 and"},
		{"hold-connections many", "a whole number"},
		{"hold-connections 5 and more", `it is written "hold-connections N"`},
		{"kill twice", `"twice" is not understood`},
		{"kill child tree", `"tree" is not understood`},
		{"starve", "a share of a processor such as 20%, or 0.2 cpus, is missing"},
		{"starve 0.2", "a number of what? It is written 20%, or 0.2 cpus"},
		{"starve much", `not "much"`},
		{"starve 0%", "from 0.01 to 4096 processors"},
		{"starve NaN cpus", "from 0.01 to 4096 processors"},
		{"starve 20% cpus", `"cpus" is not understood`},
		{"squeeze", "BYTES is missing"},
		{"squeeze 0", "more than nothing"},
		{"squeeze hard", "is not a size"},
		{"oom", `here it is called "squeeze"`},
		{"slow-accept 0s", "more than nothing"},
		{`black-hole upon "a"`, "without -> or a quote"},
		{"hang", "want one of headers, body or accept"},
		{"close p=1.5", "p=1.5 is not between 0 and 1"},
		{"close p=0", "it would never fire"},
		{"close p=NaN", "p=NaN is not between 0 and 1"},
		{"close p=x", "p is a number"},
		{"close nth=-1", "below 0"},
		{"close from=2s to=1s", "is not after from"},
		{"close flap=3s", "is a time"},
		{"close flap=3s/0s", "needs two times above 0"},
		{"close per=some", "per is key or all"},
		{"close pick=2 key=a", "pick=2 of 1 keys"},
		{"close pick=1 key=a*", "can't choose among"},
		{"close key=a,,b", `key "" is empty`},
		{"close colour=red", "option colour is not understood"},
		{"close softly", `"softly" is not understood`},
		{"close p=0.1 p=0.2", "p is there twice"},
		{"drip gap=1s gap=2s", "gap is there twice"},
		{"close p=", "has no value"},
		{`close id="a"`, "a blank or a quote"},
		{"status 99", "is not between 200 and 599"},
		{"status teapot", `a status such as 503 is a whole number, not "teapot"`},
		{"status 503 retry-after=datemorning", "want a date such as date+30s"},
		{"drip bytes=0", "want bytes of at least 1"},
		{"garbage bytes=0", "between 1 and"},
		{"endless bytes=99999GiB", "is more than"},
		{"bigheader bytes=65MiB", "at most 64MiB"},
		{"redirect host", "host with a location"},
		{"json sideways", "want one of malformed"},
		{"json null depth=3", "option depth is not understood"},
		{"json deep depth=99999999", "depth goes with deep"},
		{"json null field=a", "field goes with missing"},
		{"overload status=200", "a status from 400"},
		{"0*503 -> ok", "is not a number of times"},
		{"x*503 -> ok", "is not a number of times"},
		{"ok", "without a kind"},
		{strings.Repeat("x", 70_000), "too long"},
	} {
		t.Run(row.text[:min(len(row.text), 60)], func(t *testing.T) {
			_, err := fault.Parse(row.text)
			require.ErrorIs(t, err, fault.ErrText)
			require.ErrorContains(t, err, row.because)
		})
	}
}

func TestTheWordsOfOthersAreTranslated(t *testing.T) {
	for theirs, ours := range map[string]string{
		"latency": "delay", "reset_peer": "reset", "timeout": "black-hole", "slow_close": "delay",
		"limit_data": "limit-data", "down": "refuse", "sigkill": "kill", "partition": "black-hole",
	} {
		_, err := fault.Parse(theirs + " 200ms")
		require.ErrorContains(t, err, `here it is called "`+ours+`"`, theirs)
	}
	for _, same := range []string{"bandwidth 64kB/s", "slicer 1B"} {
		_, err := fault.Parse(same)
		require.NoError(t, err)
	}
}

func TestFaultsOfTLSAreSaidNotToBe(t *testing.T) {
	for _, word := range []string{"expired-certificate", "wrong-cert", "tls", "tls-handshake", "ssl_error", "handshake"} {
		_, err := fault.Parse(word)
		require.ErrorContains(t, err, "faults of TLS, such as a wrong or an expired certificate, are not supported", word)
	}
	for _, row := range fault.Catalogue() {
		_, err := fault.Parse(row.Name + " ")
		if err != nil {
			require.NotContains(t, err.Error(), "of TLS", "a kind that there is")
		}
	}
}

// What a word is translated to must exist, and what exists needs no translation.
func TestEveryTranslationLeadsToAKind(t *testing.T) {
	names := map[string]bool{}
	for _, row := range fault.Catalogue() {
		names[row.Name] = true
	}
	for theirs, ours := range fault.Foreign() {
		require.True(t, names[ours], "%s → %s", theirs, ours)
		require.False(t, names[theirs], theirs)
	}
	for _, group := range fault.Akin() {
		for _, name := range group {
			require.True(t, names[name], name)
		}
	}
}

func TestASequenceLastsAsItSays(t *testing.T) {
	f, err := fault.Parse("2*503 -> reset -> ok")
	require.NoError(t, err)
	sequence := f.Kind.(fault.Sequence)
	for n, want := range []fault.Kind{fault.Status{Code: 503}, fault.Status{Code: 503}, fault.Reset{}, nil, nil} {
		require.Equal(t, want, sequence.At(n+1), "request %d", n+1)
	}
	require.Equal(t, []fault.Kind{fault.Status{Code: 503}, fault.Reset{}}, fault.Steps(sequence))
	require.Nil(t, fault.Sequence{Times: 1, Step: fault.Close{}}.At(2))
	require.Error(t, fault.Sequence{}.Validate())
	require.Error(t, fault.Sequence{Times: 1, Step: sequence}.Validate())
}

func TestTheNameOfAFaultIsItsIDOrElseItsText(t *testing.T) {
	f := fault.Fault{Kind: fault.Close{}, When: fault.Selector{Nth: 2}}
	require.Equal(t, "close nth=2", f.Name())
	f.ID = "gone"
	require.Equal(t, "gone", f.Name())
	require.Equal(t, "close nth=2", f.Text())
	require.Equal(t, "close nth=2 id=gone", f.String())
	require.Empty(t, fault.Fault{}.Text())
	require.Error(t, fault.Fault{}.Validate())
}
