package fault_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/fault"
)

const (
	ms = time.Millisecond
	s  = time.Second
)

// everRead are the texts of the two languages that this one was made of, one
// for fakes and one for networks, processes and sessions, with what they mean.
// A text that was valid once stays so.
func everRead() map[string]fault.Fault {
	of := func(kind fault.Kind) fault.Fault { return fault.Fault{Kind: kind} }
	return map[string]fault.Fault{
		// Of networks, processes and sessions.
		"delay 200ms jitter 50ms":         of(fault.Delay{Distribution: fault.Jitter{Each: 200 * ms, By: 50 * ms}}),
		"delay 200ms jitter 0s":           of(fault.After(200 * ms)),
		"  delay  1.5s   both ":           of(fault.Delay{Distribution: fault.Fixed(1500 * ms), Direction: fault.Both}),
		"delay 20ms jitter 20ms up":       of(fault.Delay{Distribution: fault.Jitter{Each: 20 * ms, By: 20 * ms}, Direction: fault.Up}),
		"bandwidth 64kB/s":                of(fault.Bandwidth{Rate: 64_000}),
		"bandwidth 64kB/s up":             of(fault.Bandwidth{Rate: 64_000, Direction: fault.Up}),
		"bandwidth 1500B/s":               of(fault.Bandwidth{Rate: 1500}),
		"slicer 1B":                       of(fault.Slicer{Bytes: 1}),
		"slicer 1B gap 2ms":               of(fault.Slicer{Bytes: 1, Gap: 2 * ms}),
		"limit-data 0B":                   of(fault.LimitData{}),
		"limit-data 1kB both":             of(fault.LimitData{Bytes: 1000, Direction: fault.Both}),
		"black-hole":                      of(fault.BlackHole{}),
		"black-hole down":                 of(fault.BlackHole{Direction: fault.Down}),
		"black-hole down lose":            of(fault.BlackHole{Direction: fault.Down, Lose: true}),
		"black-hole down upon COMMIT":     of(fault.BlackHole{Direction: fault.Down, Upon: "COMMIT"}),
		"black-hole upon lose":            of(fault.BlackHole{Upon: "lose"}),
		"black-hole upon user=1":          of(fault.BlackHole{Upon: "user=1"}),
		"refuse":                          of(fault.Refuse{}),
		"refuse cut":                      of(fault.Refuse{Cut: true}),
		"reset":                           of(fault.Reset{}),
		"slow-accept 500ms":               of(fault.SlowAccept{Each: 500 * ms}),
		"cancel-lost":                     of(fault.CancelLost{}),
		"pause":                           of(fault.Pause{}),
		"kill":                            of(fault.Kill{}),
		"terminate":                       of(fault.Terminate{}),
		"lock-table projects":             of(fault.LockTable{Table: "projects"}),
		"lock-table public.task_attempts": of(fault.LockTable{Table: "public.task_attempts"}),
		"hold-connections 90":             of(fault.HoldConnections{N: 90}),
		"terminate-backends":              of(fault.TerminateBackends{}),

		// Of fakes.
		"delay 200ms":                                       of(fault.After(200 * ms)),
		"delay uniform min=50ms max=150ms":                  of(fault.Delay{Distribution: fault.Uniform{Min: 50 * ms, Max: 150 * ms}}),
		"delay min=1s max=3s uniform":                       of(fault.Delay{Distribution: fault.Uniform{Min: s, Max: 3 * s}}),
		"delay normal mean=80ms sd=10ms":                    of(fault.Delay{Distribution: fault.Normal{Mean: 80 * ms, SD: 10 * ms}}),
		"delay lognormal median=40ms sigma=0.6 max=2s":      of(fault.Delay{Distribution: fault.LogNormal{Median: 40 * ms, Sigma: 0.6, Max: 2 * s}}),
		"delay exponential mean=40ms max=2s":                of(fault.Delay{Distribution: fault.Exponential{Mean: 40 * ms, Max: 2 * s}}),
		"delay pareto min=20ms alpha=1.5 max=2s":            of(fault.Delay{Distribution: fault.Pareto{Min: 20 * ms, Alpha: 1.5, Max: 2 * s}}),
		"delay bimodal fast=10ms slow=300ms slow-p=0.1":     of(fault.Delay{Distribution: fault.Bimodal{Fast: 10 * ms, Slow: 300 * ms, SlowP: 0.1}}),
		"delay quantiles 0:10ms,0.5:30ms,0.9:100ms,1:400ms": of(fault.Delay{Distribution: fault.NewQuantiles(fault.Quantile{0, 10 * ms}, fault.Quantile{0.5, 30 * ms}, fault.Quantile{0.9, 100 * ms}, fault.Quantile{1, 400 * ms})}),
		"hang headers":                                      of(fault.Hang{At: "headers"}),
		"hang body":                                         of(fault.Hang{At: "body"}),
		"hang accept":                                       of(fault.Hang{At: "accept"}),
		"drip":                                              of(fault.Drip{Bytes: 1, Gap: 100 * ms}),
		"drip bytes=4 gap=20ms":                             of(fault.Drip{Bytes: 4, Gap: 20 * ms}),
		"bandwidth 1KiB":                                    of(fault.Bandwidth{Rate: 1 << 10}),
		"bandwidth 16KiB":                                   of(fault.Bandwidth{Rate: 16 << 10}),
		"bandwidth 512":                                     of(fault.Bandwidth{Rate: 512}),
		"overload base=20ms slope=20ms":                     of(fault.Overload{Base: 20 * ms, Slope: 20 * ms, Code: 503}),
		"overload base=20ms slope=1ms shed=8":               of(fault.Overload{Base: 20 * ms, Slope: ms, Shed: 8, Code: 503}),
		"overload shed=8 status=429":                        of(fault.Overload{Shed: 8, Code: 429}),
		"close":                                             of(fault.Close{}),
		"reset before":                                      of(fault.Reset{}),
		"reset headers":                                     of(fault.Reset{At: "headers"}),
		"reset body":                                        of(fault.Reset{At: "body"}),
		"idleclose":                                         of(fault.IdleClose{}),
		"lost":                                              of(fault.Lost{}),
		"lost reset":                                        of(fault.Lost{How: "reset"}),
		"lost close":                                        of(fault.Lost{How: "close"}),
		"lost hang":                                         of(fault.Lost{How: "hang"}),
		"garbage":                                           of(fault.Garbage{Bytes: 512}),
		"garbage bytes=512":                                 of(fault.Garbage{Bytes: 512}),
		"badchunk":                                          of(fault.BadChunk{}),
		"cut length":                                        of(fault.Cut{Framing: "length"}),
		"cut chunked":                                       of(fault.Cut{Framing: "chunked"}),
		"cut silent":                                        of(fault.Cut{Framing: "silent"}),
		"endless":                                           of(fault.Endless{Bytes: 1 << 30}),
		"endless bytes=8MiB":                                of(fault.Endless{Bytes: 8 << 20}),
		"gzipbomb":                                          of(fault.GzipBomb{Bytes: 1 << 30}),
		"gzipbomb bytes=8MiB":                               of(fault.GzipBomb{Bytes: 8 << 20}),
		"bigheader":                                         of(fault.BigHeader{Bytes: 1 << 20}),
		"bigheader bytes=1MiB":                              of(fault.BigHeader{Bytes: 1 << 20}),
		"status 503":                                        of(fault.Status{Code: 503}),
		"503":                                               of(fault.Status{Code: 503}),
		"status 422 name=invalid_from_address":              of(fault.Status{Code: 422, ErrorName: "invalid_from_address"}),
		"status 502 html":                                   of(fault.Status{Code: 502, HTML: true}),
		"status 504 html carried-out":                       of(fault.Status{Code: 504, HTML: true, CarriedOut: true}),
		"status 429 retry-after=2":                          of(fault.Status{Code: 429, RetryAfter: "2"}),
		"status 503 retry-after=date+30s":                   of(fault.Status{Code: 503, RetryAfter: "date+30s"}),
		"status 503 retry-after=date-1h":                    of(fault.Status{Code: 503, RetryAfter: "date-1h"}),
		"status 429 retry-after=soon":                       of(fault.Status{Code: 429, RetryAfter: "soon"}),
		"redirect loop":                                     of(fault.Redirect{To: "loop"}),
		"redirect host location=http://127.0.0.1:9":         of(fault.Redirect{To: "host", Location: "http://127.0.0.1:9"}),
		"wrong id":                                          of(fault.Wrong{How: "id"}),
		"wrong stale":                                       of(fault.Wrong{How: "stale"}),
		"wrong duplicate":                                   of(fault.Wrong{How: "duplicate"}),
		"json malformed":                                    of(fault.JSON{How: "malformed"}),
		"json deep":                                         of(fault.JSON{How: "deep", Depth: 10_000}),
		"json deep depth=10000":                             of(fault.JSON{How: "deep", Depth: 10_000}),
		"json missing":                                      of(fault.JSON{How: "missing"}),
		"json missing field=data":                           of(fault.JSON{How: "missing", Field: "data"}),
		"json nocontent":                                    of(fault.JSON{How: "nocontent"}),

		// With selectors, and one after another.
		"503 retry-after=30 p=0.1": {Kind: fault.Status{Code: 503, RetryAfter: "30"}, When: fault.Selector{Probability: 0.1}},
		"p=0.1 503":                {Kind: fault.Status{Code: 503}, When: fault.Selector{Probability: 0.1}},
		"status 403 name=invalid_api_key key=doomed-*": {
			Kind: fault.Status{Code: 403, ErrorName: "invalid_api_key"}, When: fault.Selector{Keys: []string{"doomed-*"}},
		},
		"2*503->ok": of(fault.Sequence{2, fault.Status{Code: 503}, fault.OK{}}),
		"ok -> 503": of(fault.Sequence{1, fault.OK{}, fault.Status{Code: 503}}),
		"3* close":  of(fault.Sequence{3, fault.Close{}, nil}),
		"ok -> ok":  of(fault.Sequence{1, fault.OK{}, fault.OK{}}),
		"2*503 -> reset -> ok key=a": {
			Kind: fault.Sequence{2, fault.Status{Code: 503}, fault.Sequence{1, fault.Reset{}, fault.OK{}}},
			When: fault.Selector{Keys: []string{"a"}},
		},
		"hang headers key=oracle-3,oracle-1* pick=0 at-once=4 id=slow": {
			ID: "slow", Kind: fault.Hang{At: "headers"}, When: fault.Selector{Keys: []string{"oracle-3", "oracle-1*"}, AtOnce: 4},
		},
		"close nth=2 every=3 per=all from=10s to=30s ramp=5s flap=3s/2s": {
			Kind: fault.Close{}, When: fault.Selector{
				Nth: 2, Every: 3, PerAll: true, From: 10 * s, To: 30 * s, Ramp: 5 * s, FlapOn: 3 * s, FlapOff: 2 * s,
			},
		},
	}
}

func TestEveryTextThatWasEverReadStillMeansWhatItMeant(t *testing.T) {
	for text, want := range everRead() {
		t.Run(text, func(t *testing.T) {
			got, err := fault.Parse(text)
			require.NoError(t, err)
			require.Equal(t, want, got)
		})
	}
}

// Not only the names of the catalogue: what people have typed has other orders
// and shorter forms, too.
func TestTheTextsThatWereEverReadCoverTheCatalogue(t *testing.T) {
	covered := map[string]bool{
		"revoke-key": true, // it had no text form
		"sqlstate":   true, // it came later
		"crash":      true, // so did it
		"starve":     true, // and these two
		"squeeze":    true,
		"hide-key":   true,
	}
	for _, ofCallbacks := range []string{"twice", "late", "before-answer", "reordered", "wrong-signature"} {
		covered[ofCallbacks] = true // and these
	}
	for _, f := range everRead() {
		for _, kind := range fault.Steps(f.Kind) {
			covered[kind.Name()] = true
		}
	}
	for _, row := range fault.Catalogue() {
		require.True(t, covered[row.Name], "no old text of %q", row.Name)
	}
}
