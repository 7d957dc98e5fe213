package result_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/result"
)

// Wherever a file is cut, what is shown of it is no success.
func TestAnyCutIsShownAsPartial(t *testing.T) {
	run := fullRun(t)
	run.Scenarios = append(run.Scenarios, run.Scenarios[0])
	run.Scenarios[1].Name = "search/y"
	whole := encode(t, run)
	most := 0
	for n := range len(whole) - len("}\n") {
		require.True(t, result.Cut(whole[:n]) || n == 0, "after %d bytes", n)
		got, err := result.Salvage(bytes.NewReader(whole[:n]))
		if err != nil {
			continue
		}
		require.False(t, got.Complete)
		require.NotEqual(t, result.Pass, got.Verdict)
		require.Contains(t, got.Reason, "The file is cut off after ")
		for i, s := range got.Scenarios {
			if s.Verdict != "" {
				require.Equal(t, run.Scenarios[i], s, "cut after %d bytes: a verdict stays only with all that it rests on", n)
			}
		}
		most = max(most, len(got.Scenarios))
	}
	require.Equal(t, 2, most)
	got, err := result.Salvage(bytes.NewReader(whole[:len(whole)-len("]\n}\n")-1]))
	require.NoError(t, err)
	require.Equal(t, result.Pass, got.Scenarios[0].Verdict)
}

func TestAFailureSurvivesACut(t *testing.T) {
	run := fullRun(t)
	run.Verdict = result.Fail
	whole := encode(t, run)
	got, err := result.Salvage(bytes.NewReader(whole[:len(whole)-200]))
	require.NoError(t, err)
	require.Equal(t, result.Fail, got.Verdict)
}

func TestWhatIsNoCutFileIsRefused(t *testing.T) {
	for _, text := range []string{"", "{", "<html>", `{"schema":"k6/2","id":"1"`, `{"schema":"holdfast.run/3"`, `{"schema":"holdfast.run/3","id":"1"`, "[[[", `"`, "}}}"} {
		_, err := result.Salvage(strings.NewReader(text))
		require.Error(t, err, text)
	}
	require.False(t, result.Cut([]byte("<html>")))
	require.False(t, result.Cut([]byte(`{"a":1}`)))
}

func FuzzSalvage(f *testing.F) {
	f.Add([]byte(`{"schema":"holdfast.run/3","id":"1","started":"2026-01-02T03:04:05Z","scenarios":[{"name":"a","verdict":"pass","checks":[{"n`))
	f.Fuzz(func(t *testing.T, data []byte) {
		run, err := result.Salvage(bytes.NewReader(data))
		if err == nil {
			require.False(t, run.Complete)
			require.NotEqual(t, result.Pass, run.Verdict)
		}
	})
}

// The file is replaced while load goes on: to hide credentials must not take
// time that the generator lacks.
func BenchmarkRedacted(b *testing.B) {
	run := fullRun(b)
	for range 40 {
		run.Scenarios[0].Log = append(run.Scenarios[0].Log, `{"time":"2026-11-24T06:34:42.505842369Z","level":"INFO","msg":"listening","addr":"127.0.0.1:22498"}`)
	}
	for len(run.Scenarios) < 30 {
		run.Scenarios = append(run.Scenarios, run.Scenarios[0])
	}
	for b.Loop() {
		result.Redacted(run)
	}
	if each := b.Elapsed() / time.Duration(b.N); each > 50*time.Millisecond {
		b.Errorf("%s, the limit is 50 ms", each)
	}
}
