package reports

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/reports/visible"
)

// CSV writes every series of a run, a line for each point: scenario, series, unit, time
// on the scenario's clock in seconds, value. What was not measured has no line.
func CSV(w io.Writer, run *result.Run) error {
	run = visible.Copy(run)
	out := csv.NewWriter(w)
	rows := [][]string{{"scenario", "series", "unit", "at_s", "value"}}
	for _, s := range run.Scenarios {
		for _, series := range s.Series {
			for i := range min(len(series.T), len(series.V)) {
				rows = append(rows, []string{cell(s.Name), cell(series.Name), cell(series.Unit), number(series.T[i]), number(series.V[i])})
			}
		}
	}
	if err := out.WriteAll(rows); err != nil {
		return fmt.Errorf("write the series: %w", err)
	}
	return nil
}

func number(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }

// cell is a text that no spreadsheet takes for a formula.
func cell(text string) string {
	if strings.ContainsAny(text[:min(1, len(text))], "=+-@\t") {
		return "'" + text
	}
	return text
}
