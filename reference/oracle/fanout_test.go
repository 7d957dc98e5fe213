package oracle

import (
	"context"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"github.com/sony/gobreaker/v2"
	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/reference/schema"
)

func TestEachOracleHasItsResult(t *testing.T) {
	u := serve(t, map[string]http.HandlerFunc{"oracle-3": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) }})
	s := newService(t, nil)
	results, err := s.fanOut(t.Context(), asked, u.sources(10))
	require.NoError(t, err)
	require.Len(t, results, 10)
	requireFailure(t, results["oracle-3"], classStatus, "status 500")
	require.Equal(t, statusOK, results["oracle-4"].Status)
	require.Contains(t, string(results["oracle-4"].Data), `"beneficiaries":1234,"co2_kg":56.7,"score":0.89}`)
	require.EqualValues(t, 10, u.calls.Load())
	require.Equal(t, 9.0, value(t, s.metrics.calls.WithLabelValues(outcomeOK)))
	require.Equal(t, 1.0, value(t, s.metrics.calls.WithLabelValues(string(classStatus))))
	require.Zero(t, value(t, s.metrics.inFlight))
}

func TestNoOraclesAreNoResults(t *testing.T) {
	results, err := newService(t, nil).fanOut(t.Context(), asked, nil)
	require.NoError(t, err)
	require.NotNil(t, results)
	require.Empty(t, results)
}

func TestSoManyCallsAtOnce(t *testing.T) {
	for _, row := range []struct{ configured, atOnce int }{{5, 5}, {1, 1}, {0, 1}} {
		var arrived sync.WaitGroup
		arrived.Add(row.atOnce)
		meet := make(chan struct{})
		go func() { arrived.Wait(); close(meet) }()
		handlers := map[string]http.HandlerFunc{}
		u := serve(t, handlers)
		for _, from := range u.sources(row.atOnce) { // the first wait for each other
			handlers[from.name] = func(w http.ResponseWriter, r *http.Request) {
				arrived.Done()
				<-meet
				good(w, r)
			}
		}
		s := newService(t, func(c *Config) { c.ConcurrentCalls = row.configured })
		_, err := s.fanOut(t.Context(), asked, u.sources(20))
		require.NoError(t, err)
		require.EqualValues(t, row.atOnce, u.most.Load(), "%d configured", row.configured)
	}
}

func TestWithoutIsolationTheFirstErrorEndsAll(t *testing.T) {
	u := serve(t, map[string]http.HandlerFunc{
		"oracle-3": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) },
		"oracle-4": func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, // until it is given up
	})
	s := newService(t, func(c *Config) { *c = Config{} })
	results, err := s.fanOut(t.Context(), asked, u.sources(10))
	var failure *oracleFailure
	require.ErrorAs(t, err, &failure)
	require.EqualError(t, err, "oracle oracle-3: status: status 500")
	require.Nil(t, results)
	require.LessOrEqual(t, u.calls.Load(), int64(5), "the one after it may be under way; no further one is made")
}

// stuck is an adapter that ignores every deadline.
type stuck struct{ until chan struct{} }

func (s stuck) data(question, []byte) (json.RawMessage, error) {
	<-s.until
	return json.RawMessage("1"), nil
}

func TestNobodyIsWaitedForPastTheDeadline(t *testing.T) {
	const deadline = 300 * time.Millisecond
	u := serve(t, map[string]http.HandlerFunc{"oracle-1": hang})
	s := newService(t, func(c *Config) { c.CallTimeout = 0 })
	until := make(chan struct{})
	s.adapters["stuck"] = stuck{until}
	sources := u.sources(10)
	sources[2].adapter = "stuck"
	ctx, cancel := context.WithTimeout(t.Context(), deadline)
	defer cancel()
	start := time.Now()
	results, err := s.fanOut(ctx, asked, sources)
	took := time.Since(start)
	require.NoError(t, err)
	require.Greater(t, took, deadline*9/10, "the deadline is counted from before the start")
	require.Less(t, took, 30*time.Second, "who is stuck would never answer")
	requireFailure(t, results["oracle-1"], classTimeout, "")
	requireFailure(t, results["oracle-2"], classTimeout, "no answer by the deadline")
	for _, name := range []string{"oracle-0", "oracle-3", "oracle-9"} {
		require.Equal(t, statusOK, results[name].Status, name)
	}

	short, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	require.ErrorContains(t, s.Close(short), "some calls go on", "who is stuck is waited for")
	close(until)
	require.NoError(t, s.Close(t.Context()))
}

