package vegetabridge_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	vegeta "github.com/tsenart/vegeta/v12/lib"
	"pgregory.net/rapid"

	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/load/vegetabridge"
	"holdfast.dev/holdfast/harness/result"
)

var zero = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// written is a file of these requests.
func written(t require.TestingT, exchanges ...load.Exchange) []byte {
	var file bytes.Buffer
	w := vegetabridge.NewWriter(&file)
	for _, x := range exchanges {
		w.Write(x.Stream, zero, x)
	}
	require.NoError(t, w.Flush())
	return file.Bytes()
}

func decoded(t *testing.T, file []byte) (all []vegeta.Result) {
	t.Helper()
	for decode := vegeta.NewDecoder(bytes.NewReader(file)); ; {
		var r vegeta.Result
		err := decode(&r)
		if errors.Is(err, io.EOF) {
			return all
		}
		require.NoError(t, err)
		all = append(all, r)
	}
}

func TestARequestAsVegetasDecoderReadsIt(t *testing.T) {
	file := written(t,
		load.Exchange{Stream: "tasks", N: 7, Due: time.Second, Sent: time.Second + time.Millisecond, End: 3 * time.Second,
			Status: 503, Class: "status_503", Method: "POST", Path: "/tasks?a=b", BytesOut: 12, BytesIn: 34},
		load.Exchange{Stream: "search", Due: time.Second, Sent: time.Second, End: 2 * time.Second, Unplanned: true, Status: 200, Path: "/"})
	require.Equal(t, []vegeta.Result{
		{Attack: "tasks", Seq: 7, Code: 503, Timestamp: zero.Add(time.Second), Latency: 2 * time.Second, BytesOut: 12, BytesIn: 34,
			Error: "status_503", Method: "POST", URL: "/tasks?a=b", Headers: http.Header{vegetabridge.HeaderSendLag: {"1000000"}}},
		{Attack: "search", Code: 200, Timestamp: zero.Add(time.Second), Latency: time.Second, Method: "GET", URL: "/"},
	}, decoded(t, file))
}

func drawExchanges(t *rapid.T) []load.Exchange {
	n := int64(-1)
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) load.Exchange {
		n++
		x := load.Exchange{Stream: rapid.SampledFrom([]string{"search", "tasks"}).Draw(t, "stream"), N: n, Path: "/", Status: 200}
		x.Due = time.Duration(rapid.Int64Range(0, 1e10).Draw(t, "due"))
		x.Sent = x.Due + time.Duration(rapid.Int64Range(0, 1e8).Draw(t, "lag"))
		x.End = x.Sent + time.Duration(rapid.Int64Range(0, 1e9).Draw(t, "took"))
		switch rapid.IntRange(0, 4).Draw(t, "fate") {
		case 0:
			x.Status, x.Class = 0, load.ClassTimeout
		case 1:
			x.Class = "check_one_of"
		case 2:
			x.Status, x.Class = 503, load.ClassShedByTarget
		}
		return x
	}), 1, 40).Draw(t, "requests")
}

// TestWhatIsWrittenIsReadAsTheSameTally, to the last percentile of each phase.
func TestWhatIsWrittenIsReadAsTheSameTally(t *testing.T) {
	phases := []result.Phase{{Name: result.Baseline, To: 4 * time.Second}, {Name: result.Inject, From: 4 * time.Second, To: 9 * time.Second}}
	rapid.Check(t, func(t *rapid.T) {
		all := drawExchanges(t)
		got, err := vegetabridge.Read(bytes.NewReader(written(t, all...)), zero, phases)
		require.NoError(t, err)
		var streams []string
		for _, x := range all {
			if !slices.Contains(streams, x.Stream) {
				streams = append(streams, x.Stream)
			}
		}
		require.Len(t, got, len(streams))
		for i, stream := range streams {
			c := load.NewCounter(stream, "", phases)
			for _, x := range all {
				if x.Stream == stream {
					c.Add(x)
				}
			}
			want, err := json.Marshal(c.Tally())
			require.NoError(t, err)
			read, err := json.Marshal(got[i])
			require.NoError(t, err)
			require.JSONEq(t, string(want), string(read))
		}
	})
}

