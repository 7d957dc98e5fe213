package manifest_test

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"holdfast.dev/holdfast/fault"
	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
	"holdfast.dev/holdfast/manifest"
	"holdfast.dev/holdfast/manifest/notation"
	"holdfast.dev/holdfast/message"
)

// loadFile reads one of the good files.
func loadFile(t *testing.T, name string) *manifest.Service {
	t.Helper()
	s, err := manifest.Load("testdata/good/"+name, manifest.Options{Environment: shell})
	require.NoError(t, err)
	return s
}

// A scenario in YAML is the same as one in Go: the same first 10,000 requests, and the
// same checks.
func TestAScenarioIsTheSameInBothNotations(t *testing.T) {
	timeline := harness.Timeline{WarmUp: time.Second, Baseline: 5 * time.Second, Inject: 6 * time.Second, Heal: 4 * time.Second, Drain: time.Minute}
	checkout := load.Stream{
		Name:    "checkout",
		Profile: load.PerPhase(40, map[string]float64{result.Inject: 200}).Over(timeline.Phases()),
		Vars: map[string]load.Var{
			"cart": {Unique: load.UniqueUUID}, "visitor": {IP: "10.0.0.0/8"}, "qty": {Integers: &load.Integers{Min: 1, Max: 3}},
			"color": {Words: []string{"red", "blue"}, Weights: []float64{3, 1}},
		},
		Template: &load.Template{
			Method: "POST", Path: "/checkout", Header: map[string]string{"Authorization": "Bearer {token}", "X-Forwarded-For": "{visitor}"},
			JSON: json.RawMessage(`{"cart":"{cart}","qty":"{qty:int}","color":"{color}"}`), Given: []string{"token"},
		},
		Expect:  load.Answering(message.Matcher{Status: []int{201}, JSON: map[string]message.Condition{"order.id": message.Present()}}),
		Refused: load.RefusedBy(message.Matcher{Status: []int{503}, Headers: map[string]message.Condition{"Retry-After": message.Present()}}),
	}
	checks := []verdict.Check{
		{Metric: "checkout.latency_ok.p99", Phase: result.Heal, Op: verdict.AtMost, Times: 1.5},
		verdict.Metric("checkout.latency.p99").In(result.Inject).AtMost(verdict.Duration(2200 * time.Millisecond)).Guarding("payments.timeout").Because("its own timeout and some time for the rest").Aborting(),
		verdict.Metric("checkout.refused_ratio").In(result.Heal).AtMost(verdict.Percent(1)),
		verdict.Metric("journey.failed").Equals(verdict.Count(0)),
		verdict.Metric("stripe.charge.attempts.max").AtMost(verdict.Count(3)),
	}
	faults := []harness.Fault{
		{ID: "stripe.charge-delay", On: "stripe.charge", Kind: fault.After(3 * time.Second), During: result.Inject, After: time.Second},
		{ID: "db-delay", On: harness.OnDatabase, Kind: fault.After(5 * time.Millisecond), During: result.Inject, For: time.Second},
	}

	got := loadFile(t, "shop.yaml").Scenarios[0]
	const first = 10_000
	require.Equal(t, load.PlanHash(7, checkout, first), load.PlanHash(7, got.Load[0], first))
	require.Equal(t, checkout.Expect.Matches, got.Load[0].Expect.Matches)
	require.Equal(t, checkout.Refused.Matches, got.Load[0].Refused.Matches)
	require.Equal(t, checks, got.Checks)
	require.Equal(t, faults, got.Faults)
	require.Equal(t, timeline, got.Timeline)

	checkout.Vars["qty"] = load.Var{Integers: &load.Integers{Min: 1, Max: 4}}
	require.NotEqual(t, load.PlanHash(7, checkout, first), load.PlanHash(7, got.Load[0], first), "another value is another plan")
}

