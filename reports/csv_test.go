package reports_test

import (
	"encoding/csv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/reports"
)

func TestSeriesAsCSV(t *testing.T) {
	run := &result.Run{Scenarios: []result.Scenario{{Name: "=cmd()", Series: []result.Series{
		{Name: "rss, of \"web\"", Unit: "B", T: []float64{0.25, 0.5, 0.75}, V: []float64{1, 2.5e9}},
		{Name: "none", Unit: "ms"},
	}}}}
	var out strings.Builder
	require.NoError(t, reports.CSV(&out, run))
	rows, err := csv.NewReader(strings.NewReader(out.String())).ReadAll()
	require.NoError(t, err)
	require.Equal(t, [][]string{
		{"scenario", "series", "unit", "at_s", "value"},
		{"'=cmd()", `rss, of "web"`, "B", "0.25", "1"},
		{"'=cmd()", `rss, of "web"`, "B", "0.5", "2.5e+09"},
	}, rows)
	require.Equal(t, "=cmd()", run.Scenarios[0].Name, "the run stays as it is")
}
