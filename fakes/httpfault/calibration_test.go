package httpfault_test

import (
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"holdfast.dev/holdfast/fakes/httpfault"
	"holdfast.dev/holdfast/fakes/journal"
	"holdfast.dev/holdfast/fault"

	"github.com/stretchr/testify/require"
)

// calibrations measure every variant of every kind from a real client, over
// TCP. The key is the variant's example in the catalogue.
func calibrations() map[string]func(*rig) {
	all := map[string]func(*rig){}
	for _, group := range []map[string]func(*rig){delays(), holds(), tears(), statuses(), contents(), floods()} {
		for example, calibrate := range group {
			all[example] = calibrate
		}
	}
	return all
}

func TestEveryFaultOfTheCatalogueDoesWhatItSaysAndCanBeUndone(t *testing.T) {
	calibrated := calibrations()
	for _, row := range fault.Catalogue() {
		for _, v := range row.Variants {
			f, err := fault.Parse(v.Example)
			require.NoError(t, err)
			if httpfault.Support().Accepts(f) != nil {
				require.NotContains(t, calibrated, v.Example)
				continue // for another place
			}
			calibrate := calibrated[v.Example]
			delete(calibrated, v.Example)
			t.Run(v.Example, func(t *testing.T) {
				require.NotNil(t, calibrate, "no calibration measures this fault")
				r := newRig(t, 1, v.Example)
				calibrate(r)
				r.undo()
			})
		}
	}
	require.Empty(t, calibrated, "calibrations of what the catalogue does not have")
}

func delays() map[string]func(*rig) {
	// shape demands two things that together are the declared shape on the
	// wire: that the draws have its quantiles, and that each request waits for
	// its own draw.
	shape := func(want map[float64]time.Duration) func(*rig) {
		return func(r *rig) {
			const n = 2000
			draws := r.draws(n)
			for q, at := range want {
				about(require.New(r), at, draws.quantile(q), 0.1, fmt.Sprintf("quantile %v of the draws", q))
			}
			r.waitsForItsDraws(draws[:150])
			require.EqualValues(r, 150, r.receipt().Waits.N)
			require.True(r, r.worked())
		}
	}
	lognormal := func(z float64) time.Duration {
		return time.Duration(float64(40*time.Millisecond) * math.Exp(0.6*z))
	}
	return map[string]func(*rig){
		"delay 200ms": func(r *rig) {
			draws := r.draws(20)
			require.Equal(r, 200*time.Millisecond, draws[0])
			r.waitsForItsDraws(draws)
		},
		"delay 200ms jitter 50ms": shape(map[float64]time.Duration{
			0.1: 160 * time.Millisecond, 0.5: 200 * time.Millisecond, 0.9: 240 * time.Millisecond,
		}),
		"delay uniform min=50ms max=150ms": shape(map[float64]time.Duration{
			0.1: 60 * time.Millisecond, 0.5: 100 * time.Millisecond, 0.9: 140 * time.Millisecond,
		}),
		"delay normal mean=80ms sd=10ms": shape(map[float64]time.Duration{
			0.16: 70 * time.Millisecond, 0.5: 80 * time.Millisecond, 0.84: 90 * time.Millisecond,
		}),
		"delay lognormal median=40ms sigma=0.6 max=2s": shape(map[float64]time.Duration{
			0.1: lognormal(-1.2816), 0.5: lognormal(0), 0.9: lognormal(1.2816), 0.975: lognormal(1.96),
		}),
		"delay exponential mean=40ms max=2s": shape(map[float64]time.Duration{
			0.5: time.Duration(math.Log(2) * float64(40*time.Millisecond)), 0.9: time.Duration(math.Log(10) * float64(40*time.Millisecond)),
		}),
		"delay pareto min=20ms alpha=1.5 max=2s": shape(map[float64]time.Duration{
			0.5: time.Duration(float64(20*time.Millisecond) * math.Pow(0.5, -1/1.5)), 0.9: time.Duration(float64(20*time.Millisecond) * math.Pow(0.1, -1/1.5)),
		}),
		"delay bimodal fast=10ms slow=300ms slow-p=0.1": func(r *rig) {
			draws := r.draws(2000)
			slow := 0
			for _, d := range draws {
				if d == 300*time.Millisecond {
					slow++
				} else {
					require.Equal(r, 10*time.Millisecond, d)
				}
			}
			require.InDelta(r, 200, slow, binomial(2000, 0.1))
			r.waitsForItsDraws(draws[:150])
		},
		"delay quantiles 0:10ms,0.5:30ms,0.9:100ms,1:400ms": shape(map[float64]time.Duration{
			0.25: 20 * time.Millisecond, 0.5: 30 * time.Millisecond, 0.9: 100 * time.Millisecond,
		}),
		"overload base=20ms slope=20ms": func(r *rig) {
			alone := r.get("alone", 1).head
			require.GreaterOrEqual(r, alone, 20*time.Millisecond)
			slowest := time.Duration(0)
			for _, got := range r.many(10) {
				slowest = max(slowest, got.head)
			}
			require.Greater(r, slowest, 100*time.Millisecond, "ten at once are slower than one")
		},
		"overload base=20ms slope=1ms shed=8": func(r *rig) {
			shed := 0
			for _, got := range r.many(64) {
				require.NoError(r, got.err)
				if got.status == 503 {
					require.Equal(r, "1", got.header.Get("Retry-After"))
					shed++
				}
			}
			require.Positive(r, shed)
			require.EqualValues(r, 64-shed, r.api.worked.Load(), "what is shed is not worked on")
		},
	}
}

