package reevaluate_test

import (
	"encoding/binary"
	"os"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/reports/reevaluate"
)

func ptr[T any](v T) *T { return &v }

// oldRun has one check of each kind, and data that nothing judged.
func oldRun() *result.Run {
	q := &result.Quantiles{N: 500, P50: 12, P90: 80, P99: 405, P999: 600, Max: 700, Mean: 30}
	return &result.Run{ID: "1", Complete: true, Verdict: result.Pass, Reason: "search/x: search.latency.p99 was 405 ms", Scenarios: []result.Scenario{{
		Name: "search/x", Verdict: result.Pass, Reason: "the first check",
		Phases: []result.Phase{{Name: result.Baseline, From: 0 * time.Second, To: 5 * time.Second}, {Name: result.Heal, From: 5 * time.Second, To: 10 * time.Second}},
		Checks: []result.Check{
			{Metric: "search.latency.p99", Phase: result.Baseline, Op: "<=", Threshold: 500, Unit: result.UnitMS, Value: ptr(405.0), Samples: 500, Verdict: result.Pass, Primary: true, Reason: "the first check"},
			{Metric: "target.rss.max", Op: "<", Threshold: 100e6, Unit: result.UnitBytes, Value: ptr(68e6), Samples: 50, Verdict: result.Pass},
			{Metric: "search.ok_ratio", Op: ">=", Threshold: 0.9, Unit: result.UnitRatio, Value: ptr(0.95), Samples: 500, Verdict: result.Pass},
			{Metric: "api.in_flight", Phase: result.Heal, Op: "falls_to", Threshold: 2, Level: ptr(2.0), LevelUnit: result.UnitCount, Unit: result.UnitSeconds, Value: ptr(1.0), Samples: 5, Verdict: result.Pass},
			{Metric: "task.lost", Op: "==", Threshold: 0, Unit: result.UnitCount, Verdict: result.NotExercised, Reason: "no samples"},
			{Metric: "search.wrong", Op: "==", Threshold: 0, Unit: result.UnitCount, Value: ptr(3.0), Verdict: result.Inconclusive, Reason: "too few"},
		},
		Streams: []result.Stream{{Name: "search", Phases: []result.StreamPhase{{Phase: result.Baseline, Counts: result.Counts{Latency: q}}}}},
		Series: []result.Series{
			{Name: "api.in_flight", Unit: result.UnitCount, T: []float64{5, 6, 7, 8, 9}, V: []float64{9, 4, 1, 0, 0}},
			{Name: "db.connections", Unit: result.UnitCount, T: []float64{1, 2, 6}, V: []float64{3, 9, 5}, Reduced: "max per 1 s"},
		},
	}}}
}

func apply(t *testing.T, run *result.Run, file string) (*result.Run, error) {
	t.Helper()
	l, err := reevaluate.Read(strings.NewReader(file))
	require.NoError(t, err)
	return l.Apply(run, "slo.yaml")
}

func TestOtherLimits(t *testing.T) {
	for _, row := range []struct {
		name, file string
		check      int
		is         result.Verdict
		limit      string
	}{
		{"tighter", `limits: [{metric: search.latency.p99, limit: 300ms}]`, 0, result.Fail, "≤\u00a0300\u00a0ms"},
		{"still held", `limits: [{metric: search.latency.p99, limit: 0.41s}]`, 0, result.Pass, "≤\u00a0410\u00a0ms"},
		{"as JSON", `{"limits": [{"metric": "search.latency.p99", "limit": "300"}]}`, 0, result.Fail, "≤\u00a0300\u00a0ms"},
		{"bytes", `limits: [{metric: target.rss.max, limit: 64MiB}]`, 1, result.Fail, "<\u00a067.1\u00a0MB"},
		{"a share", `limits: [{metric: search.ok_ratio, limit: 99%}]`, 2, result.Fail, "≥\u00a099\u00a0%"},
		{"another op", `limits: [{metric: search.ok_ratio, op: between, limit: 0.9, upper: 0.94}]`, 2, result.Fail, "90\u00a0% to 94\u00a0%"},
		{"less time to fall", `limits: [{metric: api.in_flight, within: 500ms}]`, 3, result.Fail, "within 0.5\u00a0s"},
		{"a lower level to fall to", `limits: [{metric: api.in_flight, limit: 0}]`, 3, result.Fail, "within 2\u00a0s"},
		{"a higher one", `limits: [{metric: api.in_flight, limit: 4, within: 1s}]`, 3, result.Pass, "within 1\u00a0s"},
		{"what was not exercised stays so", `limits: [{metric: task.lost, limit: 10}]`, 4, result.NotExercised, "=\u00a010"},
		{"what was not valid stays so", `limits: [{metric: search.wrong, limit: 3}]`, 5, result.Inconclusive, "=\u00a03"},
		{"a percentile that nobody judged", `limits: [{metric: search.latency.p50, phase: baseline, op: "<=", limit: 10}]`, 6, result.Fail, "≤\u00a010\u00a0ms"},
		{"one that has too few samples", `limits: [{metric: search.latency.p99_9, phase: baseline, op: "<=", limit: 1000}]`, 6, result.Inconclusive, "≤\u00a01\u00a0000\u00a0ms"},
		{"a series that nobody judged", `limits: [{metric: db.connections.max, scenario: search/*, op: "<=", limit: 10}]`, 6, result.Pass, "≤\u00a010"},
		{"in a phase of it", `limits: [{metric: db.connections.max, phase: heal, op: "<=", limit: 4}]`, 6, result.Fail, "≤\u00a04"},
	} {
		t.Run(row.name, func(t *testing.T) {
			run := oldRun()
			again, err := apply(t, run, row.file)
			require.NoError(t, err)
			require.Equal(t, oldRun(), run, "the run stays as it is")
			got := again.Scenarios[0].Checks[row.check]
			require.Equal(t, row.is, got.Verdict, got.Reason)
			require.Len(t, again.Reevaluated.Changes, 1)
			change := again.Reevaluated.Changes[0]
			require.Equal(t, row.limit, change.NewLimit)
			require.Equal(t, row.is, change.Is)
			require.Equal(t, "slo.yaml", again.Reevaluated.By)
			if row.is == result.Fail {
				require.Equal(t, result.Fail, again.Verdict)
				require.Contains(t, again.Reason, "search/x: ")
				require.NotEqual(t, run.Reason, again.Reason)
			}
		})
	}
}