// TestVegetasReportOfALoad says what the load itself says: of its library, and of
// its command line where there is one.
func TestVegetasReportOfALoad(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/bad" {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		_, _ = io.WriteString(w, "ok")
	}))
	defer server.Close()
	path := t.TempDir() + "/results.bin"
	f, err := os.Create(path)
	require.NoError(t, err)
	w := vegetabridge.NewWriter(f)
	start := time.Now()
	attack, err := load.Start(context.Background(), load.Config{BaseURL: server.URL, Start: start,
		Observe: func(x load.Exchange) { w.Write("a run/"+x.Stream, start, x) },
	}, load.Stream{Name: "search", Profile: load.Constant(400, 500*time.Millisecond), MaxLag: time.Minute, Next: func(n int64, _ *rand.Rand) load.Request {
		if n%4 == 0 {
			return load.Request{Path: "/bad"}
		}
		return load.Request{Method: "POST", Path: "/", Body: []byte("hello")}
	}})
	require.NoError(t, err)
	tally := attack.Wait()[0]
	require.NoError(t, w.Flush())
	require.NoError(t, f.Close())

	var metrics vegeta.Metrics
	file, err := os.ReadFile(path)
	require.NoError(t, err)
	for _, r := range decoded(t, file) {
		require.Equal(t, "a run/search", r.Attack)
		metrics.Add(&r)
	}
	metrics.Close()
	require.EqualValues(t, 200, metrics.Requests)
	require.InDelta(t, 0.75, metrics.Success, 1e-9)
	require.Equal(t, map[string]int{"200": 150, "503": 50}, metrics.StatusCodes)
	require.Equal(t, []string{"status_503"}, metrics.Errors)
	require.EqualValues(t, 200*2, metrics.BytesIn.Total)
	require.EqualValues(t, 150*5, metrics.BytesOut.Total)
	require.InDelta(t, 400, metrics.Rate, 10, "by the plan's own moments")
	require.InEpsilon(t, tally.Latency.Max, float64(metrics.Latencies.Max)/1e6, 0.01)
	var text bytes.Buffer
	require.NoError(t, vegeta.NewTextReporter(&metrics).Report(&text))
	require.Contains(t, text.String(), "200:150  503:50")

	command := os.Getenv("HOLDFAST_VEGETA")
	if command == "" {
		return
	}
	said, err := exec.Command(command, "report", path).CombinedOutput()
	require.NoError(t, err, string(said))
	require.Contains(t, string(said), "200:150  503:50")
}

