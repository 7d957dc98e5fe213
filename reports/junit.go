package reports

import (
	"encoding/xml"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
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
	safe := shown(run)
	suites := xmlSuites{Name: "holdfast", Time: xmlSeconds(safe.DurationS)}
	suites.add(runSuite(safe))
	for _, s := range safe.Scenarios {
		suites.add(scenarioSuite(s, safe))
	}
	if len(safe.Detections) > 0 {
		suites.add(proofSuite(safe))
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

type xmlSuites struct {
	XMLName  xml.Name   `xml:"testsuites"`
	Name     string     `xml:"name,attr"`
	Tests    int        `xml:"tests,attr"`
	Failures int        `xml:"failures,attr"`
	Errors   int        `xml:"errors,attr"`
	Skipped  int        `xml:"skipped,attr"`
	Time     string     `xml:"time,attr"`
	Suites   []xmlSuite `xml:"testsuite"`
}

type xmlSuite struct {
	Name       string        `xml:"name,attr"`
	Tests      int           `xml:"tests,attr"`
	Failures   int           `xml:"failures,attr"`
	Errors     int           `xml:"errors,attr"`
	Skipped    int           `xml:"skipped,attr"`
	Time       string        `xml:"time,attr"`
	Timestamp  string        `xml:"timestamp,attr,omitempty"`
	Properties []xmlProperty `xml:"properties>property"`
	Cases      []xmlCase     `xml:"testcase"`
	SystemOut  string        `xml:"system-out,omitempty"`
}

type xmlProperty struct {
	Name  string `xml:"name,attr"`
	Value string `xml:"value,attr"`
}

type xmlCase struct {
	Name       string         `xml:"name,attr"`
	ClassName  string         `xml:"classname,attr"`
	Time       string         `xml:"time,attr"`
	Properties *xmlProperties `xml:"properties"` // nil: none, and no empty element
	Failure    *xmlProblem    `xml:"failure"`
	Error      *xmlProblem    `xml:"error"`
	Skipped    *xmlProblem    `xml:"skipped"`
}

type xmlProperties struct {
	List []xmlProperty `xml:"property"`
}

type xmlProblem struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr,omitempty"`
	Text    string `xml:",chardata"`
}

func (s *xmlSuites) add(suite xmlSuite) {
	for _, c := range suite.Cases {
		suite.Tests++
		switch {
		case c.Failure != nil:
			suite.Failures++
		case c.Error != nil:
			suite.Errors++
		case c.Skipped != nil:
			suite.Skipped++
		}
	}
	s.Tests += suite.Tests
	s.Failures += suite.Failures
	s.Errors += suite.Errors
	s.Skipped += suite.Skipped
	s.Suites = append(s.Suites, suite)
}

// runSuite has one case: that the run as a whole came to a verdict.
func runSuite(run *result.Run) xmlSuite {
	v, _ := verdict.ShownRun(run)
	why := sentence(run)
	if said := lacking(run); said != "" {
		why = said + " " + why
	}
	c := verdictCase("run", "reached a verdict", v, why)
	if v == result.Fail { // each failure is counted where it happened
		c.Failure = nil
	}
	if !run.Complete {
		c.Error = &xmlProblem{Message: why, Type: "partial"}
	}
	c.Time = xmlSeconds(run.DurationS)
	return xmlSuite{
		Name: "run", Time: xmlSeconds(run.DurationS), Timestamp: xmlTime(run.Started), Cases: []xmlCase{c},
		Properties: properties("id", run.ID, "profile", run.Profile, "seed", strconv.FormatUint(run.Seed, 10),
			"verdict", string(v), "command", run.Command, "target", run.Environment.Target, "database", run.Environment.Database),
	}
}

func scenarioSuite(s result.Scenario, run *result.Run) xmlSuite {
	v, _ := verdict.ShownScenario(s)
	whole := verdictCase(s.Name, "scenario", v, reasonOf(s))
	whole.Time = xmlSeconds(s.DurationS)
	if s.Error != "" {
		whole.Failure, whole.Error = nil, &xmlProblem{Message: reasonOf(s), Type: "not carried out"}
	}
	suite := xmlSuite{
		Name: s.Name, Time: whole.Time, Timestamp: xmlTime(s.Started), Cases: []xmlCase{whole},
		Properties: properties("verdict", string(v), "claim", s.Claim, "protections", strings.Join(s.Protections, " "),
			"without", strings.Join(s.Without, " "), "seed", strconv.FormatUint(run.Seed, 10), "repeat", s.Repeat),
	}
	proven := hasProvenChecks(run)
	for _, check := range s.Checks {
		c := checkCase(s.Name, "", check)
		if proven {
			c.Properties = &xmlProperties{properties("seen_failing", seen(check))}
		}
		suite.Cases = append(suite.Cases, c)
	}
	for _, c := range s.Evidence {
		suite.Cases = append(suite.Cases, checkCase(s.Name, "evidence: ", c))
	}
	if whole.Failure != nil || whole.Error != nil {
		lines, _ := lastLines(s.Log)
		suite.SystemOut = strings.Join(lines, "\n")
	}
	return suite
}

// verdictCase is a case for a whole: anything but pass and fail is an error,
// never a skip.
func verdictCase(class, name string, v result.Verdict, why string) xmlCase {
	c := xmlCase{Name: name, ClassName: className(class), Time: "0"}
	switch v {
	case result.Pass:
	case result.Fail:
		c.Failure = &xmlProblem{Message: why, Type: string(v)}
	case "":
		c.Error = &xmlProblem{Message: why, Type: "no verdict"}
	default:
		c.Error = &xmlProblem{Message: why, Type: string(v)}
	}
	return c
}

func checkCase(class, prefix string, check result.Check) xmlCase {
	c := verdictCase(class, prefix+nameOf(check), check.Verdict, check.Reason)
	detail := fmt.Sprintf("measured %s, limit %s, %s samples", measured(check), verdict.LimitText(check), count(check.Samples))
	if check.Why != "" {
		detail += "; the limit: " + check.Why
	}
	if check.Verdict == result.NotExercised {
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

// nameOf is a check's name; one without a name is called after what it is about.
func nameOf(c result.Check) string {
	if c.Name != "" {
		return c.Name
	}
	return verdict.Name(c)
}

func className(scenario string) string {
	return "holdfast." + strings.ReplaceAll(scenario, "/", ".")
}

// properties makes a list of names and values, leaving out what is empty.
func properties(namesAndValues ...string) []xmlProperty {
	var list []xmlProperty
	for i := 0; i+1 < len(namesAndValues); i += 2 {
		if namesAndValues[i+1] != "" {
			list = append(list, xmlProperty{namesAndValues[i], namesAndValues[i+1]})
		}
	}
	return list
}

func xmlSeconds(s float64) string { return strconv.FormatFloat(s, 'f', 3, 64) }

func xmlTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04:05Z")
}