func TestWhatCannotBeJudgedIsAnError(t *testing.T) {
	for name, row := range map[string]struct{ file, says string }{
		"an unknown metric":           {`limits: [{metric: search.latnecy.p99, limit: 1}]`, "nothing in this run is judged or measured"},
		"another scenario":            {`limits: [{metric: search.latency.p99, scenario: task/*, limit: 1}]`, "(in scenario task/*)"},
		"the wrong unit":              {`limits: [{metric: search.latency.p99, limit: 1MB}]`, "the metric is in ms"},
		"no number":                   {`limits: [{metric: search.latency.p99, limit: fast}]`, `limit "fast"`},
		"time for what does not fall": {`limits: [{metric: target.rss.max, within: 1s}]`, "within"},
		"op for what falls":           {`limits: [{metric: api.in_flight, op: "<=", limit: 1}]`, "no op"},
		"a new check without an op":   {`limits: [{metric: db.connections.max, limit: 1}]`, "an op is needed"},
		"no phase for a percentile":   {`limits: [{metric: search.latency.p90, op: "<=", limit: 1}]`, "name a phase"},
		"a mean of largest values":    {`limits: [{metric: db.connections.mean, op: "<=", limit: 1}]`, "only the series' largest values"},
		"a phase that was not":        {`limits: [{metric: db.connections.max, phase: inject, op: "<=", limit: 1}]`, "did not take place"},
		"limits the wrong way round":  {`limits: [{metric: search.ok_ratio, op: between, limit: 0.9, upper: 0.1}]`, "under the lower"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := apply(t, oldRun(), row.file)
			require.ErrorContains(t, err, row.says)
		})
	}
}

func TestAFileThatIsNoneIsRefused(t *testing.T) {
	for name, row := range map[string]struct{ file, says string }{
		"nothing":         {"", "no limits in it"},
		"an unknown word": {"limits: [{metrik: a, limit: 1}]", "metrik"},
		"no metric":       {"limits: [{limit: 1}]", "no metric"},
		"no limit":        {"limits: [{metric: a}]", "neither a limit"},
		"an unknown op":   {"limits: [{metric: a, op: '~', limit: 1}]", "one of <="},
		"half a between":  {"limits: [{metric: a, op: between, limit: 1}]", "upper"},
		"a bad glob":      {"limits: [{metric: a, scenario: '[', limit: 1}]", "scenario"},
		"no YAML":         {"limits: [", "read limits"},
		"all at once":     {"limits: [{limit: 1}, {metric: b}]", "limit 2 (b)"},
		"a second file":   {"limits: [{metric: a, limit: 1}]\n---\nlimits: [{metric: a, limit: 9}]\n", "second document"},
		"a word twice":    {"limits:\n- metric: a\n  limit: 1\n  limit: 2\n", "already defined"},
		"too long":        {"limits:\n- {metric: a, limit: 1}\n" + strings.Repeat("# what follows counts, too\n", 50_000) + "- {metric: b, limit: 2}\n", "longer than"},
		"UTF-16, untold":  {strings.TrimPrefix(wide("limits: [{metric: a, limit: 1}]", binary.LittleEndian), "\xff\xfe"), "read limits"},
		"Latin-1":         {"limits: [{metric: a, limit: 1, why: \"f\xfcr\"}]", "read limits"},
		"a bomb":          {"a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: &f [*e,*e,*e,*e,*e,*e,*e,*e,*e]\nlimits: *f\n", "read limits"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := reevaluate.Read(strings.NewReader(row.file))
			require.ErrorContains(t, err, row.says)
		})
	}
}

