package reports

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/reports/view"
)

// mostAnnotations bounds them: CI shows ten of a step, the rest is in the report.
const mostAnnotations = 50

// Annotations writes a line for each check that did not hold, as GitHub Actions
// reads them from a job's output: an error for a failure, a warning for what was
// not shown. Text from the run can't become another command.
func Annotations(w io.Writer, run *result.Run) error {
	v := view.Of(run)
	var lines []string
	for _, s := range v.Scenarios {
		lines = append(lines, annotate(s)...)
	}
	if len(lines) == 0 && v.Verdict.Is != result.Pass {
		lines = append(lines, annotation(v.Verdict, "Holdfast", v.Sentence))
	}
	if n := len(lines) - mostAnnotations; n > 0 {
		lines = append(lines[:mostAnnotations], command("warning", "? INCONCLUSIVE Holdfast", view.Plural(n, "more check is", "more checks are")+" in the report"))
	}
	if _, err := io.WriteString(w, strings.Join(lines, "")); err != nil {
		return fmt.Errorf("write annotations: %w", err)
	}
	return nil
}

// annotate has a line for each check that did not hold. Of a scenario that was not
// carried out they did not fail for their own sake, and one line says why.
func annotate(s view.Scenario) []string {
	var lines []string
	if s.Error != "" {
		lines = append(lines, annotation(s.Verdict, s.Name, s.Reason))
	}
	for _, c := range slices.Concat(s.Checks, s.Evidence) {
		if c.Verdict.Is == result.Pass || s.Error != "" && c.Verdict.Is != result.Fail {
			continue
		}
		text := c.Said
		if text == "" {
			text = c.Got + ", limit " + c.Limit
		}
		if s.Repeat != "" {
			text += "\nRepeat: " + s.Repeat
		}
		lines = append(lines, annotation(c.Verdict, s.Name+": "+c.Name, text))
	}
	return lines
}

func annotation(v view.Badge, title, text string) string {
	level := "warning"
	if v.Is == result.Fail {
		level = "error"
	}
	return command(level, v.Mark+" "+v.Word+" "+title, text)
}

// command is a line that GitHub Actions reads as one.
func command(level, title, text string) string {
	data := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	property := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
	return "::" + level + " title=" + property.Replace(title) + "::" + data.Replace(text) + "\n"
}
