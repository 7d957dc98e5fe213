package matrix_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/alerts/matrix"
	"holdfast.dev/holdfast/alerts/plan"
	"holdfast.dev/holdfast/alerts/rulefile"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/scrapes"
	"holdfast.dev/holdfast/reports"
)

const rulesText = `
groups:
  - name: a
    rules:
      - { alert: Down, expr: "up == 0", for: 2m, labels: { severity: page } }
      - { alert: Deep, expr: 'depth > 5', for: 2m, labels: { severity: ticket } }
`

const planText = `
version: 1
rules: rules.yml
clock: { factor: 60 }
calm: { scenario: a/calm, at_least: 1h }
resolves: 5m
faults:
  - { scenario: a/gone, fires: { Down: 5m } }
  - { scenario: a/slow, fires: { Deep: 5m } }
`

func planOf(t *testing.T, text string) *plan.Plan {
	t.Helper()
	path := filepath.Join(t.TempDir(), "matrix.yaml")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	p, err := plan.Read(path)
	require.NoError(t, err)
	return p
}

func rulesOf(t *testing.T, text string) *rulefile.File {
	t.Helper()
	f, err := rulefile.Read("rules.yml", []byte(text))
	require.NoError(t, err)
	return f
}

// recorded is a scenario of 90 s with a fault from 30 s to 60 s, with a page each half
// second: page tells whether the fault acts.
func recorded(name string, seconds int, page func(acts bool) string) matrix.Recorded {
	s := result.Scenario{Name: name, Claim: "It is heard of.", Verdict: result.Pass, DurationS: float64(seconds), Phases: []result.Phase{
		{Name: result.Baseline, To: 30 * time.Second}, {Name: result.Inject, From: 30 * time.Second, To: 60 * time.Second}, {Name: result.Heal, From: 60 * time.Second, To: time.Duration(seconds) * time.Second},
	}}
	rec := &scrapes.Recording{Head: scrapes.Head{Schema: scrapes.Schema, Scenario: name}}
	for i := range seconds * 2 {
		at := float64(i) / 2
		p := scrapes.Page{AtS: at, Instance: "web", Type: "text/plain", Text: page(at >= 30 && at < 60)}
		if p.Text == "" {
			p.Error = "refused"
		}
		rec.Pages = append(rec.Pages, p)
	}
	end := 60.0
	s.Faults = []result.Fault{{ID: "f", StartS: 30, EndS: &end, Fired: 1}}
	return matrix.Recorded{Scenario: s, Scrapes: rec}
}

// calm is a change of the scenario in which nothing is wrong.
func calm(change func(*matrix.Recorded)) func(map[string]matrix.Recorded) {
	return func(m map[string]matrix.Recorded) {
		r := m["a/calm"]
		change(&r)
		m["a/calm"] = r
	}
}

func depth(d int) string { return fmt.Sprintf("depth %d\n", d) }

// all are recordings in which everything is as it should be.
func all() map[string]matrix.Recorded {
	gone := recorded("a/gone", 90, func(acts bool) string {
		if acts {
			return ""
		}
		return depth(0)
	})
	slow := recorded("a/slow", 90, func(acts bool) string {
		if acts {
			return depth(9)
		}
		return depth(0)
	})
	calm := recorded("a/calm", 90, func(bool) string { return depth(1) })
	calm.Scenario.Faults, calm.Scenario.Phases = nil, []result.Phase{{Name: result.Baseline, To: 90 * time.Second}}
	return map[string]matrix.Recorded{"a/gone": gone, "a/slow": slow, "a/calm": calm}
}

func judged(t *testing.T, plan, rules string, recorded map[string]matrix.Recorded) *result.Run {
	t.Helper()
	run, err := matrix.Judge(t.Context(), planOf(t, plan), rulesOf(t, rules), recorded)
	require.NoError(t, err)
	return run
}

func scenario(t *testing.T, run *result.Run, name string) result.Scenario {
	t.Helper()
	for _, s := range run.Scenarios {
		if s.Name == name {
			return s
		}
	}
	t.Fatalf("no scenario %s", name)
	return result.Scenario{}
}

