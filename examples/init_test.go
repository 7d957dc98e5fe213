package examples_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/witness/witnesstest"
)

// TestDrafts has drafts made of folders as people have them, and runs them as they are.
func TestDrafts(t *testing.T) {
	program := built(t)
	sayWhatToDo(t, program)
	nameWhatIsMissing(t, program)
	askWhatAnInputHas(t, program)
}

// newcomer is who has a folder without a holdfast.yaml, drafts one and runs it as it is.
type newcomer struct {
	program, folder string
	env             []string
}

// newcomerWith has a copy of a folder of testdata/init, in a test that runs beside others: a
// run waits for most of its time.
func newcomerWith(t *testing.T, program, name string, env ...string) newcomer {
	t.Helper()
	t.Parallel()
	n := newcomer{program, filepath.Join(t.TempDir(), name), append(os.Environ(), env...)}
	require.NoError(t, os.CopyFS(n.folder, os.DirFS(filepath.Join("testdata/init", name))))
	return n
}

// debian is a PATH with Debian's own Python, and what is written in it, before another
// that this machine may have.
func debian(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"python3", "flask"} {
		require.NoError(t, os.Symlink(filepath.Join("/usr/bin", name), filepath.Join(dir, name)))
	}
	return "PATH=" + dir + ":" + os.Getenv("PATH")
}

// does carries out a command in the folder, and returns its exit code and all it says.
func (n newcomer) does(t *testing.T, args ...string) (int, string) {
	t.Helper()
	cmd := exec.Command(n.program, args...)
	cmd.Dir, cmd.Env = n.folder, n.env
	out, err := cmd.CombinedOutput()
	if !errors.As(err, new(*exec.ExitError)) {
		require.NoError(t, err)
	}
	return cmd.ProcessState.ExitCode(), string(out)
}

// drafts has a holdfast.yaml drafted, which is one that a run takes.
func (n newcomer) drafts(t *testing.T, args ...string) {
	t.Helper()
	for _, command := range [][]string{append([]string{"init"}, args...), {"validate"}, {"plan"}} {
		code, said := n.does(t, command...)
		require.Equal(t, 0, code, "%v\n%s", command, said)
	}
}

// busy is how a run says that the machine kept it from seeing something.
var busy = regexp.MustCompile(`the run was disturbed|can't be held against the target`)

// runs runs scenarios of the draft. What a busy machine kept from being seen is skipped.
func (n newcomer) runs(t *testing.T, args ...string) (int, string, map[string]result.Scenario) {
	t.Helper()
	out := t.TempDir()
	code, said := n.does(t, append([]string{"run", "--service", ".", "--seed", "1", "--out", out}, args...)...)
	t.Log(said)
	file, err := os.Open(filepath.Join(out, "run.json"))
	if errors.Is(err, os.ErrNotExist) {
		return code, said, nil
	}
	require.NoError(t, err)
	defer file.Close()
	run, err := result.Read(file)
	require.NoError(t, err)
	all := map[string]result.Scenario{}
	for _, s := range run.Scenarios {
		if s.Verdict == result.Inconclusive && busy.MatchString(s.Reason) {
			witnesstest.TooBusy(t, s.Reason)
		}
		_, name, _ := strings.Cut(s.Name, "/")
		all[name] = s
	}
	return code, said, all
}

// sayWhatToDo holds that a first run ends in a verdict; where that is no pass, it says
// what to do, with the program or the line of the file.
func sayWhatToDo(t *testing.T, program string) {
	for _, row := range []struct {
		folder string
		code   int
		says   map[string]string // of each scenario, the reason
	}{
		{"flask", 0, map[string]string{"steady": "price-one.ok_ratio was", "rates": "price-one.latency.max was"}},
		{"django", 0, map[string]string{"steady": "orders.ok_ratio was", "db": "orders."}},
		{"go-module", 0, map[string]string{"steady": "quotes-today.ok_ratio was", "db": "quotes-today.latency.max was"}},
		{"ruby", 0, map[string]string{"steady": "visits.ok_ratio was", "redis": "visits.latency.max was"}},
		{"node", 1, map[string]string{"steady": "status is 404, expected is status 2xx; all 120 answers are 404, so the request itself is at fault: write at holdfast.yaml:", "warehouse": "answers are 404"}},
		{"php", 1, map[string]string{"steady": "home.ok_ratio was", "geo": "it is a 503 without Retry-After"}},
		{"python", 1, map[string]string{"steady": "web listens on 0.0.0.0:"}},
	} {
		t.Run(row.folder, func(t *testing.T) {
			n := newcomerWith(t, program, row.folder, debian(t))
			n.drafts(t)
			code, _, scenarios := n.runs(t, "--all", "--retries", "1")
			require.Equal(t, row.code, code)
			for name, says := range row.says {
				require.Contains(t, scenarios[name].Reason, says)
			}
			require.Len(t, scenarios, len(row.says))
		})
	}
}