func holds() map[string]func(*rig) {
	return map[string]func(*rig){
		"hang headers": func(r *rig) {
			got := r.getWith(r.impatient(400*time.Millisecond), "k", 1)
			require.True(r, isTimeout(got.err) && !got.inBody, "%v", got.err)
			require.Equal(r, journal.Abandoned, r.last().Outcome)
			require.Less(r, r.last().Took, 1150*time.Millisecond, "the fake sees the client let go within a second")
			require.False(r, r.worked())
			r.heldUntilLifted()
		},
		"hang body": func(r *rig) {
			got := r.getWith(r.impatient(400*time.Millisecond), "k", 1)
			require.True(r, isTimeout(got.err) && got.inBody, "the headers came, the body did not: %v", got.err)
			require.Equal(r, healthyBody[:len(healthyBody)/2], string(got.body))
			require.Equal(r, journal.Abandoned, r.last().Outcome)
			require.True(r, r.worked())
			r.heldUntilLifted()
		},
		"hang accept": func(r *rig) {
			got := r.getWith(r.impatient(400*time.Millisecond), "k", 1)
			require.True(r, isTimeout(got.err), "%v", got.err)
			require.Zero(r, r.Journal().Gauge("").Total, "nothing was read")
			r.heldUntilLifted()
		},
		"lost hang": func(r *rig) {
			got := r.getWith(r.impatient(400*time.Millisecond), "k", 1)
			require.True(r, isTimeout(got.err) && !got.inBody, "%v", got.err)
			require.True(r, r.worked(), "the work was done all the same")
			require.Equal(r, journal.Abandoned, r.last().Outcome)
			r.heldUntilLifted()
		},
		"drip bytes=4 gap=20ms": func(r *rig) {
			got := r.get("k", 1)
			require.NoError(r, got.err)
			require.Equal(r, healthyBody, string(got.body))
			pieces := (len(healthyBody) + 3) / 4
			r.takesItsTime(time.Duration(pieces)*20*time.Millisecond, got, 0.1)
			require.Less(r, got.head, got.took/4, "the headers come at once")
		},
		"bandwidth 1KiB/s": func(r *rig) {
			got := r.get("k", 1)
			require.NoError(r, got.err)
			require.Equal(r, healthyBody, string(got.body))
			want := time.Second * time.Duration(len(healthyBody)) / 1024
			r.takesItsTime(want, got, 0.1)
		},
		"bandwidth 64kB/s down": func(r *rig) {
			got := r.get("k", 1)
			require.NoError(r, got.err)
			require.Equal(r, healthyBody, string(got.body))
			r.takesItsTime(time.Second*time.Duration(len(healthyBody))/64_000, got, 0.1)
		},
	}
}

