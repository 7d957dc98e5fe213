package notation

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Position is a place in a file, counted from 1. The zero value is no place.
type Position struct{ Line, Column int }

// Problem is one thing that is wrong, and where.
type Problem struct {
	Position
	Text string // one line, with the fix where there is one
}

// Problems are all that is wrong with a file, by line. They are an error that
// [errors.As] finds.
type Problems struct {
	File string // as messages call it
	All  []Problem
}

// mostProblems is how many are told: who has more mends these first.
const mostProblems = 100

// Error has a line for each problem: FILE:LINE:COLUMN: TEXT.
func (p *Problems) Error() string {
	sorted := slices.Clone(p.All)
	slices.SortStableFunc(sorted, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	sorted = slices.Compact(sorted)
	var b strings.Builder
	for i, problem := range sorted {
		if i > 0 {
			b.WriteByte('\n')
		}
		if i == mostProblems {
			fmt.Fprintf(&b, "%s: and %d more", p.File, len(sorted)-i)
			break
		}
		b.WriteString(p.File)
		if problem.Line > 0 {
			fmt.Fprintf(&b, ":%d:%d", problem.Line, problem.Column)
		}
		b.WriteString(": " + strings.Join(strings.Fields(problem.Text), " "))
	}
	return b.String()
}

// orNil is nil where nothing is wrong.
func (p *Problems) orNil() error {
	if len(p.All) == 0 {
		return nil
	}
	return p
}
