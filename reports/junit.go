package reports

import (
	"encoding/xml"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/reports/view"
)

// JUnit writes run as JUnit XML: a suite for each scenario and one for the run,
// a case for each check and each piece of evidence; in a proof also a suite with a
// case for each cell of the detection matrix.
//
// A check that did not hold is a failure, an inconclusive one an error, one that
// was not exercised is skipped. As most readers take a skipped case for a
// success, each suite begins with a case for the scenario itself, which is an
// error unless the scenario passed or failed. So is the case of a run that did
// not reach its end.
func JUnit(w io.Writer, run *result.Run) error {
	v := view.Of(run)
	var suites xmlSuites
	suites.add(runSuite(v))
	for _, s := range slices.SortedFunc(slices.Values(v.Scenarios), asTheyRan) {
		suites.add(scenarioSuite(s, v))
	}
	if v.Proof != nil {
		suites.add(proofSuite(*v.Proof, v.Started))
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return fmt.Errorf("write JUnit report: %w", err)
	}
	enc := xml.NewEncoder(w)
	enc.Indent("", "  ")
	if err := enc.Encode(suites); err != nil {
		return fmt.Errorf("write JUnit report: %w", err)
	}
	if _, err := io.WriteString(w, "\n"); err != nil {
		return fmt.Errorf("write JUnit report: %w", err)
	}
	return nil
}

func asTheyRan(a, b view.Scenario) int { return a.Position - b.Position }

// runSuite has one case: that the run as a whole came to a verdict.
func runSuite(v view.Run) xmlSuite {
	why := v.Sentence
	if v.Lacking != "" {
		why = v.Lacking + " " + why
	}
	c := verdictCase("run", "reached a verdict", v.Verdict, why)
	if v.Verdict.Is == result.Fail { // each failure is counted where it happened
		c.Failure = nil
	}
	if !v.Complete {
		c.Error = &xmlProblem{Message: why, Type: "partial"}
	}
	c.Time = xmlSeconds(v.DurationS)
	return xmlSuite{
		Name: "run", Time: c.Time, Timestamp: xmlTime(v.Started), Cases: []xmlCase{c},
		Properties: properties("id", v.ID, "profile", v.Profile, "seed", v.Seed,
			"verdict", string(v.Verdict.Is), "command", v.Command, "target", v.Target, "database", v.Database),
	}
}

func scenarioSuite(s view.Scenario, run view.Run) xmlSuite {
	begun := s.Begun
	if begun.IsZero() { // it never was, and the schema wants a time
		begun = run.Started
	}
	whole := verdictCase(s.Name, "scenario", s.Verdict, s.Reason)
	whole.Time = xmlSeconds(s.DurationS)
	if s.Error != "" {
		whole.Failure, whole.Error = nil, &xmlProblem{Message: s.Reason, Type: "not carried out"}
	}
	suite := xmlSuite{
		Name: s.Name, Time: whole.Time, Timestamp: xmlTime(begun), Cases: []xmlCase{whole},
		Properties: properties("verdict", string(s.Verdict.Is), "claim", s.Claim, "protections", strings.Join(s.Protections, " "),
			"without", strings.Join(s.Without, " "), "seed", run.Seed, "repeat", s.Repeat, "tried", s.Tried, "slower", s.Slower),
	}
	var out []string // of a case there is no room for more than its outcome
	for _, c := range s.Checks {
		suite.Cases = append(suite.Cases, checkCase(s.Name, "", c))
		if c.Seen != "" {
			out = append(out, c.Sentence+": seen failing: "+c.Seen)
		}
	}
	for _, c := range s.Evidence {
		suite.Cases = append(suite.Cases, checkCase(s.Name, "evidence: ", c))
	}
	if whole.Failure != nil || whole.Error != nil {
		suite.SystemErr = strings.Join(s.Log, "\n")
	}
	suite.SystemOut = strings.Join(out, "\n")
	return suite
}

// proofSuite has a case for each cell of the detection matrix.
func proofSuite(p view.Proof, started time.Time) xmlSuite {
	suite := xmlSuite{Name: "proof", Time: "0", Timestamp: xmlTime(started)}
	for _, d := range p.Cells {
		name := "intact: " + d.Expected
		switch {
		case d.Intact:
		case d.Expected == "":
			name = "without " + d.TakenAway
		default:
			name = "without " + d.TakenAway + ": " + d.Expected
		}
		c := verdictCase("proof", name, d.Verdict, d.Said)
		for _, p := range []*xmlProblem{c.Failure, c.Error} {
			if p != nil && d.Kind != "" {
				p.Type = string(d.Kind)
			}
		}
		suite.Cases = append(suite.Cases, c)
	}
	return suite
}

// verdictCase is a case for a whole: anything but pass and fail is an error,
// never a skip.
func verdictCase(class, name string, v view.Badge, why string) xmlCase {
	c := xmlCase{Name: name, ClassName: className(class), Time: "0"}
	switch v.Is {
	case result.Pass:
	case result.Fail:
		c.Failure = &xmlProblem{Message: why, Type: string(v.Is)}
	case "":
		c.Error = &xmlProblem{Message: why, Type: "no verdict"}
	default:
		c.Error = &xmlProblem{Message: why, Type: string(v.Is)}
	}
	return c
}

func checkCase(class, prefix string, check view.Check) xmlCase {
	c := verdictCase(class, prefix+check.Sentence, check.Verdict, check.Said)
	detail := fmt.Sprintf("measured %s, limit %s, %s samples", check.Got, check.Limit, check.Samples)
	if check.Why != "" {
		detail += "; the limit: " + check.Why
	}
	if check.Verdict.Is == result.NotExercised {
		c.Skipped, c.Error = c.Error, nil
		c.Skipped.Type = ""
	}
	for _, p := range []*xmlProblem{c.Failure, c.Error, c.Skipped} {
		if p == nil {
			continue
		}
		if p.Message == "" {
			p.Message = detail
		}
		p.Text = detail
	}
	return c
}
