//go:build !slim

package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/manifest"
)

// asProgram in the environment has the test's binary be the program itself.
const asProgram = "HOLDFAST_TEST_AS_PROGRAM"

// TestMain lets a run start workers of the program that it is part of, and a test start
// the program.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "worker" || os.Getenv(asProgram) != "" {
		main()
	}
	os.Exit(m.Run())
}

// thereAlready is a service that runs already.
const thereAlready = `version: 1
name: there
processes:
  api:
    url: "%s"
scenarios:
  - name: there/steady
    claim: What is asked for is there.
    timeline: { warm_up: 200ms, baseline: 1s }
    load:
      - name: page
        rate: 100/s
        request: { path: "/{n}" }
        vary: { n: { integers: { min: 1, max: 9 } } }
    checks:
      - page.ok_ratio >= 99%%
`

func TestWorkersSendTheLoadOfARun(t *testing.T) {
	var mu sync.Mutex
	seen := map[string]int{}
	far := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		if id := r.Header.Get(load.HeaderRequest); strings.HasPrefix(id, "page/") {
			seen[id]++
		}
	}))
	defer far.Close()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, manifest.FileName), fmt.Appendf(nil, thereAlready, far.URL), 0o600))
	var out, stdout, stderr string
	code := exitInconclusive
	refused := func() bool { return strings.Contains(stderr, "is refused") } // a clock that a busy machine cannot set
	for tries := 0; (code == exitInconclusive || refused()) && tries < 3; tries++ {
		mu.Lock()
		clear(seen)
		mu.Unlock()
		out = t.TempDir()
		code, stdout, stderr = holdfast(t, nil, "run", "--service", dir, "--all", "--allow-host", "127.0.0.1", "--allow-load", "--workers", "2", "--out", out)
	}
	t.Logf("%d %s %s", code, stdout, stderr)
	file, err := readRun(filepath.Join(out, "run.json"))
	require.NoError(t, err)
	s := file.Scenarios[0]
	require.NotNil(t, s.Fleet, "%s %s", stdout, stderr)
	require.Empty(t, s.Fleet.Broken)
	require.Len(t, s.Fleet.Workers, 2)
	stream := s.Streams[0]
	require.EqualValues(t, 120, stream.Planned)
	require.Equal(t, stream.Planned, stream.Sent+stream.Late+stream.Shed+stream.Unsent)
	var unknown int64
	for _, span := range s.Fleet.Spans { // more than none on a machine that is too busy alone
		unknown += span.Unknown
	}
	require.GreaterOrEqual(t, int64(len(seen)), stream.Sent, "what is counted has arrived")
	require.LessOrEqual(t, int64(len(seen)), stream.Sent+unknown, "and nothing else")
	for id, n := range seen {
		require.Equal(t, 1, n, id)
	}
	page, err := os.ReadFile(filepath.Join(out, "report.html"))
	require.NoError(t, err)
	require.Contains(t, string(page), "worker-2")
	if code != exitPass { // on a machine that is too busy the workers are late, and say so
		require.Equal(t, exitInconclusive, code, stderr)
		require.Regexp(t, "the run was disturbed|sent late|too late|send lag|actual minus planned send|can't be held against the target", s.Reason)
		require.Contains(t, stdout+stderr, s.Reason, "and it is printed")
	}
}

// The workers of a run that is killed end before anybody has claimed them.
func TestWorkersEndWithWhoStartedThem(t *testing.T) {
	own, err := ownBroker()
	require.NoError(t, err)
	defer own.Close()
	c, err := hire(1, own.URL(), own.Token(), loopbackHosts())
	require.NoError(t, err)
	defer func() { require.NoError(t, c.dismiss()) }()
	require.NoError(t, c.all[0].hold.Close()) // as the end of this process does
	select {
	case <-c.all[0].ended:
	case <-time.After(30 * time.Second):
		t.Fatal("it waits for ever")
	}
}