// nameWhatIsMissing holds that a first run names what a machine lacks for it, with where
// the file asks for it, and what the folder did not say.
func nameWhatIsMissing(t *testing.T, program string) {
	for _, row := range []struct {
		folder string
		says   []string
	}{
		{"rack", []string{"bundle is in no folder of its PATH; holdfast.yaml:", " is its command"}},
		{"ruby", []string{"start redis: no usable Docker engine: "}},
		{"empty", []string{"holdfast.yaml:", "holdfast.yaml does not say yet how this service is started: processes.web.command"}},
	} {
		t.Run(row.folder+" on a bare machine", func(t *testing.T) {
			bare := t.TempDir() // a machine with a shell and no more
			require.NoError(t, os.Symlink("/bin/sh", filepath.Join(bare, "sh")))
			n := newcomerWith(t, program, row.folder, "PATH="+bare, "DOCKER_HOST=unix://"+filepath.Join(bare, "none.sock"))
			n.drafts(t)
			code, _, scenarios := n.runs(t, "--all")
			require.Equal(t, 3, code)
			for _, says := range row.says {
				require.Contains(t, scenarios["steady"].Reason, says)
			}
		})
	}
}

// askWhatAnInputHas holds that a first run asks what an input says.
func askWhatAnInputHas(t *testing.T, program string) {
	for _, row := range []struct {
		flag, text string
		asks       []string // streams
	}{
		{"--openapi", `openapi: 3.0.3
info: { title: Prices, version: "1" }
paths:
  /price/{cents}:
    get:
      parameters: [ { name: cents, in: path, required: true, schema: { type: integer, example: 250 } } ]
      responses: { "200": { description: What it is in dollars. } }
  /orders:
    post:
      requestBody: { content: { application/json: { schema: { type: object, properties: { item: { type: string, example: tea } } } } } }
      responses: { "201": { description: Taken. } }
`, []string{"price-one", "post-orders"}},
		{"--har", `{ "log": { "entries": [
  { "startedDateTime": "2025-10-10T12:00:00Z", "time": 12, "request": { "method": "GET", "url": "https://shop.example/price/250" }, "response": { "status": 200, "content": { "mimeType": "application/json" } } },
  { "startedDateTime": "2025-10-10T12:00:01Z", "time": 15, "request": { "method": "POST", "url": "https://shop.example/orders", "postData": { "mimeType": "application/json", "text": "{\"item\":\"tea\"}" } }, "response": { "status": 201, "content": { "mimeType": "application/json" } } }
] } }
`, []string{"price-one", "post-orders"}},
		{"--curl", `curl http://localhost:5000/price/250
curl http://localhost:5000/orders -H 'Content-Type: application/json' -d '{"item":"tea"}'
`, []string{"price-one", "post-orders"}},
		{"--access-log", accessLog(100_000), []string{"price-one"}},
	} {
		t.Run("flask "+row.flag, func(t *testing.T) {
			n := newcomerWith(t, program, "flask", debian(t))
			require.NoError(t, os.WriteFile(filepath.Join(n.folder, "input"), []byte(row.text), 0o600))
			n.drafts(t, row.flag, "input")
			if row.flag == "--access-log" {
				n.isQuick(t, row.flag, "input")
			}
			code, said, scenarios := n.runs(t, "flask/steady", "--retries", "1")
			require.Equal(t, 0, code, said)
			var asks []string
			for _, s := range scenarios["steady"].Streams {
				require.Positive(t, s.OK, s.Name)
				asks = append(asks, s.Name)
			}
			require.ElementsMatch(t, row.asks, asks)
		})
	}
}

// accessLog is a log of n requests, twenty a second.
func accessLog(n int) string {
	var b strings.Builder
	at := time.Date(2025, 10, 10, 12, 0, 0, 0, time.UTC)
	for i := range n {
		fmt.Fprintf(&b, "192.0.2.%d - - [%s] \"GET /price/%d HTTP/1.1\" 200 17 \"-\" \"Mozilla/5.0 (X11; Linux x86_64)\"\n",
			i%250, at.Add(time.Duration(i)*50*time.Millisecond).Format("02/Jan/2006:15:04:05 -0700"), 1+i%5000)
	}
	return b.String()
}

// isQuick holds that a draft takes less than two seconds, at best of three.
func (n newcomer) isQuick(t *testing.T, args ...string) {
	t.Helper()
	var took time.Duration
	for range 3 {
		begun := time.Now()
		code, said := n.does(t, append([]string{"init", "--force"}, args...)...)
		require.Equal(t, 0, code, said)
		if took = time.Since(begun); took < 2*time.Second {
			return
		}
	}
	require.Less(t, took, 2*time.Second)
}
