package load_test

import (
	"bytes"
	"cmp"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Of the comparison with other load generators: which of them, by the names under
// which they are found, how long each run is, and the Markdown file in which the table
// is replaced. scripts/perf.sh builds them and sets all three.
const (
	rivalsVariable = "HOLDFAST_RIVALS" // vegeta fortio hey wrk ab
	lengthVariable = "HOLDFAST_RIVALS_FOR"
	intoVariable   = "HOLDFAST_RIVALS_INTO"
)

// Each round runs every generator once, on one core, against the trivial server on
// another, with this many requests in flight at most.
const (
	rounds   = 5
	inFlight = 64
	// delivered is the least share of a rate that must have arrived for its cost to
	// mean anything.
	delivered = 0.97
)

// rival is a load generator's command line. A rate of 0 is as fast as it goes.
type rival struct {
	name    string
	rated   bool // it can be told a rate
	command func(base string, rate int, length time.Duration) []string
}

// rivals keep what they need in dir.
func rivals(dir string) []rival {
	seconds := func(d time.Duration) string { return strconv.Itoa(int(d.Seconds())) }
	each := strconv.Itoa(inFlight)
	return []rival{
		{"vegeta", true, func(base string, rate int, length time.Duration) []string {
			return []string{"attack", "-rate=" + strconv.Itoa(rate), "-workers=" + each, "-max-workers=" + each,
				"-duration=" + length.String(), "-targets=" + target(dir, base), "-output=" + os.DevNull}
		}},
		{"fortio", true, func(base string, rate int, length time.Duration) []string {
			return []string{"load", "-quiet", "-loglevel", "error", "-c", each, "-qps", strconv.Itoa(rate), "-t", length.String(), base + "/"}
		}},
		{"hey", true, func(base string, rate int, length time.Duration) []string {
			args := []string{"-cpus", "1", "-c", each, "-z", length.String()}
			if rate > 0 {
				args = append(args, "-q", strconv.FormatFloat(float64(rate)/inFlight, 'f', -1, 64)) // each worker's own
			}
			return append(args, base+"/")
		}},
		{"wrk", false, func(base string, _ int, length time.Duration) []string {
			return []string{"-t1", "-c" + each, "-d" + length.String(), base + "/"}
		}},
		{"ab", false, func(base string, _ int, length time.Duration) []string {
			return []string{"-q", "-k", "-c", each, "-t", seconds(length), "-n", "2000000", base + "/"} // it keeps 32 bytes of each
		}},
	}
}

// target is a file in dir that names what vegeta is to ask for.
func target(dir, base string) string {
	path := filepath.Join(dir, "target")
	if err := os.WriteFile(path, []byte("GET "+base+"/\n"), 0o600); err != nil {
		panic(err)
	}
	return path
}

// TestCompareWithOthers measures what a request costs this package's generator and
// others, in processor time, which other work on a machine disturbs less than the
// clock. What arrived is counted by the server.
func TestCompareWithOthers(t *testing.T) {
	names := strings.Fields(os.Getenv(rivalsVariable))
	if len(names) == 0 {
		t.Skip("set " + rivalsVariable + " to the names of other load generators")
	}
	length, err := time.ParseDuration(cmp.Or(os.Getenv(lengthVariable), "4s"))
	require.NoError(t, err)
	s, dir := serve(t), t.TempDir()
	var table comparison
	for _, rate := range []int{0, 500, 2000, 10_000, 20_000} {
		column := costs{rate: rate, of: map[string][]float64{}}
		for round := range rounds {
			tools := []rival{{name: ours}}
			for _, r := range rivals(dir) {
				if slices.Contains(names, r.name) && (rate == 0 || r.rated) {
					tools = append(tools, r)
				}
			}
			for i := range tools { // another begins each round
				r := tools[(i+round)%len(tools)]
				column.of[r.name] = append(column.of[r.name], costOf(t, s, r, rate, length))
			}
		}
		table = append(table, column)
	}
	for line := range strings.Lines(table.markdown(names)) {
		t.Log(strings.TrimSpace(line))
	}
	if path := os.Getenv(intoVariable); path != "" {
		replaceTable(t, path, table.markdown(names))
	}
}

// costOf is the processor time of one request in microseconds; NaN where too few of the
// planned ones arrived.
func costOf(t *testing.T, s server, r rival, rate int, length time.Duration) float64 {
	t.Helper()
	before := s.served(t)
	var used time.Duration
	if r.name == ours {
		asked := cmp.Or(rate, 100_000) // more than a core can send: the rest is shed
		_, used, _ = generate(t, pinned("0", os.Args[0]), s.base, strconv.Itoa(asked), length.String(), strconv.Itoa(inFlight))
	} else {
		path, err := exec.LookPath(r.name)
		require.NoError(t, err)
		cmd := pinned("0", path, r.command(s.base, rate, length)...)
		cmd.Env = append(os.Environ(), "GOMAXPROCS=1")
		said, err := cmd.CombinedOutput()
		require.NoError(t, err, string(said))
		used = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	}
	n := s.served(t) - before
	require.Positive(t, n, "%s sent nothing", r.name)
	if float64(n) < delivered*float64(rate)*length.Seconds() {
		t.Logf("%s at %d/s: only %d requests arrived", r.name, rate, n)
		return nothing
	}
	return float64(used.Microseconds()) / float64(n)
}

// replaceTable puts the table where the last one stands.
func replaceTable(t *testing.T, path, table string) {
	t.Helper()
	const begins, ends = "<!-- generators -->\n", "<!-- /generators -->"
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	before, rest, found := bytes.Cut(text, []byte(begins))
	require.True(t, found, "%s has no line %s", path, begins)
	_, after, found := bytes.Cut(rest, []byte(ends))
	require.True(t, found, "%s has no line %s", path, ends)
	require.NoError(t, os.WriteFile(path, slices.Concat(before, []byte(begins), []byte(table), []byte(ends), after), 0o644))
}

func TestTheTableOfCostsSaysWhatWasMeasured(t *testing.T) {
	t.Parallel()
	table := comparison{
		{rate: 0, of: map[string][]float64{ours: {10, 20, 40}, "wrk": {5, 20, 10}, "vegeta": {30, 40, 80}}},
		{rate: 500, of: map[string][]float64{ours: {100, 120, 110}, "vegeta": {200, nothing, 220}}},
		{rate: 20_000, of: map[string][]float64{ours: {10, 10, 10}, "vegeta": {nothing, nothing, nothing}}},
	}
	require.Equal(t, strings.TrimPrefix(`
| processor time of a request | as fast as it goes | 500/s | 20,000/s |
|---|---|---|---|
| Holdfast | 20 µs | 110 µs | 10 µs |
| vegeta | 40 µs | 210 µs | too slow |
| wrk | 10 µs | | |
| Holdfast beside vegeta | 0.50× (0.33 to 0.50) | 0.50× (0.50 to 0.50) | |
| Holdfast beside wrk | 2.00× (1.00 to 4.00) | | |
`, "\n"), table.markdown([]string{"vegeta", "wrk"}))
}

func TestRivalsAreAskedForWhatTheyCanDo(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, r := range rivals(t.TempDir()) {
		require.False(t, seen[r.name])
		seen[r.name] = true
		args := strings.Join(r.command("http://127.0.0.1:1", 640, 4*time.Second), " ")
		require.Contains(t, args, "64", fmt.Sprintf("%s: how many in flight", r.name))
		require.Equal(t, r.rated, strings.Contains(args, "640") || strings.HasSuffix(args, "-q 10 http://127.0.0.1:1/"), r.name)
	}
}
