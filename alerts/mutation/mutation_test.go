package mutation_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/alerts/mutation"
	"holdfast.dev/holdfast/alerts/rulefile"
)

// Each mistake is made in the rule that it can be made in, one at a time, and the rule
// itself stays as it is.
func TestMistakesAreMadeOneAtATime(t *testing.T) {
	f, err := rulefile.Read("r.yml", []byte(`groups:
  - name: a
    rules:
      - alert: Errors
        expr: sum(rate(a_total{code="500"}[5m])) / sum(rate(a_total[5m])) > 0.05 and sum(rate(a_total[5m])) > 1
        for: 5m
        labels: { severity: page }
      - { alert: Down, expr: up == 0 }
`))
	require.NoError(t, err)
	before := f.Alerts()[0].Expr.String()
	got := map[string]string{}
	for _, m := range mutation.All(f) {
		got[m.Alert+" "+m.Kind] = m.About
		require.Equal(t, m.Name(), m.Rule.Alert)
		_, err := rulefile.Parser().ParseExpr(m.Rule.Text)
		require.NoError(t, err, m.Rule.Text)
		if m.Kind == "for" {
			require.Equal(t, 6*time.Hour, m.Rule.For)
		} else if m.Kind != "routing" && m.Alert == "Errors" {
			require.NotEqual(t, before, m.Rule.Text, m.Kind)
		}
	}
	require.Equal(t, before, f.Alerts()[0].Expr.String())
	require.Equal(t, "page", f.Alerts()[0].Labels["severity"])
	require.Equal(t, map[string]string{
		"Errors unit":      `the threshold is a thousand times as high: sum(rate(a_total{code="500"}[5m])) / sum(rate(a_total[5m])) > 0.05, sum(rate(a_total[5m])) > 1`,
		"Errors window":    "each window is 10s",
		"Errors for":       "for is 6h in place of 5m",
		"Errors label":     `code="500s" in place of code="500"`,
		"Errors metric":    "a_totals in place of a_total",
		"Errors floor":     "without sum(rate(a_total[5m])) > 1",
		"Errors direction": `sum(rate(a_total{code="500"}[5m])) / sum(rate(a_total[5m])) < 0.05 in place of sum(rate(a_total{code="500"}[5m])) / sum(rate(a_total[5m])) > 0.05`,
		"Errors routing":   "without severity=page",
		"Down for":         "for is 6h in place of 0s",
		"Down metric":      "ups in place of up",
		"Down direction":   "up != 0 in place of up == 0",
	}, got)
}