// Whatever an editor saves a file as, its limits are the same.
func TestAFileAsEditorsSaveIt(t *testing.T) {
	const file = "# für alle\nlimits:\n- metric: a\n  limit: 1ms\n  why: für alle\n- metric: b\n  limit: 2\n"
	dos := strings.ReplaceAll(file, "\n", "\r\n")
	want, err := reevaluate.Read(strings.NewReader(file))
	require.NoError(t, err)
	require.Equal(t, []reevaluate.Limit{{Metric: "a", Limit: "1ms", Why: "für alle"}, {Metric: "b", Limit: "2"}}, want.Limits)
	for name, text := range map[string]string{
		"a BOM": "\ufeff" + file, "CRLF": dos, "both": "\ufeff" + dos,
		"UTF-16": wide(file, binary.LittleEndian), "UTF-16, big end first": wide(file, binary.BigEndian), "UTF-16 with CRLF": wide(dos, binary.LittleEndian),
		"JSON with a BOM": "\ufeff" + `{"limits": [{"metric": "a", "limit": "1ms", "why": "für alle"}, {"metric": "b", "limit": "2"}]}` + "\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			got, err := reevaluate.Read(strings.NewReader(text))
			require.NoError(t, err)
			require.Equal(t, want, got)
		})
	}
}

// wide is a text in UTF-16, with what says so before it.
func wide(text string, order binary.AppendByteOrder) string {
	var out []byte
	for _, unit := range utf16.Encode([]rune("\ufeff" + text)) {
		out = order.AppendUint16(out, unit)
	}
	return string(out)
}

// A limit on time that a full machine missed proves nothing against the target.
func TestAFullMachineProvesNothing(t *testing.T) {
	full, late, memory := oldRun(), oldRun(), oldRun()
	busy := result.Series{Name: "machine.cpu", Unit: result.UnitRatio, T: []float64{1, 2}, V: []float64{0.95, 0.97}}
	full.Scenarios[0].Series = append(full.Scenarios[0].Series, busy)
	memory.Scenarios[0].Series = append(memory.Scenarios[0].Series, busy)
	late.Scenarios[0].Evidence = []result.Check{{Name: "generator on time: search", Verdict: result.Inconclusive}}
	for says, run := range map[string]*result.Run{"saturated": full, "generator on time": late} {
		again, err := apply(t, run, `limits: [{metric: search.latency.p99, limit: 300ms}]`)
		require.NoError(t, err)
		require.Equal(t, result.Inconclusive, again.Scenarios[0].Checks[0].Verdict)
		require.Contains(t, again.Scenarios[0].Checks[0].Reason, says)
	}
	again, err := apply(t, memory, `limits: [{metric: target.rss.max, limit: 1MB}]`)
	require.NoError(t, err)
	require.Equal(t, result.Fail, again.Verdict, "memory has nothing to do with it")
}

func TestAPartialRunGetsNoVerdict(t *testing.T) {
	run := oldRun()
	run.Complete, run.Verdict = false, ""
	again, err := apply(t, run, `limits: [{metric: search.latency.p99, limit: 900ms}]`)
	require.NoError(t, err)
	require.Empty(t, again.Verdict)
}

func FuzzRead(f *testing.F) {
	f.Add(`limits: [{metric: a, op: between, limit: 1ms, upper: 2s}]`)
	f.Fuzz(func(t *testing.T, text string) {
		l, err := reevaluate.Read(strings.NewReader(text))
		if err != nil {
			return
		}
		_, _ = l.Apply(oldRun(), "fuzz")
	})
}

// The example in the documentation is read as it stands.
func TestTheDocumentedFileIsRead(t *testing.T) {
	doc, err := os.ReadFile("../../docs/report.md")
	require.NoError(t, err)
	_, rest, found := strings.Cut(string(doc), "```yaml\n")
	require.True(t, found)
	example, _, _ := strings.Cut(rest, "```")
	l, err := reevaluate.Read(strings.NewReader(example))
	require.NoError(t, err)
	require.Len(t, l.Limits, 4)
	require.Equal(t, "64MiB", l.Limits[1].Limit)
}
