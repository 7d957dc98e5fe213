package result_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"holdfast.dev/holdfast/harness/result"
)

// What holds of any run that is written: it is read as it was, it keeps to the schema, and
// what was redacted once changes no more.
func TestAnyRunIsWrittenAndRead(t *testing.T) {
	schema := compile(t, true)
	rapid.Check(t, func(rt *rapid.T) {
		run := anyRun().Draw(rt, "run")
		first := encode(rt, &run)
		got, err := result.Read(bytes.NewReader(first))
		require.NoError(rt, err)
		require.Equal(rt, string(first), string(encode(rt, got)))
		require.NoError(rt, validate(rt, schema, first))
		once := result.Redacted(&run)
		require.Equal(rt, once, result.Redacted(once))
		require.True(rt, bytes.Equal(first, encode(rt, once)))
	})
	run := fullRun(t)
	got, err := result.Read(bytes.NewReader(encode(t, run)))
	require.NoError(t, err)
	require.Equal(t, run, got)
	require.Equal(t, run, result.Redacted(run))
	require.NoError(t, validate(t, schema, encode(t, run)))
	require.NoError(t, validate(t, schema, encode(t, &result.Run{Schema: result.Schema})), "an empty run, too")
}

func TestZeroThatWasMeasuredIsNotLost(t *testing.T) {
	got, err := result.Read(bytes.NewReader(encode(t, fullRun(t))))
	require.NoError(t, err)
	s := got.Scenarios[0]
	require.NotNil(t, s.Checks[0].Value, "0 is a value")
	require.NotNil(t, s.Ends[0].ExitCode, "0 is an exit code")
	require.NotNil(t, s.Faults[0].Undone, "false was looked at")
	require.Equal(t, uint64(1<<64-1), got.Seed, "seeds are whole")
}

func TestTextIsWrittenAsItIs(t *testing.T) {
	run := &result.Run{Schema: result.Schema, Reason: "a < b && c > d"}
	require.Contains(t, string(encode(t, run)), `"a < b && c > d"`)
	require.True(t, strings.HasSuffix(string(encode(t, run)), "}\n"))
}

func TestReadRefuses(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"nothing", "", "not a run.json"},
		{"what is no JSON", "<html>", "not a run.json"},
		{"JSON that is no object", "[1]", "not a run.json"},
		{"a file without a schema", `{"id":"1"}`, `unknown schema ""`},
		{"the next major version", `{"schema":"holdfast.run/4"}`, `unknown schema "holdfast.run/4", this version reads "holdfast.run/3"`},
		{"a version that only begins alike", `{"schema":"holdfast.run/30"}`, "unknown schema"},
		{"another program's file", `{"schema":"k6"}`, "unknown schema"},
		{"an unknown verdict", `{"schema":"holdfast.run/3","verdict":"great"}`, `verdict "great"`},
		{"a field of another type", `{"schema":"holdfast.run/3","scenarios":{}}`, "read result"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := result.Read(strings.NewReader(c.text))
			require.ErrorContains(t, err, c.want)
			if strings.HasPrefix(c.want, "unknown schema") {
				require.ErrorIs(t, err, result.ErrSchema)
			}
		})
	}
	_, err := result.Read(iotest.ErrReader(os.ErrClosed))
	require.ErrorIs(t, err, os.ErrClosed)
}

func TestReadAcceptsMinorVersions(t *testing.T) {
	run, err := result.Read(strings.NewReader(`{"schema":"holdfast.run/3.7","id":"9","invented_later":{"a":[1]}}`))
	require.NoError(t, err)
	require.Equal(t, "9", run.ID)
}

// A file that was cut anywhere is refused: it never reads as a shorter run.
func TestATruncatedFileIsRefused(t *testing.T) {
	whole := encode(t, fullRun(t))
	for n := range len(whole) - len("}\n") {
		_, err := result.Read(bytes.NewReader(whole[:n]))
		require.Error(t, err, "cut after %d bytes", n)
	}
}

func TestAPartialRunReadsAsPartial(t *testing.T) {
	run := fullRun(t)
	run.Complete, run.Verdict, run.Scenarios[0].Verdict = false, "", ""
	got, err := result.Read(bytes.NewReader(encode(t, run)))
	require.NoError(t, err)
	require.False(t, got.Complete)
	require.NotEqual(t, result.Pass, result.Worst(got.Verdict))
	missing, err := result.Read(strings.NewReader(`{"schema":"holdfast.run/3"}`))
	require.NoError(t, err)
	require.False(t, missing.Complete, "what does not say that it is complete is not")
}

func TestWriteFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "run.json")
	require.NoError(t, result.WriteFile(path, fullRun(t)))
	first, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(encode(t, fullRun(t))), string(first))
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o644), info.Mode().Perm())

	broken := fullRun(t)
	broken.DurationS = math.NaN()
	require.ErrorContains(t, result.WriteFile(path, broken), "write result")
	kept, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(first), string(kept), "a write that fails leaves the file as it was")

	next := fullRun(t)
	next.ID = "2"
	require.NoError(t, result.WriteFile(path, next))
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, entries, 1, "nothing else is left in the directory")

	require.Error(t, result.WriteFile(filepath.Join(path, "run.json"), next), "a file is no folder")
	require.NoError(t, os.Mkdir(filepath.Join(dir, "taken"), 0o755))
	require.Error(t, result.WriteFile(filepath.Join(dir, "taken"), next))
	entries, err = os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, entries, 2, "neither after a rename that fails")
}

// Who reads while it is written sees one whole file or the other: what was opened before
// stays what it was.
func TestWriteFileReplacesInOneStep(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run.json")
	run := fullRun(t)
	require.NoError(t, result.WriteFile(path, run))
	before, err := os.Open(path)
	require.NoError(t, err)
	defer before.Close()
	run.ID = "2"
	require.NoError(t, result.WriteFile(path, run))
	got, err := result.Read(before)
	require.NoError(t, err)
	require.Equal(t, "1", got.ID)
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	got, err = result.Read(bytes.NewReader(data))
	require.NoError(t, err)
	require.Equal(t, "2", got.ID)
}

