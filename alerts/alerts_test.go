package alerts

import (
	"bytes"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/alerts/dashboard"
	"holdfast.dev/holdfast/alerts/lint"
	"holdfast.dev/holdfast/alerts/matrix"
	"holdfast.dev/holdfast/alerts/mutation"
	"holdfast.dev/holdfast/alerts/plan"
	"holdfast.dev/holdfast/alerts/promtest"
	"holdfast.dev/holdfast/alerts/replay"
	"holdfast.dev/holdfast/alerts/rulefile"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/scrapes"
)

const (
	deployed = "../deploy/alerts"
	kept     = "testdata/faults" // by holdfast alerts keep
)

func text(t testing.TB, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	return data
}

func planned(t testing.TB) (*plan.Plan, *rulefile.File) {
	t.Helper()
	p, err := plan.Read(filepath.Join(deployed, "matrix.yaml"))
	require.NoError(t, err)
	f, err := rulefile.Read("rules.yaml", text(t, p.Path(p.Rules)))
	require.NoError(t, err)
	return p, f
}

// recorded are the faults that were kept.
func recorded(t testing.TB) map[string]matrix.Recorded {
	t.Helper()
	run, err := result.Read(bytes.NewReader(text(t, filepath.Join(kept, "run.json"))))
	require.NoError(t, err)
	all := map[string]matrix.Recorded{}
	for _, s := range run.Scenarios {
		rec, err := scrapes.ReadFile(filepath.Join(kept, scrapes.Folder, scrapes.Name(s.Name)))
		require.NoError(t, err)
		all[s.Name] = matrix.Recorded{Scenario: s, Scrapes: rec}
	}
	return all
}

// held is what the reference's rules are held to.
func held(t testing.TB, p *plan.Plan) lint.Config {
	t.Helper()
	routing, err := lint.ReadRouting("alertmanager.yaml", text(t, p.Path(p.Alertmanager)))
	require.NoError(t, err)
	queries, err := dashboard.Queries("dashboard.json", text(t, p.Path(p.Dashboard)), time.Minute)
	require.NoError(t, err)
	c := lint.Config{Page: string(text(t, "testdata/page.txt")), Type: "text/plain", Labels: p.Labels, Runbook: lint.RunbookIn(p.Path(p.Runbooks)), Routing: routing}
	for _, q := range queries {
		c.Queries = append(c.Queries, lint.Query{Name: q.Panel, Text: q.Text})
	}
	return c
}

// Rules, routes, runbooks and each query of the dashboard, on the page that was kept.
func TestTheRulesOfTheReferenceAreInOrder(t *testing.T) {
	p, f := planned(t)
	c := held(t, p)
	require.Greater(t, len(c.Queries), 20, "the dashboard's queries")
	found, err := lint.Lint(t.Context(), f, c)
	require.NoError(t, err)
	require.Empty(t, found)
}

// The page that was kept is what the reference tells: the table of its documentation,
// which is held to a live scrape. Otherwise rules could name what is not told any more.
func TestThePageIsWhatTheReferenceTells(t *testing.T) {
	row := regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\| (\\w+) \\| (.*?) \\| .* \\| (.*?) ?\\|$")
	documented := map[string]bool{}
	told := map[string]bool{}
	for line := range strings.Lines(string(text(t, "testdata/page.txt"))) {
		if fields := strings.Fields(line); len(fields) == 4 && fields[1] == "TYPE" {
			told[fields[2]] = true
		}
	}
	for _, m := range row.FindAllStringSubmatch(string(text(t, "../docs/metrics.md")), -1) {
		documented[m[1]] = true
		if m[4] == "" {
			require.True(t, told[m[1]], "docs/metrics.md has %s, and the page that was kept has not: record it anew", m[1])
		}
	}
	require.Greater(t, len(documented), 20)
	for name := range told {
		if !strings.HasPrefix(name, "go_") && !strings.HasPrefix(name, "process_") {
			require.True(t, documented[name], "the page that was kept has %s, and docs/metrics.md has not", name)
		}
	}
}

// Each fault fires its alerts in time, they are resolved, nothing else fires, and in six
// hours of calm none.
func TestTheMatrixOfTheReference(t *testing.T) {
	p, f := planned(t)
	run, err := matrix.Judge(t.Context(), p, f, recorded(t))
	require.NoError(t, err)
	for _, s := range run.Scenarios {
		require.Equal(t, result.Pass, s.Verdict, "%s: %s", s.Name, s.Reason)
	}
}

// Without an alert somebody is not called: the fault is named.
func TestADeletedAlertIsMissed(t *testing.T) {
	p, f := planned(t)
	all := recorded(t)
	fault := p.Faults[slices.IndexFunc(p.Faults, func(f plan.Fault) bool { return len(f.Fires) == 1 })]
	alert := slices.Collect(maps.Keys(fault.Fires))[0]
	p.Faults, p.Calm.Scenario = []plan.Fault{fault}, "" // what else there is has a test of its own
	for i, g := range f.Groups {
		f.Groups[i].Rules = slices.DeleteFunc(g.Rules, func(r rulefile.Rule) bool { return r.Alert == alert })
	}
	run, err := matrix.Judge(t.Context(), p, f, all)
	require.NoError(t, err)
	require.Equal(t, result.Fail, run.Verdict)
	require.Equal(t, fault.Scenario+": nobody would hear of it: there is no rule "+alert, run.Reason)
}

// Each mistake that people make in rules is found, by an error of lint or by the matrix; of
// a floor that is missing lint warns, as no recorded fault is a quiet hour.
func TestEachMistakeIsFound(t *testing.T) {
	p, f := planned(t)
	all, err := mutation.Hunt(t.Context(), p, f, held(t, p), recorded(t))
	require.NoError(t, err)
	by := map[string]int{}
	found := 0
	for _, o := range all {
		if o.Kind == "floor" {
			require.NotEmpty(t, o.Why, "%s: %s: nobody noticed", o.Alert, o.About)
		} else {
			require.NotEmpty(t, o.By, "%s: %s: nobody noticed", o.Alert, o.About)
			found++
		}
		by[o.By]++
		by[o.Kind]++
	}
	require.Greater(t, found, 20)
	for _, what := range []string{"lint", "matrix", "unit", "window", "for", "label", "metric", "floor", "direction", "routing"} {
		require.NotZero(t, by[what], what)
	}
}

// The names under also are those of rules, or they would excuse nothing.
func TestThePlanNamesAlertsThatThereAre(t *testing.T) {
	p, f := planned(t)
	for _, fault := range p.Faults {
		for _, alert := range slices.Concat(slices.Collect(maps.Keys(fault.Fires)), fault.Also) {
			require.Contains(t, f.Names(), alert, fault.Scenario)
		}
	}
}

// What is written for promtool is what it reads. Where promtool is, it tries it itself.
func TestFaultsAsTestsForPromtool(t *testing.T) {
	p, f := planned(t)
	all := recorded(t)
	fault := p.Faults[0]
	var b bytes.Buffer
	require.NoError(t, promtest.Write(t.Context(), &b, f, all[fault.Scenario].Scrapes, promtest.Config{
		RulesFile: "rules.yaml", Clock: p.OnClock(), Interval: replay.DefaultInterval, Alerts: slices.Sorted(maps.Keys(fault.Fires)),
	}))
	require.Contains(t, b.String(), "alertstate=\"firing\"")
	require.Contains(t, b.String(), "value: 1", "it fires at some time")
	promtool(t, b.Bytes(), text(t, p.Path(p.Rules)))
}