func TestFleetsThatCannotBeAreRefused(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, manifest.FileName), fmt.Appendf(nil, thereAlready, "http://127.0.0.1:1"), 0o600))
	service := []string{"run", "--service", dir, "--all", "--allow-host", "127.0.0.1", "--allow-load"}
	for _, row := range []struct {
		args []string
		says string
	}{
		{append(service, "--workers", "-1"), "--workers -1: at least one"},
		{append(service, "--workers", "2", "--lost-worker", "retry"), `--lost-worker: "retry" is no policy`},
		{append(service, "--fleet", "nats://10.0.0.1:4222"), "--fleet: 10.0.0.1:4222 is no loopback address"},
		{append(service, "--workers", "2", "--nats-creds", "x"), "needs none of that"},
		{append(service, "--workers", "2", "--side-by-side", "2"), "--side-by-side 2: workers send one load at a time"},
		{[]string{"run", "search/overload", "--workers", "2"}, "cannot be sent by other processes, which are given data alone"},
		{[]string{"worker", "--allow-host", "a"}, "--nats: where is the broker?"},
		{[]string{"worker", "--nats", "nats://127.0.0.1:1"}, "--allow-host is missing"},
		{[]string{"worker", "--nats", "nats://127.0.0.1:1", "--allow-host", "http://a/"}, `--allow-host "http://a/": it is to be HOST or HOST:PORT`},
		{[]string{"worker", "--nats", "nats://127.0.0.1:1", "--allow-host", "a", "--runs", "-2"}, "--runs -2"},
		{[]string{"worker", "--nats", "tls://nats.example.com:1", "--allow-host", "a"}, "it needs credentials"},
	} {
		code, stdout, stderr := holdfast(t, nil, row.args...)
		require.Equal(t, exitUsage, code, "%v: %s", row.args, stderr)
		require.Contains(t, stderr, row.says, row.args)
		require.Empty(t, stdout)
	}
	code, _, stderr := holdfast(t, nil, "worker", "--nats", "nats://127.0.0.1:1", "--allow-host", "a")
	require.Equal(t, exitEnvironment, code, stderr)
	require.Contains(t, stderr, "connect to the broker nats://127.0.0.1:1")
}

func TestAFleetIsRepeated(t *testing.T) {
	require.Empty(t, fleetFlags{lost: "take-over"}.again())
	require.Equal(t, " --workers 3 --lost-worker fail --fleet 'tls://a:1' --nats-creds 'a b'",
		fleetFlags{workers: 3, lost: "fail", url: "tls://a:1", nats: natsFlags{creds: "a b"}}.again())
}

// What is deployed starts workers with flags that there are.
func TestWhatIsDeployedStartsWorkers(t *testing.T) {
	try := func(args []string) {
		cmd := newWorker(environ{getenv: os.Getenv})
		require.NotEmpty(t, args)
		require.NoError(t, cmd.ParseFlags(args), args)
		require.NotEmpty(t, cmd.Flags().Lookup("nats").Value.String())
		require.NotEqual(t, "[]", cmd.Flags().Lookup("allow-host").Value.String())
	}
	data, err := os.ReadFile("../../deploy/kubernetes/workers.yaml")
	require.NoError(t, err)
	dec := yaml.NewDecoder(strings.NewReader(string(data)))
	jobs := 0
	for {
		var doc struct {
			Kind string
			Spec struct {
				Template struct {
					Spec struct{ Containers []struct{ Args []string } }
				}
			}
		}
		if dec.Decode(&doc) != nil {
			break
		}
		for _, c := range doc.Spec.Template.Spec.Containers {
			jobs++
			require.Equal(t, "worker", c.Args[0])
			try(c.Args[1:])
		}
	}
	require.Equal(t, 1, jobs)
	unit, err := os.ReadFile("../../deploy/systemd/holdfast-worker.service")
	require.NoError(t, err)
	flags := regexp.MustCompile(`HOLDFAST_WORKER_FLAGS=(.*)`).FindSubmatch(unit)
	require.NotNil(t, flags)
	try(strings.Fields(string(flags[1])))
	require.Contains(t, string(unit), "ExecStart=/usr/local/bin/holdfast worker $HOLDFAST_WORKER_FLAGS")
}
