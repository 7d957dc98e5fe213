package importer

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"holdfast.dev/holdfast/redact"
)

// Report collects what was carried over of files, and what was not.
type Report struct {
	carried []string
	left    []Left
	roots   []*Node
	// stripper takes secrets and personal data out of what is used.
	stripper redact.Stripper
}

// Strip is a value without what is secret or personal in it, of what is no part of a
// [Node]. Where says where it stands, name is that of its field or header.
func (r *Report) Strip(where, name, value string) string {
	return r.stripper.String(where, name, value)
}

// StripURL is the same of an address.
func (r *Report) StripURL(where, address string) string { return r.stripper.URL(where, address) }

// Carry says that something was carried over.
func (r *Report) Carry(format string, args ...any) {
	r.carried = append(r.carried, oneLine(redact.Text(fmt.Sprintf(format, args...))))
}

// Leave says that something is not carried over that is no part of a [Node]. The same
// is said once.
func (r *Report) Leave(l Left) {
	l.What, l.Why = redact.Text(l.What), redact.Text(l.Why)
	if !slices.Contains(r.left, l) {
		r.left = append(r.left, l)
	}
}

// Unasked tells what nobody has asked for of the files that were read with this report:
// the largest parts of which nothing was used. why may know more of a part than that it
// is not known here.
func (r *Report) Unasked(why func(n *Node) (why, instead string)) {
	for _, root := range r.roots {
		root.unasked(func(n *Node) {
			because, instead := "", ""
			if why != nil {
				because, instead = why(n)
			}
			n.Leave(cmp.Or(because, "nothing here is like it"), cmp.Or(instead, "write by hand what it is for"))
		})
	}
}

// Left is what was not carried over, by file and line.
func (r *Report) Left() []Left {
	all := slices.Clone(r.left)
	slices.SortStableFunc(all, func(a, b Left) int {
		return cmp.Or(strings.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
	})
	return all
}

// oneLine is a text fit for one line of a terminal, whatever a file has in it.
func oneLine(text string) string {
	return strings.Join(strings.FieldsFunc(text, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || !unicode.IsPrint(r)
	}), " ")
}

// Lines are what was not carried over, a line each; many of one sort in a file are one
// line, with the numbers of theirs.
func Lines(left []Left) []string {
	type sort struct{ file, last, why, instead string }
	of := func(l Left) sort {
		return sort{l.File, l.What[strings.LastIndexByte(l.What, '.')+1:], l.Why, l.Instead}
	}
	alike := map[sort][]Left{}
	for _, l := range left {
		alike[of(l)] = append(alike[of(l)], l)
	}
	var lines []string
	for _, l := range left {
		all := alike[of(l)]
		switch {
		case len(all) <= fewAlike:
			lines = append(lines, l.String())
		case all[0] == l:
			l.What += fmt.Sprintf(" and %d more like it (lines %s)", len(all)-1, numbers(all[1:]))
			lines = append(lines, l.String())
		}
	}
	return lines
}

// fewAlike is how many of one sort have a line each.
const fewAlike = 2

// numbers are the lines of what is left, each once.
func numbers(all []Left) string {
	var lines []string
	for _, l := range all {
		lines = append(lines, fmt.Sprint(l.Line))
	}
	return strings.Join(slices.Compact(lines), ", ")
}
