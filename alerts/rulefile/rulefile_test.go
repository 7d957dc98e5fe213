package rulefile_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/alerts/rulefile"
)

const two = `groups:
  - name: a
    interval: 30s
    rules:
      - record: a:b
        expr: sum(b_total)
      - alert: High
        expr: a:b > 1 and on () rate(c_total{x="1"}[5m]) > rate(c_total{x="1"}[1h])
        for: 2m
        labels: { severity: page }
`

func TestAFileIsReadWithItsLines(t *testing.T) {
	f, err := rulefile.Read("rules.yml", []byte(two))
	require.NoError(t, err)
	require.Equal(t, []string{"High"}, f.Names())
	require.Equal(t, 30*time.Second, f.Groups[0].Interval)
	alert := f.Alerts()[0]
	require.Equal(t, 7, alert.Line)
	require.Equal(t, 2*time.Minute, alert.For)
	require.Equal(t, map[string]string{"severity": "page"}, alert.Labels)
	require.Equal(t, map[string]bool{"a:b": true, "b_total": true, "c_total": true}, rulefile.Metrics(f.Expressions()...))
	require.Len(t, rulefile.Selectors(alert.Expr), 2, "each once")
}

func TestWhatIsWrongIsToldWithItsPlace(t *testing.T) {
	for name, row := range map[string]struct{ text, want string }{
		"no rule that alerts":   {"groups: []", "no rule in it alerts"},
		"nothing":               {"", "no rule in it alerts"},
		"an expression":         {"groups:\n  - name: a\n    rules:\n      - alert: A\n        expr: sum(\n", "rules.yml:5:"},
		"a key that is unknown": {"groups:\n  - name: a\n    rules:\n      - alert: A\n        exprr: a\n", "exprr"},
		"a template":            {"groups:\n  - name: a\n    rules:\n      - { alert: A, expr: a, annotations: { summary: '{{ $labels.x' } }\n", "rules.yml"},
		"two groups of a name":  {"groups:\n  - { name: a, rules: [ { alert: A, expr: a } ] }\n  - { name: a, rules: [ { alert: B, expr: a } ] }\n", "repeated"},
		"no YAML":               {"groups: [", "rules.yml"},
	} {
		_, err := rulefile.Read("rules.yml", []byte(row.text))
		require.ErrorContains(t, err, row.want, name)
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(two))
	f.Fuzz(func(t *testing.T, data []byte) {
		if file, err := rulefile.Read("f", data); err == nil && len(file.Names()) == 0 {
			t.Fatal("read, and nothing in it alerts")
		}
	})
}
