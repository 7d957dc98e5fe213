package load_test

import (
	"context"
	"encoding/json"
	"io"
	"log"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/result"
)

// quiet is a server that answers, and says nothing of handshakes that fail.
func quiet(t *testing.T) *httptest.Server {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	t.Cleanup(s.Close)
	return s
}

// What is wrong on this side is no failure of the other: nothing is counted as sent,
// and the reason is named.
func TestWhatCannotBeSentFromHereIsUnsent(t *testing.T) {
	untrusted, plain := quiet(t), quiet(t)
	untrusted.StartTLS()
	plain.Start()
	later := func(change func(*load.Request)) func(int64, *rand.Rand) load.Request {
		return func(n int64, _ *rand.Rand) load.Request {
			r := load.Request{Path: "/"}
			if n > 0 { // the first is tried before the run
				change(&r)
			}
			return r
		}
	}
	for _, row := range []struct {
		name, base string
		next       func(int64, *rand.Rand) load.Request
		why        string
		unsent     int64
	}{
		{"a certificate that is not trusted", untrusted.URL, get("/"), "the certificate of the other side is not trusted here", 10},
		{"no TLS on the other side", "https" + plain.URL[len("http"):], get("/"), "the other side does not speak TLS", 10},
		{"a line break in a header", plain.URL, later(func(r *load.Request) { r.Header = http.Header{"Authorization": {"Bearer x\n"}} }), "it is no valid request", 9},
		{"a name of a header with a space", plain.URL, later(func(r *load.Request) { r.Header = http.Header{"A b": {"x"}} }), "it is no valid request", 9},
		{"no method", plain.URL, later(func(r *load.Request) { r.Method = "GET IT" }), "it is no valid request", 9},
		{"a path that is not escaped", plain.URL, later(func(r *load.Request) { r.Path = "/%zz" }), "it is no valid request", 9},
		{"no host", plain.URL, later(func(r *load.Request) { r.Header = http.Header{"Host": {"a b"}} }), "it is no valid request", 9},
	} {
		t.Run(row.name, func(t *testing.T) {
			attack, err := load.Start(context.Background(), load.Config{BaseURL: row.base, Phases: []result.Phase{{Name: result.Baseline, To: time.Minute}}},
				load.Stream{Name: "s", Profile: load.Constant(100, 100*ms), Next: row.next, MaxLag: time.Minute})
			require.NoError(t, err)
			o := attack.Wait()[0]
			require.Equal(t, row.unsent, o.Unsent)
			require.Equal(t, map[string]int64{row.why: row.unsent}, o.UnsentWhy)
			require.Equal(t, 10-row.unsent, o.Sent)
			require.Equal(t, o.Planned, o.Sent+o.Late+o.Shed+o.Unsent)
			require.Empty(t, o.Errors)
			if o.Sent == 0 {
				require.Nil(t, o.SendLagP99MS, "of nothing there is no lag")
				require.Nil(t, o.Latency)
			}
			read, err := load.TallyOf(o.Stream)
			require.NoError(t, err)
			require.Equal(t, o.UnsentWhy, read.During(result.Baseline).UnsentWhy)
		})
	}
}

// A journey that cannot be gone on with from here has not failed.
func TestAJourneyThatCannotBeSentFromHereIsUnsent(t *testing.T) {
	server := quiet(t)
	server.StartTLS()
	attack, err := load.Start(context.Background(), load.Config{BaseURL: server.URL}, load.Stream{
		Name: "shop", Profile: load.Constant(100, 50*ms), MaxLag: time.Minute,
		Steps: []load.Step{{Name: "enter", Template: load.Template{Path: "/"}, Expect: load.Status()}},
	})
	require.NoError(t, err)
	for _, o := range attack.Wait() {
		require.EqualValues(t, 5, o.Unsent, o.Name)
		require.Zero(t, o.Sent, o.Name)
		require.Empty(t, o.Errors, o.Name)
		require.Equal(t, o.Planned, o.Unsent, o.Name)
	}
}

// TestWithoutFilesNothingIsHeldAgainstTheTarget leaves the generator's process no
// file to open a connection with.
func TestWithoutFilesNothingIsHeldAgainstTheTarget(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-time.After(time.Second) }))
	defer server.Close()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), helperVariable+"=generator", "BASE="+server.URL, "RATE=200", "FOR=500ms", "IN_FLIGHT=200", "FILES=24")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	require.NoError(t, err)
	var got generated
	require.NoError(t, json.Unmarshal(out, &got))
	require.NotZero(t, got.UnsentWhy["too many open files here"])
	require.Empty(t, got.Errors)
	require.EqualValues(t, 100, got.OK+got.Unsent)
}

// fewFiles bounds the files of this process.
func fewFiles(n uint64) error {
	return unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: n, Max: n})
}
