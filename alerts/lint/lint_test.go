package lint_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/alerts/lint"
	"holdfast.dev/holdfast/alerts/rulefile"
)

func read(t *testing.T, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	return text
}

// signed are metrics that are not what their names promise.
const signed = "# TYPE clock_offset_seconds gauge\nclock_offset_seconds 1\n# TYPE fill_ratio gauge\nfill_ratio 0.5\n# TYPE queue_bytes gauge\nqueue_bytes 1\njob_duration_seconds_total -1\n"

// one lints a rule with that expression, on the team's page.
func one(t *testing.T, expr string) []lint.Finding {
	t.Helper()
	f, err := rulefile.Read("r.yml", []byte("groups:\n  - name: a\n    rules:\n      - { record: none_yet:bad, expr: queue_depth > 5 }\n      - { record: bad:ratio, expr: 'sum(rate(http_requests_total{code=~\"5..\"}[5m])) / sum(rate(http_requests_total[5m]))' }\n      - alert: A\n        expr: '"+expr+"'\n"))
	require.NoError(t, err)
	found, err := lint.Lint(t.Context(), f, lint.Config{Page: string(read(t, "../testdata/team/page.txt")) + signed, Type: "text/plain"})
	require.NoError(t, err)
	return found
}

func checks(found []lint.Finding) []string {
	all := []string{}
	for _, f := range found {
		all = append(all, string(f.Level)+" "+f.Check)
	}
	return all
}

// A team's own file, in the shape of the public sets: each rule that can never fire is
// named as that, with the reason, and the right one is left alone.
func TestATeamsOwnFile(t *testing.T) {
	f, err := rulefile.Read("rules.yml", read(t, "../testdata/team/rules.yml"))
	require.NoError(t, err)
	found, err := lint.Lint(t.Context(), f, lint.Config{Page: string(read(t, "../testdata/team/page.txt")), Type: "text/plain", Labels: map[string][]string{"severity": {"critical", "warning"}}})
	require.NoError(t, err)
	require.True(t, lint.Failed(found))
	said := map[string]lint.Finding{}
	for _, one := range found {
		require.NotContains(t, said, one.Rule, "one mistake, one finding: %v", one)
		said[one.Rule] = one
	}
	for rule, want := range map[string]struct {
		level       lint.Level
		check, text string
	}{
		"CheckoutBatchErrorBudgetBurn": {lint.Error, "never", "it can never fire: job:http_requests:error_ratio_rate5m is 0 to 1, and (14.4 * 0.1) is 1.44"},
		"CheckoutDatabaseSlow":         {lint.Error, "metric", "it names db_query_seconds_bucket, which the service does not tell"},
		"CheckoutLatencyHigh":          {lint.Error, "never", "is 0 to 10, and 500 is 500"},
		"CheckoutPoolFull":             {lint.Error, "match", "it can never fire: no series of db_connections_in_use has the labels of one of db_connections_max"},
		"CheckoutRestarts":             {lint.Error, "window", "it can never fire"},
		"CheckoutQueueDeep":            {lint.Error, "routing", `"crit": nobody gets that`},
		"CheckoutCartErrors":           {lint.Warning, "floor", "no floor of traffic"},
		"CheckoutTraffic":              {lint.Error, "always", "it always fires"},
	} {
		got := said[rule]
		require.Equal(t, want.level, got.Level, "%s: %v", rule, got)
		require.Equal(t, want.check, got.Check, rule)
		require.Contains(t, got.Text, want.text, rule)
		require.NotZero(t, got.Line, rule)
		delete(said, rule)
	}
	require.Empty(t, said, "what is right is left alone")
}

func TestWhatCanBeReached(t *testing.T) {
	for expr, want := range map[string][]string{
		`up == 0`:                              {},
		`up > 1`:                               {"error never"},
		`up == 2`:                              {"error never"},
		`absent(up)`:                           {},
		`absent(upp)`:                          {"error metric"},
		`queue_depth > 1e9`:                    {},
		`queue_depth < bool 3`:                 {},
		`rate(process_restarts_total[5m]) < 0`: {"error never"},
		`rate(process_restarts_total[5m]) > 0`: {},
		`1 - bad:ratio > 1.2 and on () queue_depth > 1`:                        {"error never"},
		`1 - bad:ratio < 0.9 and on () queue_depth > 1`:                        {"warning floor"},
		`rate(process_restarts_total[5m]) > rate(process_restarts_total[10m])`: {"warning floor"},
		`queue_depth > 1 or up > 1`:                                            {},
		`queue_depth > 1 unless up > 1`:                                        {},
		`up > 1 or up < 0`:                                                     {"error never"},
		`0.5 < bad:ratio and on () queue_depth > 1`:                            {"warning floor"},
		`(queue_depth > 5) / 2 > 1`:                                            {},
		`http_requests_total{code="503"} > 1`:                                  {"warning label"},
		`http_requests_total{status="500"} > 1`:                                {"error label"},
		`http_requests_total{code=~"5.."} > 1`:                                 {},
		`http_requests_total{code!~"5.."} > 1`:                                 {},
		`{__name__=~"queue_.*"} > 1`:                                           {},
		`rate(process_restarts_total[30s]) > 1`:                                {"warning window"},
		`avg_over_time(queue_depth[10s]) > 1`:                                  {},
		`count(up > 1) > 1`:                                                    {},
		`sum(up > 1) > 1`:                                                      {},
		`count(up == 0) > 0`:                                                   {},
		`count(up) > 0`:                                                        {"error always"},
		`absent(up) > 0`:                                                       {},
		`absent(up) < 1`:                                                       {"error never"},
		`count(queue_depth > 5) >= 1`:                                          {},
		`count(up unless queue_depth) > 0`:                                     {},
		`count(up and queue_depth) >= 1`:                                       {},
		`count(queue_depth) >= 1`:                                              {"error always"},
		`count(ALERTS) > 0`:                                                    {},
		`count(http_requests_total{code="500"}) >= 1`:                          {"error always"},
		`count(http_requests_total{code="503"}) >= 1`:                          {"warning label"},
		`count(none_yet:bad) > 0`:                                              {},
		`clock_offset_seconds < 0`:                                             {},
		`fill_ratio > 1`:                                                       {},
		`job_duration_seconds_total < 0`:                                       {},
		`http_requests_total < 0`:                                              {"error never"},
		`queue_bytes < 0`:                                                      {},
		`max(up > 1)`:                                                          {"error never"},
		`db_connections_in_use > 2 and queue_depth > 1`:                        {"error match"},
		`db_connections_in_use > 2 and on () queue_depth > 1`:                  {},
	} {
		require.Equal(t, want, checks(one(t, expr)), expr)
	}
}