// Several may write at once, as runs do that were told the same folder: whoever reads
// meanwhile has the whole of one of them.
func TestWhoReadsWhileOthersWriteSeesAWholeFile(t *testing.T) {
	const writers, writes = 4, 25
	path := filepath.Join(t.TempDir(), "run.json")
	whole := map[string]bool{}
	var runs []*result.Run
	for i := range writers {
		run := fullRun(t)
		run.ID = strings.Repeat(fmt.Sprint(i), 1+1000*i) // of different lengths, so that a mixture shows
		runs, whole[string(encode(t, run))] = append(runs, run), true
	}
	require.NoError(t, result.WriteFile(path, runs[0]))
	failed := make(chan error, writers)
	var all sync.WaitGroup
	for _, run := range runs {
		all.Go(func() {
			for range writes {
				if err := result.WriteFile(path, run); err != nil {
					failed <- err
					return
				}
			}
		})
	}
	over := make(chan struct{})
	go func() { all.Wait(); close(over) }()
	for reading := true; reading; {
		select {
		case <-over:
			reading = false // and once more what was left
		default:
		}
		data, err := os.ReadFile(path)
		require.NoError(t, err)
		require.True(t, whole[string(data)], "a file of %d bytes that nobody wrote", len(data))
	}
	require.Empty(t, failed)
	entries, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	require.Len(t, entries, 1)
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(`{"schema":"holdfast.run/3","verdict":"pass","complete":true}`))
	f.Add([]byte(`{"schema":"holdfast.run/3","scenarios":[{"checks":null,"series":[{"t_s":[1],"v":[]}]}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		run, err := result.Read(bytes.NewReader(data))
		if err != nil {
			require.Nil(t, run)
			return
		}
		again, err := result.Read(bytes.NewReader(encode(t, run)))
		require.NoError(t, err)
		require.Equal(t, string(encode(t, run)), string(encode(t, again)))
	})
}

// A file of the version before reads as it would have been written today.
func TestReadTakesTheVersionBefore(t *testing.T) {
	data, err := os.ReadFile("testdata/run-1.json")
	require.NoError(t, err)
	run, err := result.Read(bytes.NewReader(data))
	require.NoError(t, err)
	require.Equal(t, result.Schema, run.Schema)
	s := run.Scenarios[0]
	require.NotEmpty(t, s.Claim)
	require.Equal(t, []string{"search.sql-limit"}, s.Checks[0].Protections)
	fall := s.Checks[slices.IndexFunc(s.Checks, func(c result.Check) bool { return c.Op == "falls_to" })]
	require.Equal(t, []any{2.0, result.UnitSeconds}, []any{fall.Threshold, fall.Unit}, "the limit of what must fall is a time")
	require.NotEmpty(t, run.Reevaluated.Changes)
	require.NoError(t, validate(t, compile(t, true), encode(t, run)))
}

// A file of the version between had its series as lists.
func TestReadTakesSeriesAsLists(t *testing.T) {
	data, err := os.ReadFile("testdata/run-2.json")
	require.NoError(t, err)
	run, err := result.Read(bytes.NewReader(data))
	require.NoError(t, err)
	require.Equal(t, result.Schema, run.Schema)
	today := encode(t, run)
	require.NoError(t, validate(t, compile(t, true), today))
	require.Less(t, len(today), len(data)*2/3)

	type listed struct {
		T []float64 `json:"t_s"`
		V []float64 `json:"v"`
	}
	var then, now []listed
	var file struct {
		Scenarios []struct {
			Series []listed `json:"series"`
		} `json:"scenarios"`
	}
	require.NoError(t, json.Unmarshal(data, &file))
	for i, s := range file.Scenarios {
		then = append(then, s.Series...)
		for _, series := range run.Scenarios[i].Series {
			now = append(now, listed{series.T, series.V})
		}
	}
	require.NotEmpty(t, then)
	require.Equal(t, then, now)
}

// Other tools may write the fields of a file in another order.
func TestTheOrderOfFieldsMeansNothing(t *testing.T) {
	run := fullRun(t)
	run.Coverage = &result.Coverage{}
	var fields map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(encode(t, run), &fields))
	for first := range fields {
		text := []byte("{")
		for _, name := range append([]string{first}, slices.Sorted(maps.Keys(fields))...) {
			if name != first || len(text) == 1 {
				text = fmt.Appendf(text, "%q:%s,", name, fields[name])
			}
		}
		text[len(text)-1] = '}'
		got, err := result.Read(bytes.NewReader(text))
		require.NoError(t, err)
		require.Equal(t, run, got)
		_, err = result.Read(bytes.NewReader(append(text, '1')))
		require.ErrorContains(t, err, "not a run.json")
	}
}

// What is encoded one by one is the same file.
func TestScenariosThatAreEncodedAlreadyAreTheSameFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run.json")
	rapid.Check(t, func(rt *rapid.T) {
		run := anyRun().Draw(rt, "run")
		var scenarios []result.Encoded
		for i := range run.Scenarios {
			encoded, err := result.Encode(&run.Scenarios[i])
			require.NoError(rt, err)
			scenarios = append(scenarios, encoded)
		}
		var asOne bytes.Buffer
		enc := json.NewEncoder(&asOne)
		enc.SetIndent("", " ")
		enc.SetEscapeHTML(false)
		run.Scenarios = append([]result.Scenario{}, run.Scenarios...)
		require.NoError(rt, enc.Encode(result.Redacted(&run)))
		run.Scenarios = nil
		require.NoError(rt, result.WriteFileEncoded(path, &run, scenarios))
		written, err := os.ReadFile(path)
		require.NoError(rt, err)
		require.Equal(rt, asOne.String(), string(written))
	})
}

// Whole milliseconds come back as they were, each of the first sixty seconds'.
func TestPhasesKeepTheirNanoseconds(t *testing.T) {
	for ms := range time.Duration(60_000) {
		p := result.Phase{Name: result.Inject, From: ms * time.Millisecond, To: (ms + 1) * time.Millisecond}
		text, err := json.Marshal(p)
		require.NoError(t, err)
		var back result.Phase
		require.NoError(t, json.Unmarshal(text, &back))
		require.Equal(t, p, back)
	}
}

// What never fell had its level where the time stands today.
func TestAFallOfTheVersionBefore(t *testing.T) {
	read := func(check string) result.Check {
		run, err := result.Read(strings.NewReader(`{"schema":"holdfast.run/1","scenarios":[{"checks":[` + check + `]}]}`))
		require.NoError(t, err)
		return run.Scenarios[0].Checks[0]
	}
	never := read(`{"op":"falls_to","threshold":4,"unit":"count","within_s":2}`)
	require.Equal(t, []any{2.0, "s", 4.0, "count"}, []any{never.Threshold, never.Unit, *never.Level, never.LevelUnit})
	fell := read(`{"op":"falls_to","threshold":2,"unit":"s","within_s":2,"value":1.5}`)
	require.Equal(t, []any{2.0, "s", 1.5}, []any{fell.Threshold, fell.Unit, *fell.Value})
	require.Nil(t, fell.Level, "a file of that version does not say")
}
