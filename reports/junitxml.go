package reports

import (
	"encoding/xml"
	"strconv"
	"strings"
	"time"
)

// The elements of a JUnit file.

type xmlSuites struct {
	XMLName xml.Name   `xml:"testsuites"`
	Suites  []xmlSuite `xml:"testsuite"` // Ant's schema knows no sums of them
}

type xmlSuite struct {
	ID         int           `xml:"id,attr"`
	Package    string        `xml:"package,attr"`
	Name       string        `xml:"name,attr"`
	Host       string        `xml:"hostname,attr"`
	Tests      int           `xml:"tests,attr"`
	Failures   int           `xml:"failures,attr"`
	Errors     int           `xml:"errors,attr"`
	Skipped    int           `xml:"skipped,attr"`
	Time       string        `xml:"time,attr"`
	Timestamp  string        `xml:"timestamp,attr"`
	Properties xmlProperties `xml:"properties"`
	Cases      []xmlCase     `xml:"testcase"`
	SystemOut  string        `xml:"system-out"`
	SystemErr  string        `xml:"system-err"`
}

type xmlProperties struct {
	All []xmlProperty `xml:"property"`
}

type xmlProperty struct {
	Name  string `xml:"name,attr"`
	Value string `xml:"value,attr"`
}

type xmlCase struct {
	Name      string      `xml:"name,attr"`
	ClassName string      `xml:"classname,attr"`
	Time      string      `xml:"time,attr"`
	Failure   *xmlProblem `xml:"failure"`
	Error     *xmlProblem `xml:"error"`
	Skipped   *xmlProblem `xml:"skipped"`
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
	suite.ID, suite.Package, suite.Host = len(s.Suites), "holdfast", "localhost" // which host it was a result does not say
	s.Suites = append(s.Suites, suite)
}

func className(scenario string) string {
	return "holdfast." + strings.ReplaceAll(scenario, "/", ".")
}

// properties makes a list of names and values, leaving out what is empty.
func properties(namesAndValues ...string) (list xmlProperties) {
	for i := 0; i+1 < len(namesAndValues); i += 2 {
		if namesAndValues[i+1] != "" {
			list.All = append(list.All, xmlProperty{namesAndValues[i], namesAndValues[i+1]})
		}
	}
	return list
}

func xmlSeconds(s float64) string { return strconv.FormatFloat(s, 'f', 3, 64) }

// xmlTime is a moment in UTC: Ant's schema has no room for the zone.
func xmlTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05") }
