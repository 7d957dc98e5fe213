package view

import (
	"cmp"
	"slices"
	"strings"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
)

// Matrix is the detection matrix of one service: a row for each protection that
// was taken away, the intact target first, a column for each scenario.
type Matrix struct {
	Service string
	Columns []string // the scenarios' names within the service
	Rows    []MatrixRow
}

// MatrixRow is the intact target, or one that lacks a protection.
type MatrixRow struct {
	Without string // empty: the intact target
	Verdict Badge  // the worst of its cells
	Cells   []MatrixCell
}

// MatrixCell has one outcome as a rule; a file may have several, or none.
type MatrixCell []Cell

// Cell is what became of a cell, as mark and word.
type Cell struct{ Class, Mark, Word string }

// mostCells bounds what is drawn: a file may name anything. All protections
// against all scenarios are some 1,600 cells.
const mostCells = 3000

// newMatrices lays the cells out by service; too many to draw give none.
func newMatrices(detections []result.Detection) []Matrix {
	var services []string
	byService := map[string][]result.Detection{}
	for _, d := range detections {
		s := serviceOf(d)
		if byService[s] == nil {
			services = append(services, s)
		}
		byService[s] = append(byService[s], d)
	}
	var all []Matrix
	cells := 0
	for _, s := range services {
		m := newMatrix(s, byService[s])
		cells += len(m.Rows) * (len(m.Columns) + 1)
		if cells > mostCells {
			return nil
		}
		all = append(all, m)
	}
	return all
}

// serviceOf is the service of the scenario, or where there is none of the protection.
func serviceOf(d result.Detection) string {
	if service, _, ok := strings.Cut(d.Expected, "/"); ok {
		return service
	}
	service, _, _ := strings.Cut(d.Without, ".")
	return service
}

func newMatrix(service string, detections []result.Detection) Matrix {
	m := Matrix{Service: service}
	column, row := map[string]int{}, map[string]int{}
	var worst []result.Verdict
	for _, d := range detections {
		if _, ok := column[d.Expected]; !ok && d.Expected != "" {
			column[d.Expected] = len(m.Columns)
			m.Columns = append(m.Columns, strings.TrimPrefix(d.Expected, service+"/"))
		}
		if _, ok := row[d.Without]; !ok {
			row[d.Without] = len(m.Rows)
			m.Rows = append(m.Rows, MatrixRow{Without: d.Without})
			worst = append(worst, d.Verdict)
		}
		i := row[d.Without]
		worst[i] = result.Worst(worst[i], d.Verdict)
	}
	if len(m.Rows)*len(m.Columns) > mostCells {
		return m // not drawn, and not to be filled
	}
	for i := range m.Rows {
		m.Rows[i].Cells, m.Rows[i].Verdict = make([]MatrixCell, len(m.Columns)), badgeOf(worst[i])
	}
	for _, d := range detections {
		if d.Expected != "" {
			cell := &m.Rows[row[d.Without]].Cells[column[d.Expected]]
			*cell = append(*cell, outcomeOf(d))
		}
	}
	order := make([]int, len(m.Rows))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		if intact := cmp.Compare(min(len(m.Rows[a].Without), 1), min(len(m.Rows[b].Without), 1)); intact != 0 {
			return intact
		}
		return verdict.Compare(worst[a], worst[b])
	})
	rows := make([]MatrixRow, len(order))
	for i, from := range order {
		rows[i] = m.Rows[from]
	}
	m.Rows = rows
	return m
}

// unclaimed reports whether the scenario does not claim the protection: what it
// notices of it is worth knowing, and nothing that must be.
func unclaimed(d result.Detection) bool {
	return d.Without != "" && d.Verdict == result.Pass && d.Outcome != result.OutcomeCaught && d.Outcome != ""
}

func outcomeOf(d result.Detection) Cell {
	b := badgeOf(d.Verdict)
	if unclaimed(d) {
		return Cell{Class: "none", Mark: "·", Word: outcomeText(d)}
	}
	return Cell{Class: b.Class, Mark: b.Mark, Word: outcomeText(d)}
}

// outcomeText is a cell's outcome in words; of an intact target that did not
// pass, its verdict.
func outcomeText(d result.Detection) string {
	if d.Outcome == "" || d.Outcome == result.OutcomeIntact && d.Verdict != result.Pass {
		return strings.ToLower(d.Verdict.Label())
	}
	return string(d.Outcome)
}