func TestEachFaultFiresItsAlertAndCalmNone(t *testing.T) {
	run := judged(t, planText, rulesText, all())
	require.Equal(t, result.Pass, run.Verdict, run.Reason)
	require.Len(t, run.Alerts, 6, "each alert under each fault, and in calm")
	gone := scenario(t, run, "a/gone")
	require.Equal(t, "Down fires within 5m", gone.Checks[0].Name)
	require.InDelta(t, 180, *gone.Checks[0].Value, 61)
	require.Equal(t, "Down is resolved within 5m", gone.Checks[1].Name)
	require.Equal(t, 1800.0, gone.Faults[0].StartS, "on the rules' clock")
	require.Equal(t, "alert.Down.state", gone.Series[0].Name)
	require.Contains(t, gone.Series[0].V, 2.0)
}

// Each row is one thing that is wrong, and what is said of it.
func TestWhatIsWrongIsFound(t *testing.T) {
	for name, row := range map[string]struct {
		plan, rules string
		change      func(map[string]matrix.Recorded)
		verdict     result.Verdict
		scenario    string
		want        string
	}{
		"an alert is deleted":    {rules: strings.Replace(rulesText, "alert: Deep", "alert: Other", 1), verdict: result.Fail, scenario: "a/slow", want: "nobody would hear of it: there is no rule Deep"},
		"it never fires":         {rules: strings.Replace(rulesText, "depth > 5", "depth > 50", 1), verdict: result.Fail, scenario: "a/slow", want: "nobody would hear of it: Deep did not fire"},
		"it fires late":          {rules: strings.Replace(rulesText, "depth > 5', for: 2m", "depth > 5', for: 20m", 1), verdict: result.Fail, scenario: "a/slow", want: "later than 5m"},
		"it cannot be evaluated": {rules: strings.Replace(rulesText, "depth > 5", "depth * on () group_left () {job=~\".+\"} > 5", 1), verdict: result.Fail, scenario: "a/slow", want: "cannot be evaluated"},
		"it is resolved late":    {rules: strings.Replace(rulesText, "depth > 5", "max_over_time(depth[15m]) > 5", 1), verdict: result.Fail, scenario: "a/slow", want: "later than 5m"},
		"it is never resolved":   {rules: strings.Replace(rulesText, "depth > 5", "max_over_time(depth[3h]) > 5", 1), verdict: result.Fail, scenario: "a/slow", want: "still firing 29m"},
		"another fires, too":     {rules: strings.Replace(rulesText, "depth > 5", "depth > 5 or up == 0", 1), verdict: result.Fail, scenario: "a/gone", want: "also fired, and is not expected: Deep"},
		"it fires in calm":       {rules: strings.Replace(rulesText, "depth > 5", "depth > 0", 1), verdict: result.Fail, scenario: "a/calm", want: "also fired, and is not expected: Deep"},
		"it fires before":        {rules: strings.Replace(rulesText, "depth > 5", "depth >= 0", 1), verdict: result.Fail, scenario: "a/slow", want: "fired already before the fault"},
		"no fault fires it": {
			rules: rulesText + "      - { alert: Unseen, expr: depth > 99 }\n", verdict: result.NotExercised, scenario: "alerts/all-seen", want: "no fault is to fire it",
		},
		"nothing was recorded": {change: func(m map[string]matrix.Recorded) { delete(m, "a/slow") }, verdict: result.NotExercised, scenario: "a/slow", want: "it was not run"},
		"no scrapes":           {change: func(m map[string]matrix.Recorded) { m["a/slow"] = matrix.Recorded{Scenario: m["a/slow"].Scenario} }, verdict: result.NotExercised, scenario: "a/slow", want: "--record-scrapes"},
		"the fault did not act": {change: func(m map[string]matrix.Recorded) {
			r := m["a/slow"]
			r.Scenario.Verdict, r.Scenario.Reason = result.NotExercised, "no call was delayed"
			m["a/slow"] = r
		}, verdict: result.NotExercised, scenario: "a/slow", want: "the fault did not act: no call was delayed"},
		"the experiment was not valid": {rules: strings.Replace(rulesText, "depth > 5", "depth > 50", 1), change: func(m map[string]matrix.Recorded) {
			r := m["a/slow"]
			r.Scenario.Verdict, r.Scenario.Reason = result.Inconclusive, "the load was not delivered"
			m["a/slow"] = r
		}, verdict: result.Inconclusive, scenario: "a/slow", want: "the load was not delivered"},
		"the recording is too short": {rules: strings.Replace(rulesText, "depth > 5", "max_over_time(depth[3m]) > 5", 1), change: func(m map[string]matrix.Recorded) {
			r := m["a/slow"]
			short := *r.Scrapes
			short.Pages = short.Pages[:122]
			r.Scrapes = &short
			m["a/slow"] = r
		}, verdict: result.Inconclusive, scenario: "a/slow", want: "record for longer"},
		"calm was not recorded to its end": {change: calm(func(r *matrix.Recorded) { r.Scrapes.Torn = "the pages are more than 5 bytes" }), verdict: result.Inconclusive, scenario: "a/calm", want: "not whole: the pages are more"},
		"nothing was tried in calm":        {change: calm(func(r *matrix.Recorded) { r.Scenario.Verdict = result.NotExercised }), verdict: result.Inconclusive, scenario: "a/calm", want: "nothing was tried"},
		"calm was none":                    {change: calm(func(r *matrix.Recorded) { r.Scenario.Verdict = result.Fail }), verdict: result.Inconclusive, scenario: "a/calm", want: "not as it should be"},
		"no page of calm was read": {rules: strings.Replace(rulesText, "up == 0", "up == 0 and depth > 1", 1), change: calm(func(r *matrix.Recorded) {
			for i := range r.Scrapes.Pages[:175] {
				r.Scrapes.Pages[i].Error, r.Scrapes.Pages[i].Text = "refused", ""
			}
		}), verdict: result.Inconclusive, scenario: "a/calm", want: "5 pages were read, fewer than 10"},
		"nobody looked at calm for a while": {change: calm(func(r *matrix.Recorded) {
			r.Scrapes.Pages = append(r.Scrapes.Pages[:60:60], r.Scrapes.Pages[72:]...)
		}), verdict: result.Inconclusive, scenario: "a/calm", want: "no page of web was read for 6m30s"},
		"a fault was not recorded to its end": {change: func(m map[string]matrix.Recorded) { m["a/slow"].Scrapes.Torn = "cut" }, verdict: result.Inconclusive, scenario: "a/slow", want: "not whole: cut"},
		"a fault was never undone":            {change: func(m map[string]matrix.Recorded) { m["a/slow"].Scenario.Faults[0].EndS = nil }, verdict: result.Inconclusive, scenario: "a/slow", want: "never undone"},
		"a fault that did not act was never undone": {change: func(m map[string]matrix.Recorded) {
			m["a/slow"].Scenario.Faults[0].EndS, m["a/slow"].Scenario.Faults[0].Fired = nil, 0
		}, verdict: result.NotExercised, scenario: "a/slow", want: "no receipt"},
		"a false alarm before the fault": {change: func(m map[string]matrix.Recorded) {
			for i := range m["a/gone"].Scrapes.Pages[:20] {
				m["a/gone"].Scrapes.Pages[i].Text = depth(9)
			}
		}, verdict: result.Fail, scenario: "a/gone", want: "Deep (before the fault)"},
		"a false alarm of the right one": {change: func(m map[string]matrix.Recorded) {
			for i := range m["a/slow"].Scrapes.Pages[:20] {
				m["a/slow"].Scrapes.Pages[i].Text = depth(9)
			}
		}, verdict: result.Fail, scenario: "a/slow", want: "Deep (before the fault)"},
		"there is no calm":  {plan: strings.Replace(planText, "calm: { scenario: a/calm, at_least: 1h }", "", 1), verdict: result.NotExercised, scenario: "alerts/calm", want: "no scenario in which nothing is wrong"},
		"calm is too short": {plan: strings.Replace(planText, "at_least: 1h", "at_least: 6h", 1), verdict: result.Inconclusive, scenario: "a/calm", want: "shorter than 6h"},
	} {
		t.Run(name, func(t *testing.T) {
			recordings := all()
			if row.change != nil {
				row.change(recordings)
			}
			run := judged(t, orElse(row.plan, planText), orElse(row.rules, rulesText), recordings)
			s := scenario(t, run, row.scenario)
			require.Equal(t, row.verdict, s.Verdict, s.Reason)
			require.Contains(t, s.Reason, row.want)
			require.NotEqual(t, result.Pass, run.Verdict)
		})
	}
}