// heldUntilLifted demands that lifting the fault lets go of a request that it
// holds, and that this request is then answered.
func (r *rig) heldUntilLifted() {
	r.Helper()
	before := r.receipt().Selected
	answered := make(chan reply)
	go func() { answered <- r.get("held", 1) }()
	require.Eventually(r, func() bool { return r.receipt().Selected > before }, 30*time.Second, time.Millisecond)
	select {
	case <-answered:
		r.Fatal("a held request was answered before the fault was lifted")
	case <-time.After(100 * time.Millisecond):
	}
	_, err := r.Lift(r.Context(), r.names[0])
	require.NoError(r, err)
	got := <-answered
	require.NoError(r, got.err)
	require.Equal(r, healthyBody, string(got.body))
}

func tears() map[string]func(*rig) {
	reset := func(sent string, worked bool) func(*rig) {
		return func(r *rig) {
			b, err := r.raw()
			require.ErrorIs(r, err, syscall.ECONNRESET, "a reset on the wire")
			require.Contains(r, string(b), sent)
			require.Equal(r, sent == "", len(b) == 0)
			require.Equal(r, worked, r.worked())
			require.Equal(r, journal.Cut, r.last().Outcome)
			require.Error(r, r.get("k", 1).err)
		}
	}
	closed := func(worked bool) func(*rig) {
		return func(r *rig) {
			b, err := r.raw()
			require.NoError(r, err, "an orderly end, no reset")
			require.Empty(r, b)
			require.Equal(r, worked, r.worked())
			require.Equal(r, journal.Cut, r.last().Outcome)
			require.ErrorIs(r, r.get("k", 1).err, io.EOF)
		}
	}
	return map[string]func(*rig){
		"reset":         reset("", false),
		"reset headers": reset("HTTP/1.1 200 OK", true),
		"reset body":    reset(healthyBody[:len(healthyBody)/2], true),
		"lost reset":    reset("", true),
		"lost":          reset("", true),
		"close":         closed(false),
		"lost close":    closed(true),
		"idleclose": func(r *rig) {
			kept := &http.Client{Transport: &http.Transport{}}
			defer kept.CloseIdleConnections()
			require.NoError(r, r.getWith(kept, "fresh", 1).err)
			require.Zero(r, r.receipt().Fired, "a fresh connection is spared")
			require.NoError(r, r.getWith(kept, "again", 1).err, "the library tries again on its own")
			require.Equal(r, 2, r.Journal().Attempts(journal.Filter{})[journal.Name{Group: "plain", Key: "again"}], "the silent double hit")
			require.Len(r, r.Journal().SilentRetries(journal.Filter{}), 1)
		},
		"refuse": func(r *rig) {
			require.Eventually(r, r.Shut, 30*time.Second, time.Millisecond)
			require.ErrorIs(r, r.get("k", 1).err, syscall.ECONNREFUSED)
		},
		"refuse cut": func(r *rig) {
			require.Eventually(r, r.Shut, 30*time.Second, time.Millisecond)
			require.ErrorIs(r, r.get("k", 1).err, syscall.ECONNREFUSED)
		},
		"garbage bytes=512": func(r *rig) {
			b, err := r.raw()
			require.NoError(r, err)
			require.Len(r, b, 512)
			require.ErrorContains(r, r.get("k", 1).err, "malformed HTTP")
			require.False(r, r.worked())
		},
		"badchunk": func(r *rig) {
			got := r.get("k", 1)
			require.ErrorContains(r, got.err, "invalid byte in chunk length")
			require.True(r, got.inBody)
		},
		"cut length": func(r *rig) {
			got := r.get("k", 1)
			require.ErrorIs(r, got.err, io.ErrUnexpectedEOF)
			require.Equal(r, healthyBody[:len(healthyBody)/2], string(got.body))
		},
		"cut chunked": func(r *rig) {
			got := r.get("k", 1)
			require.ErrorIs(r, got.err, io.ErrUnexpectedEOF)
			require.Equal(r, healthyBody[:len(healthyBody)/2], string(got.body))
		},
		"cut silent": func(r *rig) {
			got := r.get("k", 1)
			require.NoError(r, got.err, "the library reports no error")
			require.Equal(r, healthyBody[:len(healthyBody)/2], string(got.body))
			require.Error(r, json.Unmarshal(got.body, &struct{}{}), "only looking at it tells")
		},
	}
}