func TestOraclesThatWereNotReachedAreTimeouts(t *testing.T) {
	u := serve(t, map[string]http.HandlerFunc{"oracle-0": hang})
	s := newService(t, func(c *Config) { c.ConcurrentCalls = 1 })
	ctx, cancel := context.WithTimeout(t.Context(), 400*time.Millisecond)
	defer cancel()
	results, err := s.fanOut(ctx, asked, u.sources(3))
	require.NoError(t, err)
	requireFailure(t, results["oracle-2"], classTimeout, "no answer by the deadline")
	require.EqualValues(t, 1, u.calls.Load())

	s = newService(t, func(c *Config) { c.ConcurrentCalls, c.IsolateErrors = 1, false })
	ctx, cancel = context.WithTimeout(t.Context(), 400*time.Millisecond)
	defer cancel()
	_, err = s.fanOut(ctx, asked, u.sources(3))
	var failure *oracleFailure
	require.ErrorAs(t, err, &failure)
	require.Equal(t, classTimeout, failure.Class)
}

func TestTheCallTimeoutBoundsTheWholeCall(t *testing.T) {
	drip := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		for _, b := range []byte(goodBody("oracle-0")) { // 0.5 s in all, never 50 ms without a byte
			w.Write([]byte{b})
			w.(http.Flusher).Flush()
			select {
			case <-r.Context().Done():
				return
			case <-time.After(5 * time.Millisecond):
			}
		}
	}
	u := serve(t, map[string]http.HandlerFunc{"oracle-0": drip, "oracle-1": hang})
	s := newService(t, func(c *Config) { c.CallTimeout = 100 * time.Millisecond })
	requireFailure(t, one(t, s, u.source("oracle-0")), classTimeout, "no whole answer in time")
	requireFailure(t, one(t, s, u.source("oracle-1")), classTimeout, "no whole answer in time")

	s = newService(t, func(c *Config) { c.CallTimeout = 0 })
	require.Equal(t, statusOK, one(t, s, u.source("oracle-0")).Status, "without it, a dripping answer is waited for")
}

func TestCallsEndWithTheirCaller(t *testing.T) {
	entered, left := make(chan struct{}, 2), make(chan struct{}, 2)
	u := serve(t, map[string]http.HandlerFunc{"oracle-0": func(_ http.ResponseWriter, r *http.Request) {
		entered <- struct{}{}
		<-r.Context().Done()
		left <- struct{}{}
	}})
	s := newService(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() {
		_, err := s.fanOut(ctx, asked, u.sources(1))
		ended <- err
	}()
	<-entered
	cancel()
	require.ErrorIs(t, <-ended, context.Canceled)
	select {
	case <-left:
	case <-time.After(30 * time.Second):
		require.Fail(t, "the oracle still has the call open")
	}
	require.NoError(t, s.Close(t.Context()))
	require.Equal(t, 1.0, value(t, s.metrics.calls.WithLabelValues(string(classCanceled))))
	require.Zero(t, s.breakers.in(gobreaker.StateOpen))
}

func TestAPanicOverOneAnswerIsThatOraclesError(t *testing.T) {
	u := serve(t, map[string]http.HandlerFunc{"oracle-1": body("null")})
	sources := u.sources(3)
	for i := range sources {
		sources[i].adapter = schema.AdapterLegacy
	}
	s := newService(t, nil)
	results, err := s.fanOut(t.Context(), asked, sources)
	require.NoError(t, err)
	requireFailure(t, results["oracle-1"], classUnexpected, "reading the answer failed")
	require.Equal(t, statusOK, results["oracle-0"].Status)
	require.Equal(t, statusOK, results["oracle-2"].Status)
}

// envPanic makes TestWithoutIsolationAPanicEndsTheProcess be the process that ends.
const envPanic = "ORACLE_TEST_PANIC"

func TestWithoutIsolationAPanicEndsTheProcess(t *testing.T) {
	if os.Getenv(envPanic) != "" {
		u := serve(t, map[string]http.HandlerFunc{"oracle-1": body("null")})
		from := u.source("oracle-1")
		from.adapter = schema.AdapterLegacy
		one(t, newService(t, func(c *Config) { c.IsolatePanics = false }), from)
		return
	}
	again := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$")
	again.Env = append(os.Environ(), envPanic+"=1")
	output, err := again.CombinedOutput()
	var exit *exec.ExitError
	require.ErrorAs(t, err, &exit, "%s", output)
	require.Contains(t, string(output), "panic: interface conversion")
	require.Contains(t, string(output), "oracle.legacy.data")
}
