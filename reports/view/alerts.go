package view

import (
	"fmt"
	"slices"
	"strings"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
)

// Alerts is what a matrix of alerts and faults is shown as: a row for each alert, a
// column for each fault.
type Alerts struct {
	Counts   string
	Columns  []string // the scenarios' names, without their area
	Rows     []AlertRow
	TooLarge bool        // to be drawn
	Open     []AlertCell // cells that are not as they should be, worst first
}

// AlertRow is what one alert did about all faults.
type AlertRow struct {
	Alert, Severity string
	Verdict         Badge // the worst of its cells
	Cells           []MatrixCell
}

// AlertCell is what one alert did about one fault, in words.
type AlertCell struct {
	Alert, Scenario string
	Expected        string // what it was to do
	Verdict         Badge
	Reason          string
}

func newAlerts(cells []result.AlertCell) *Alerts {
	if len(cells) == 0 {
		return nil
	}
	a := &Alerts{Counts: alertCounts(cells)}
	column, row := map[string]int{}, map[string]int{}
	var worst []result.Verdict
	for _, c := range cells {
		if _, ok := column[c.Scenario]; !ok {
			column[c.Scenario] = len(a.Columns)
			_, name, found := strings.Cut(c.Scenario, "/")
			if !found {
				name = c.Scenario
			}
			a.Columns = append(a.Columns, name)
		}
		if _, ok := row[c.Alert]; !ok {
			row[c.Alert] = len(a.Rows)
			a.Rows = append(a.Rows, AlertRow{Alert: c.Alert, Severity: c.Severity})
			worst = append(worst, c.Verdict)
		}
		i := row[c.Alert]
		worst[i] = result.Worst(worst[i], c.Verdict)
		if c.Verdict != result.Pass {
			a.Open = append(a.Open, AlertCell{c.Alert, c.Scenario, expectedText(c), badgeOf(c.Verdict), c.Reason})
		}
	}
	slices.SortStableFunc(a.Open, func(a, b AlertCell) int { return verdict.Compare(a.Verdict.Is, b.Verdict.Is) })
	if a.TooLarge = len(a.Rows)*len(a.Columns) > mostCells; a.TooLarge {
		a.Rows, a.Columns = nil, nil
		return a
	}
	for i := range a.Rows {
		a.Rows[i].Cells, a.Rows[i].Verdict = make([]MatrixCell, len(a.Columns)), badgeOf(worst[i])
	}
	for _, c := range cells {
		cell := &a.Rows[row[c.Alert]].Cells[column[c.Scenario]]
		*cell = append(*cell, alertOutcome(c))
	}
	return a
}

// alertOutcome is a cell as mark and word: when it fired, if it did. An alert that was
// silent and was to be says nothing.
func alertOutcome(c result.AlertCell) Cell {
	word := "silent"
	if c.FiredS != nil {
		word = duration(*c.FiredS)
	} else if c.Verdict == result.NotExercised {
		word = "not exercised"
	} else if c.Verdict != result.Pass {
		word = strings.ToLower(c.Verdict.Label())
	}
	b := badgeOf(c.Verdict)
	if c.Verdict == result.Pass && c.Expected != result.AlertFires {
		return Cell{Class: "none", Mark: "·", Word: word}
	}
	return Cell{Class: b.Class, Mark: b.Mark, Word: word}
}

// expectedText is what an alert was to do, in words.
func expectedText(c result.AlertCell) string {
	switch {
	case c.Expected == result.AlertFires && c.WithinS != nil:
		return "fires within " + duration(*c.WithinS)
	case c.Expected == result.AlertMay:
		return "may fire"
	case c.Expected == result.AlertSilent:
		return "silent"
	}
	return string(c.Expected)
}

func alertCounts(cells []result.AlertCell) string {
	var fires, fired, silent, quiet int64
	for _, c := range cells {
		switch c.Expected {
		case result.AlertFires:
			fires++
			if c.Verdict == result.Pass {
				fired++
			}
		case result.AlertSilent:
			silent++
			if c.Verdict == result.Pass {
				quiet++
			}
		}
	}
	return fmt.Sprintf("Fired in time and was resolved: %s of %s where a fault is to be told of. Was silent: %s of %s where it is to be.",
		count(fired), Plural(int(fires), "cell", "cells"), count(quiet), Plural(int(silent), "cell", "cells"))
}
