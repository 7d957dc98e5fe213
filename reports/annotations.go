package reports

import (
	"fmt"
	"io"
	"strings"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
)

// mostAnnotations bounds them: CI shows ten of a step, the rest is in the report.
const mostAnnotations = 50

// Annotations writes a line for each check that did not hold, as GitHub Actions
// reads them from a job's output: an error for a failure, a warning for what was
// not shown. Text from the run can't become another command.
func Annotations(w io.Writer, run *result.Run) error {
	safe := shown(run)
	var lines []string
	for _, i := range verdict.WorstFirst(safe.Scenarios) {
		lines = append(lines, annotate(safe.Scenarios[i])...)
	}
	if v, _ := verdict.ShownRun(safe); len(lines) == 0 && v != result.Pass {
		lines = append(lines, annotation(v, "Holdfast", sentence(safe)))
	}
	if n := len(lines) - mostAnnotations; n > 0 {
		lines = append(lines[:mostAnnotations], annotation(result.Inconclusive, "Holdfast", plural(n, "more check is", "more checks are")+" in the report"))
	}
	if _, err := io.WriteString(w, strings.Join(lines, "")); err != nil {
		return fmt.Errorf("write annotations: %w", err)
	}
	return nil
}

func annotate(s result.Scenario) []string {
	var lines []string
	if s.Error != "" {
		v, _ := verdict.ShownScenario(s)
		lines = append(lines, annotation(v, s.Name, reasonOf(s)))
	}
	for _, list := range [][]result.Check{s.Checks, s.Evidence} {
		for _, c := range list {
			if c.Verdict == result.Pass || s.Error != "" && c.Verdict != result.Fail {
				continue
			}
			text := c.Reason
			if text == "" {
				text = measured(c) + ", limit " + verdict.LimitText(c)
			}
			if s.Repeat != "" {
				text += "\nRepeat: " + s.Repeat
			}
			lines = append(lines, annotation(c.Verdict, s.Name+": "+verdict.Subject(c), text))
		}
	}
	return lines
}

func annotation(v result.Verdict, title, text string) string {
	level := "warning"
	if v == result.Fail {
		level = "error"
	}
	data := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	property := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
	return "::" + level + " title=" + property.Replace(v.Mark()+" "+v.Label()+" "+title) + "::" + data.Replace(text) + "\n"
}