func statuses() map[string]func(*rig) {
	status := func(code int, retryAfter string, worked bool) func(*rig) {
		return func(r *rig) {
			got := r.get("k", 1)
			require.NoError(r, got.err)
			require.Equal(r, code, got.status)
			require.Equal(r, retryAfter, got.header.Get("Retry-After"))
			require.Equal(r, worked, r.worked())
			require.Equal(r, code, r.last().Status)
		}
	}
	date := func(from time.Duration) func(*rig) {
		return func(r *rig) {
			at, err := http.ParseTime(r.get("k", 1).header.Get("Retry-After"))
			require.NoError(r, err)
			require.WithinDuration(r, time.Now().Add(from), at, 3*time.Second)
		}
	}
	html := func(r *rig) {
		got := r.get("k", 1)
		require.Contains(r, got.header.Get("Content-Type"), "text/html")
		require.Contains(r, string(got.body), "<html>")
	}
	return map[string]func(*rig){
		"status 503": status(503, "", false),
		"status 422 name=invalid_from_address": func(r *rig) {
			status(422, "", false)(r)
			require.Contains(r, string(r.get("k", 1).body), "invalid_from_address")
		},
		"status 502 html":                    func(r *rig) { status(502, "", false)(r); html(r) },
		"status 504 html carried-out":        func(r *rig) { status(504, "", true)(r); html(r) },
		"status 429 retry-after=2":           status(429, "2", false),
		"status 429 retry-after=0":           status(429, "0", false),
		"status 429 retry-after=-5":          status(429, "-5", false),
		"status 429 retry-after=soon":        status(429, "soon", false),
		"status 429 retry-after=99999999999": status(429, "99999999999", false),
		"status 503 retry-after=date+30s":    date(30 * time.Second),
		"status 503 retry-after=date-1h":     date(-time.Hour),
		"redirect loop": func(r *rig) {
			require.ErrorContains(r, r.get("k", 1).err, "stopped after 10 redirects")
			require.EqualValues(r, 10, r.Journal().Gauge("").Total, "ten hits for one call")
			require.False(r, r.worked())
		},
		"redirect host location=http://127.0.0.1:9": func(r *rig) {
			require.ErrorContains(r, r.get("k", 1).err, "127.0.0.1:9/?key=k")
		},
	}
}

// binomial is how far from the mean a count of n draws may be: four sigma.
func binomial(n int, p float64) float64 { return 4 * math.Sqrt(float64(n)*p*(1-p)) }

func contents() map[string]func(*rig) {
	// body demands the answer's body and how it decodes.
	type answer struct {
		Data *struct {
			Count int
			Name  string
			Score float64
		} `json:"data"`
		ProjectID *int64 `json:"project_id"`
	}
	body := func(contains, problem string) func(*rig) {
		return func(r *rig) {
			got := r.get("k", 1)
			require.NoError(r, got.err)
			require.Equal(r, 200, got.status)
			require.Contains(r, string(got.body), contains)
			require.NotEqual(r, healthyBody, string(got.body))
			require.True(r, r.worked())
			err := json.Unmarshal(got.body, &answer{})
			if problem == "" {
				require.NoError(r, err)
			} else {
				require.ErrorContains(r, err, problem)
			}
		}
	}
	empty := func(code int) func(*rig) {
		return func(r *rig) {
			got := r.get("k", 1)
			require.NoError(r, got.err)
			require.Equal(r, code, got.status)
			require.Empty(r, got.body)
		}
	}
	return map[string]func(*rig){
		"json malformed":          body(",,", "invalid character"),
		"json html":               body("<html>", "invalid character"),
		"json types":              body(`"project_id":"7"`, "cannot unmarshal string"),
		"json one":                body(`"project_id":7`, "cannot unmarshal string"),
		"json null":               body("null", ""),
		"json nulls":              body(`"project_id":null`, ""),
		"json nan":                body(`"project_id":NaN`, "invalid character 'N'"),
		"json huge":               body(`"project_id":1`+strings.Repeat("0", 400), "cannot unmarshal number"),
		"json deep depth=10000":   body(strings.Repeat("[", 10000), "exceeded max depth"),
		"json duplicate":          body(`"project_id":7,"`, ""),
		"json missing field=data": body(`"project_id":7`, ""),
		"json more":               body(`} {}`, "after top-level value"),
		"json bytes":              body("\xc3\"", ""),
		"json empty":              empty(200),
		"json nocontent":          empty(204),
		"wrong id":                body(`"wrong":"id"`, ""),
		"wrong other":             body(`"wrong":"other"`, ""),
		"wrong stale":             body(`"wrong":"stale"`, ""),
		"wrong future":            body(`"wrong":"future"`, ""),
		"wrong impossible":        body(`"wrong":"impossible"`, ""),
		"wrong duplicate":         body(`"wrong":"duplicate"`, ""),
	}
}