// What was read and is written again is read as the same file.
func TestFilesAreWrittenAsTheyAreRead(t *testing.T) {
	for _, file := range goodFiles(t) {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		s, err := manifest.Read(text, file, manifest.Options{Environment: shell})
		require.NoError(t, err)
		written, err := notation.Write(s.File)
		require.NoError(t, err)
		again, err := manifest.Read(written, file, manifest.Options{})
		require.NoError(t, err, "%s", written)
		require.Equal(t, s.File, again.File, "%s", written)
	}
}

// What is shown of a scenario, put into the file that it is from, is that scenario.
func TestWhatIsShownCanBeCopied(t *testing.T) {
	for _, name := range []string{"smallest.yaml", "shop.yaml", "whole.yaml"} {
		s := loadFile(t, name)
		var shown bytes.Buffer
		require.NoError(t, manifest.Show(&shown, s.Scenarios[0]))
		text, err := os.ReadFile("testdata/good/" + name)
		require.NoError(t, err)
		head, _, _ := strings.Cut(string(text), "scenarios:\n")
		again, err := manifest.Read([]byte(head+shown.String()), name, manifest.Options{Environment: shell})
		require.NoError(t, err, "%s", shown.String())
		for i, stream := range s.Scenarios[0].Load {
			require.Equal(t, load.PlanHash(3, stream, 2000), load.PlanHash(3, again.Scenarios[0].Load[i], 2000), stream.Name)
		}
		require.Equal(t, s.Scenarios[0].Checks, again.Scenarios[0].Checks)
		require.Equal(t, s.Scenarios[0].Faults, again.Scenarios[0].Faults)
		require.Equal(t, s.Scenarios[0].Timeline, again.Scenarios[0].Timeline)
		require.Equal(t, s.Scenarios[0].Actions, again.Scenarios[0].Actions)
		require.Equal(t, s.Scenarios[0].DrainedWhen, again.Scenarios[0].DrainedWhen)
		require.Equal(t, s.Scenarios[0].Ledger, again.Scenarios[0].Ledger)
		require.Equal(t, s.Scenarios[0].Samples, again.Scenarios[0].Samples)
		require.Equal(t, s.Scenarios[0].Invariants, again.Scenarios[0].Invariants)
		require.Equal(t, s.Scenarios[0].SettingsIn, again.Scenarios[0].SettingsIn)
	}
}

func TestTextFormsAndTheirParsersAreInverse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := manifest.Duration(rapid.Int64Range(0, int64(24*time.Hour)).Draw(t, "duration"))
		var again manifest.Duration
		require.NoError(t, again.UnmarshalText([]byte(d.String())))
		require.Equal(t, d, again)
		require.Regexp(t, manifest.Duration(0).Pattern(), d.String())

		size := manifest.Size(rapid.Uint64Range(0, 1<<40).Draw(t, "size"))
		var other manifest.Size
		if size.String() != "" && len(size.String()) <= 15 {
			require.NoError(t, other.UnmarshalText([]byte(size.String())))
			require.Equal(t, size, other)
			require.Regexp(t, manifest.Size(0).Pattern(), size.String())
		}
	})
}

// FuzzService: whatever the bytes, a file is a service or has a problem with a place,
// soon.
func FuzzService(f *testing.F) {
	files, err := os.ReadDir("testdata/good")
	require.NoError(f, err)
	for _, file := range files {
		text, err := os.ReadFile("testdata/good/" + file.Name())
		require.NoError(f, err)
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		s, err := manifest.Read(text, "f.yaml", manifest.Options{Environment: shell})
		if err != nil {
			for line := range strings.Lines(err.Error()) {
				require.True(t, strings.HasPrefix(line, "f.yaml"), "%q", line)
			}
			return
		}
		var b bytes.Buffer
		_, err = s.Plan(s.Scenarios...).WriteTo(&b)
		require.NoError(t, err)
		for _, scenario := range s.Scenarios {
			require.NoError(t, manifest.Show(&b, scenario))
		}
	})
}