// TestAFileOfVegetasOwn knows no plan: its latencies count from the send.
func TestAFileOfVegetasOwn(t *testing.T) {
	results := []vegeta.Result{
		{Attack: "a", Seq: 0, Code: 200, Timestamp: zero, Latency: 10 * time.Millisecond, URL: "http://h/"},
		{Attack: "a", Seq: 1, Code: 404, Timestamp: zero.Add(time.Second), Latency: time.Millisecond, Error: "404 Not Found"},
		{Attack: "a", Seq: 2, Timestamp: zero, Error: `Get "http://h/": dial tcp 127.0.0.1:1: connect: connection refused`},
		{Attack: "a", Seq: 3, Timestamp: zero, Error: `Get "http://h/": context deadline exceeded (Client.Timeout exceeded while awaiting headers)`},
		{Attack: "a", Seq: 4, Timestamp: zero, Error: `Get "http://h/": EOF`},
		{Attack: "a", Seq: 5, Timestamp: zero, Error: "what nobody has seen"},
		{Attack: "a", Seq: 6, Code: 302, Timestamp: zero},
		{Attack: "a", Seq: 7, Code: 500, Timestamp: zero},
	}
	for name, encoder := range map[string]func(io.Writer) vegeta.Encoder{
		"binary": vegeta.NewEncoder, "JSON": vegeta.NewJSONEncoder, "CSV": vegeta.NewCSVEncoder,
	} {
		t.Run(name, func(t *testing.T) {
			var file bytes.Buffer
			encode := encoder(&file)
			for _, r := range results {
				require.NoError(t, encode(&r))
			}
			got, err := vegetabridge.Read(&file, time.Time{}, nil)
			require.NoError(t, err)
			require.Len(t, got, 1)
			require.EqualValues(t, len(results), got[0].Sent)
			require.EqualValues(t, 2, got[0].OK)
			require.Equal(t, map[string]int64{"status_404": 1, "refused": 1, "timeout": 1, "eof": 1, "other": 1, "status_500": 1}, got[0].Errors)
			require.Nil(t, got[0].Latency, "nobody knows when they were due")
			require.EqualValues(t, len(results), got[0].LatencyFromSend.N)
			require.True(t, got[0].Answered(0))
			require.False(t, got[0].Answered(1))
		})
	}
}

func TestAFileThatCannotBeReadWhole(t *testing.T) {
	whole := written(t, load.Exchange{Stream: "a", Status: 200}, load.Exchange{Stream: "a", N: 1, Status: 200})
	t.Run("none of the formats", func(t *testing.T) {
		for _, file := range []string{"", "what is this", "{}"} {
			got, err := vegetabridge.Read(strings.NewReader(file), zero, nil)
			if file == "{}" && err == nil {
				require.Empty(t, got)
				continue
			}
			require.ErrorContains(t, err, "none of its formats", file)
		}
	})
	t.Run("cut off", func(t *testing.T) {
		got, err := vegetabridge.Read(bytes.NewReader(whole[:len(whole)-3]), zero, nil)
		require.ErrorContains(t, err, "result 2")
		require.Len(t, got, 1)
		require.EqualValues(t, 1, got[0].Sent, "what was read until then is kept")
	})
	t.Run("a number that nobody has sent", func(t *testing.T) {
		_, err := vegetabridge.Read(bytes.NewReader(written(t, load.Exchange{Stream: "a", N: 1 << 60})), zero, nil)
		require.ErrorContains(t, err, "its number")
	})
	t.Run("attacks without end", func(t *testing.T) {
		var all []load.Exchange
		for n := range 1001 {
			all = append(all, load.Exchange{Stream: strings.Repeat("a", n)})
		}
		_, err := vegetabridge.Read(bytes.NewReader(written(t, all...)), zero, nil)
		require.ErrorContains(t, err, "more than 1000 attacks")
	})
}

// full is a disk without room.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

func TestAFullDiskIsReported(t *testing.T) {
	w := vegetabridge.NewWriter(full{})
	for n := range int64(5000) {
		w.Write("a", zero, load.Exchange{N: n})
	}
	require.ErrorContains(t, w.Flush(), "no space left on device")
	require.ErrorContains(t, w.Flush(), "no space left on device", "and is not forgotten")
}

func FuzzRead(f *testing.F) {
	f.Add(written(f, load.Exchange{Stream: "a", Status: 200, End: time.Second}))
	for _, encoder := range []func(io.Writer) vegeta.Encoder{vegeta.NewJSONEncoder, vegeta.NewCSVEncoder} {
		var file bytes.Buffer
		require.NoError(f, encoder(&file)(&vegeta.Result{Attack: "a", Code: 200, Timestamp: zero, Latency: time.Second, Error: "e"}))
		f.Add(file.Bytes())
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		tallies, _ := vegetabridge.Read(bytes.NewReader(file), time.Time{}, nil)
		for _, tally := range tallies {
			require.Equal(t, tally.Planned, tally.Sent)
		}
	})
}