func floods() map[string]func(*rig) {
	return map[string]func(*rig){
		"endless bytes=8MiB": func(r *rig) {
			got := r.get("k", 1)
			require.NoError(r, got.err)
			require.Greater(r, len(got.body), 8<<20)
		},
		"gzipbomb bytes=8MiB": func(r *rig) {
			got := r.get("k", 1)
			require.NoError(r, got.err)
			require.Len(r, got.body, 8<<20)
			b, err := r.raw()
			require.NoError(r, err)
			require.Less(r, len(b), 256<<10, "small on the wire")
			res, err := readResponse(b)
			require.NoError(r, err)
			_, err = gzip.NewReader(res.Body)
			require.NoError(r, err)
		},
		"bigheader bytes=1MiB": func(r *rig) {
			got := r.get("k", 1)
			require.ErrorContains(r, got.err, "server response headers exceeded")
			b, err := r.raw()
			require.NoError(r, err)
			res, err := readResponse(b)
			require.NoError(r, err)
			require.Len(r, res.Header.Get("X-Big"), 1<<20)
		},
	}
}

// A connection that was open before the addresses were closed shows whether the
// fault cuts: one that is kept goes on, one that is cut is gone.
func TestRefusingSparesOpenConnectionsUnlessItCuts(t *testing.T) {
	for text, spared := range map[string]bool{"refuse": true, "refuse cut": false} {
		t.Run(text, func(t *testing.T) {
			r := newRig(t, 1)
			kept := &http.Client{Transport: &http.Transport{}}
			defer kept.CloseIdleConnections()
			require.NoError(t, r.getWith(kept, "before", 1).err)
			require.NoError(t, r.Faults().AddText(text))
			require.Eventually(t, r.Shut, 30*time.Second, time.Millisecond)
			require.Eventually(t, func() bool {
				return spared == (r.Connections().Open > 0) && r.Faults().Receipts()[0].Fired == 1
			}, 30*time.Second, time.Millisecond)
			if err := r.getWith(kept, "during", 1).err; spared {
				require.NoError(t, err)
			} else {
				require.ErrorIs(t, err, syscall.ECONNREFUSED)
			}
			r.undo()
		})
	}
}

// One fault spares what is open, a second one does not.
func TestAFaultThatCutsActsOnAddressesThatAreClosedAlready(t *testing.T) {
	r := newRig(t, 1, "refuse")
	kept := &http.Client{Transport: &http.Transport{}}
	defer kept.CloseIdleConnections()
	require.Eventually(t, r.Shut, 30*time.Second, time.Millisecond)
	r.undo()
	require.NoError(t, r.getWith(kept, "before", 1).err)
	require.NoError(t, r.Faults().AddText("refuse"))
	require.Eventually(t, r.Shut, 30*time.Second, time.Millisecond)
	require.NoError(t, r.getWith(kept, "during", 1).err)
	require.NoError(t, r.Faults().AddText("refuse cut"))
	require.Eventually(t, func() bool { return r.Connections().Open == 0 }, 30*time.Second, time.Millisecond)
	require.ErrorIs(t, r.getWith(kept, "cut", 1).err, syscall.ECONNREFUSED)
}

func TestLiftingAFloodLetsGoOfAClientThatDoesNotRead(t *testing.T) {
	r := newRig(t, 1, "endless bytes=1GiB")
	res, err := r.client.Get(r.URL(0) + "/?key=k") // the body is not read
	require.NoError(t, err)
	defer res.Body.Close()
	require.EqualValues(t, 1, r.receipt().Held)
	_, err = r.Lift(t.Context(), r.names[0])
	require.NoError(t, err)
	_, err = io.Copy(io.Discard, res.Body)
	require.True(t, err == nil || errors.Is(err, syscall.ECONNRESET))
}