func orElse(text, other string) string {
	if text == "" {
		return other
	}
	return text
}

// A load that was a little late takes nothing from calm, and is said.
func TestCalmNeedsWholePagesAlone(t *testing.T) {
	recordings := all()
	calm(func(r *matrix.Recorded) {
		r.Scenario.Verdict, r.Scenario.Reason = result.Inconclusive, "3 of 100 requests were late"
	})(recordings)
	s := scenario(t, judged(t, planText, rulesText, recordings), "a/calm")
	require.Equal(t, result.Pass, s.Verdict, s.Reason)
	require.Contains(t, s.Evidence[0].Reason, "3 of 100 requests were late")
}

// What may fire as well is no failure, whether it does or not.
func TestWhatMayFireAsWell(t *testing.T) {
	text := strings.Replace(planText, "fires: { Down: 5m }", "fires: { Down: 5m }, also: [Deep]", 1)
	for _, rules := range []string{rulesText, strings.Replace(rulesText, "depth > 5", "depth > 5 or up == 0", 1)} {
		run := judged(t, text, rules, all())
		require.Equal(t, result.Pass, run.Verdict, run.Reason)
	}
}

// A fault that is another load has no receipt: the phase is its window.
func TestAPhaseStandsInForAFault(t *testing.T) {
	recordings := all()
	r := recordings["a/slow"]
	r.Scenario.Faults = nil
	recordings["a/slow"] = r
	require.Equal(t, result.Pass, judged(t, planText, rulesText, recordings).Verdict)
}

