package standing

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/probe"
	"holdfast.dev/holdfast/harness/result"
)

// playVariable makes this test binary play a target that leaves things behind.
const playVariable = "STANDING_TEST_TARGET"

func TestMain(m *testing.M) {
	switch os.Getenv(playVariable) {
	case "":
		os.Exit(m.Run())
	case "child":
		select {}
	case "spin":
		for n := new(atomic.Int64); ; {
			n.Add(1)
		}
	}
	playTarget()
}

// playTarget serves until it is killed. Each request to /leak?what=… leaves something.
func playTarget() {
	var mu sync.Mutex
	var kept []any
	keep := func(one any, err error) {
		if err != nil {
			panic(err)
		}
		mu.Lock()
		defer mu.Unlock()
		kept = append(kept, one)
	}
	http.HandleFunc("/metrics", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, "# TYPE go_goroutines gauge\ngo_goroutines %d\n", runtime.NumGoroutine())
	})
	http.HandleFunc("/leak", func(_ http.ResponseWriter, r *http.Request) {
		switch what, where, _ := strings.Cut(r.URL.Query().Get("what"), " "); what {
		case "goroutine":
			go func() { select {} }()
		case "spin":
			for range 8 { // whoever else is there, they get enough
				cmd := exec.Command(os.Args[0])
				cmd.Env = append(os.Environ(), playVariable+"=spin", "GOMAXPROCS=1")
				keep(cmd, cmd.Start())
			}
		case "file":
			keep(os.Open(os.DevNull))
		case "thread":
			go func() { runtime.LockOSThread(); select {} }()
		case "connection":
			keep(net.Dial("tcp", where))
		case "listener":
			keep(net.Listen("tcp", where))
		case "child":
			cmd := exec.Command(os.Args[0])
			cmd.Env = append(os.Environ(), playVariable+"=child")
			keep(cmd, cmd.Start())
		}
	})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Println(l.Addr())
	panic(http.Serve(l, nil))
}

// startTarget returns a scene around a target of its own.
func startTarget(t *testing.T, outside ...Outside) Scene {
	t.Helper()
	mark := fmt.Sprintf("STANDING_TEST_MARK=%d", time.Now().UnixNano())
	cmd := exec.Command(os.Args[0])
	cmd.Env = []string{playVariable + "=serve", mark}
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	address, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	pid := func() (int32, bool) { return int32(cmd.Process.Pid), true }
	tree := probe.NewTree(probe.TreeConfig{Root: pid, Mark: func() string { return mark }})
	sockets := probe.NewSockets(tree)
	t.Cleanup(func() {
		require.NoError(t, sockets.Close())
		for _, member := range tree.Look() {
			if p, err := os.FindProcess(int(member)); err == nil {
				_ = p.Kill()
			}
		}
		_ = cmd.Wait()
	})
	address = strings.TrimSpace(address)
	return Scene{Target: "http://" + address, Parts: []Part{{Listens: []string{address}, Tree: tree, Sockets: sockets}}, Outside: outside}
}

// asked lets a check look at a target that is asked n times, one after the other.
func asked(t *testing.T, c Check, s Scene, n int, what string) Finding {
	t.Helper()
	w, err := c.Begin(t.Context(), s)
	require.NoError(t, err)
	client := http.Client{Transport: &http.Transport{}}
	for range n {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.Target+"/leak", nil)
		require.NoError(t, err)
		r.URL.RawQuery = "what=" + strings.ReplaceAll(what, " ", "+")
		res, err := client.Do(r)
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		require.Equal(t, http.StatusOK, res.StatusCode)
	}
	client.CloseIdleConnections()
	_, err = s.Parts[0].Sockets.Look()
	require.NoError(t, err)
	if w.Drained != nil {
		ctx, cancel := context.WithTimeout(t.Context(), DrainedTimeout)
		defer cancel()
		w.Drained(ctx, Settled{
			Streams:  []load.Tally{{Stream: result.Stream{Name: "leak", Counts: result.Counts{Sent: int64(n)}, MaxInFlight: 1}}},
			Snapshot: func() probe.Record { return probe.Record{} },
		})
	}
	return w.Ended(Ended{Start: time.Now(), Complete: true})
}

func TestWhatATargetLeavesIsSeen(t *testing.T) {
	far, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = far.Close() }) // after those that go on in parallel
	api := Outside{Name: "api", Addresses: []string{far.Addr().String()}, Calls: func() (int64, int64, int64) { return 0, 1, 30 }}
	for what, want := range map[string]string{
		"nothing":                           "",
		"goroutine":                         "goroutines",
		"file":                              "open files",
		"thread":                            "threads",
		"child":                             "processes",
		"connection " + far.Addr().String(): "connections to api",
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			f := asked(t, left(), startTarget(t, api), 40, what)
			require.NotZero(t, f.Looked, f.Unseen)
			if want == "" {
				require.Zero(t, f.Broken, f.Text())
				return
			}
			require.NotZero(t, f.Broken)
			require.Contains(t, f.Text(), want+": ")
		})
	}
}

// A loop without a pause is seen, also where it is one goroutine that nobody would miss.
func TestATargetThatDoesNotComeToRestIsSeen(t *testing.T) {
	f := asked(t, rest(), startTarget(t), 3, "nothing")
	require.NotZero(t, f.Looked, f.Unseen)
	require.Zero(t, f.Broken, f.Text())
	f = asked(t, rest(), startTarget(t), 1, "spin")
	require.EqualValues(t, 1, f.Broken, f.Unseen)
	require.Contains(t, f.Text(), "the target went on to use ")
}

func TestWhereATargetCallsIsSeen(t *testing.T) {
	far, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer far.Close()
	api := Outside{Name: "api", Addresses: []string{far.Addr().String()}}
	home := "connection " + far.Addr().String()
	require.Zero(t, asked(t, nowhere(), startTarget(t, api), 3, home).Broken)
	f := asked(t, nowhere(), startTarget(t), 3, home)
	require.EqualValues(t, 1, f.Broken, "one place, however often it is called")
	require.Contains(t, f.Text(), far.Addr().String())
	require.Contains(t, asked(t, nowhere(), startTarget(t, api), 1, "listener 127.0.0.1:0").Text(), "was not told to")
}