// What stands on the left as a number is compared the same way.
func TestANumberOnTheLeft(t *testing.T) {
	require.Contains(t, checks(one(t, `5 < up`)), "error never")
}

func TestRunbooksAreLookedFor(t *testing.T) {
	folder := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(folder, "High.md"), []byte("# High\n"), 0o644))
	look := lint.RunbookIn(folder)
	require.NoError(t, look("High", "High.md"))
	require.ErrorContains(t, look("Other", "High.md"), "does not name Other")
	require.ErrorContains(t, look("High", "none.md"), "no such file")
	require.ErrorContains(t, look("High", "../High.md"), "no path below")
	require.NoError(t, look("High", "{{ $labels.job }}.md"))
}

func TestWhoIsCalledAndWhatIsSilenced(t *testing.T) {
	f, err := rulefile.Read("r.yml", []byte(`groups:
  - name: a
    rules:
      - { alert: A, expr: up == 0, labels: { severity: page, service: x }, annotations: { runbook_url: a.md } }
      - { alert: B, expr: up == 0, labels: { severity: ticket } }
`))
	require.NoError(t, err)
	routing, err := lint.ReadRouting("am.yml", []byte(`
route: { receiver: x, routes: [ { matchers: ['severity="page"'] }, { matchers: ['severity=~"crit.*"'] } ] }
inhibit_rules:
  - { source_matchers: ['alertname="A"'], target_matchers: ['alertname!="A"'], equal: [job, service] }
  - { source_matchers: ['alertname="C"'], target_matchers: [severity=ticket] }
  - { source_matchers: ['severity'], target_matchers: [severity=ticket] }
`))
	require.NoError(t, err)
	found, err := lint.Lint(t.Context(), f, lint.Config{Page: "a 1\n", Type: "text/plain", Routing: routing, Labels: map[string][]string{"severity": nil, "service": nil},
		Runbook: func(alert, _ string) error { return errors.New("it is not there") }})
	require.NoError(t, err)
	var said []string
	for _, one := range found {
		said = append(said, one.Rule+": "+one.Text)
	}
	require.ElementsMatch(t, []string{
		"A: its runbook a.md: it is not there",
		"B: it has no label service, by which alerts are routed",
		"B: it has no annotation runbook_url: who is woken by it does not know what to do",
		`route: no alert fits [severity=~"crit.*"]`,
		"inhibit_rules: number 1: B has no label service, by which it is inhibited or inhibits",
		`inhibit_rules: number 2: no alert fits its source_matchers [alertname="C"]: it inhibits nothing`,
		`inhibit_rules: "severity" is no matcher`,
		"inhibit_rules: number 3: no alert fits its source_matchers [severity]: it inhibits nothing",
	}, said)
}

func TestEachQueryOfADashboardGivesSomething(t *testing.T) {
	f, err := rulefile.Read("r.yml", []byte("groups: [ { name: a, rules: [ { alert: A, expr: up == 0 }, { record: twice, expr: a * 2 } ] } ]"))
	require.NoError(t, err)
	found, err := lint.Lint(t.Context(), f, lint.Config{Page: "a{x=\"1\"} 1\n", Type: "text/plain", Queries: []lint.Query{
		{Name: "right", Text: "rate(a[1m])"}, {Name: "recorded", Text: "twice"}, {Name: "empty", Text: `a{x="1"} > 5`}, {Name: "misspelt", Text: "aa"}, {Name: "broken", Text: "sum("},
	}})
	require.NoError(t, err)
	said := map[string]string{}
	for _, one := range found {
		said[one.Rule] = one.Check
	}
	require.Equal(t, map[string]string{"empty": "query", "misspelt": "metric", "broken": "query"}, said)
}