// The result is a run's: every report draws it, and its verdicts are the same there.
func TestReportsDrawIt(t *testing.T) {
	run := judged(t, planText, strings.Replace(rulesText, "alert: Deep", "alert: Other", 1), all())
	var file, page, junit, summary bytes.Buffer
	require.NoError(t, result.Write(&file, run))
	again, err := result.Read(&file)
	require.NoError(t, err)
	require.Equal(t, run.Alerts, again.Alerts)
	require.NoError(t, reports.HTML(&page, run))
	require.NoError(t, reports.JUnit(&junit, run))
	require.NoError(t, reports.Markdown(&summary, run))
	for _, want := range []string{"nobody would hear of it", "there is no rule Deep"} {
		require.Contains(t, page.String(), want)
		require.Contains(t, junit.String(), want)
		require.Contains(t, summary.String(), want)
	}
	require.Contains(t, page.String(), "Alerts against faults")
	require.Contains(t, summary.String(), "Alerts against faults")
}

func TestVariantsAreJudgedAsWhatTheyAreOf(t *testing.T) {
	f := rulesOf(t, rulesText+`
      - { alert: Same, expr: depth > 4, for: 2m }
      - { alert: Late, expr: depth > 4, for: 1h }
      - { alert: Always, expr: depth >= 0, for: 2m }
`)
	wrong, err := matrix.Variants(t.Context(), planOf(t, planText), f, all(), map[string]string{"Same": "Deep", "Late": "Deep", "Always": "Deep"})
	require.NoError(t, err)
	require.NotContains(t, wrong, "Same")
	require.Equal(t, "a/slow: Deep did not fire", wrong["Late"])
	require.Contains(t, wrong["Always"], "a/gone")
}
