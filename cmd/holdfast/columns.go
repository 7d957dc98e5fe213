package main

import (
	"strings"

	"golang.org/x/text/width"
)

// folded is a text in lines of so many columns, broken between words; a word that is
// longer is cut.
func folded(text string, columns int) []string {
	lines := wrapped(text, columns)
	for i, line := range lines {
		lines[i] = fitting(line, columns)
	}
	return lines
}

// wrapped is a text in lines of so many columns, broken between words. What follows the
// first line stands further in.
func wrapped(text string, columns int) (lines []string) {
	words := strings.Split(strings.TrimLeft(text, " "), " ")
	indent := text[:len(text)-len(strings.TrimLeft(text, " "))]
	line := indent + words[0]
	for _, word := range words[1:] {
		if longer := line + " " + word; fitting(longer, columns) == longer {
			line = longer
			continue
		}
		lines = append(lines, line)
		line = indent + "  " + word
	}
	return append(lines, line)
}

// reflowed is a text of several lines, each broken between words where it is longer than
// so many columns.
func reflowed(text string, columns int) string {
	var lines []string
	for line := range strings.SplitSeq(text, "\n") {
		lines = append(lines, wrapped(line, columns)...)
	}
	return strings.Join(lines, "\n")
}

// fitting is as much of a text as stands in that many columns.
func fitting(text string, columns int) string {
	for i, r := range text {
		if columns -= columnsOf(r); columns < 0 {
			return text[:i]
		}
	}
	return text
}

// cut is a text in no more than so many columns: what is longer ends with an ellipsis.
func cut(text string, columns int) string {
	if fitting(text, columns) == text {
		return text
	}
	return fitting(text, max(columns-1, 0)) + "…"
}

// padded is a text in exactly so many columns: what is longer ends with an ellipsis.
func padded(text string, columns int) string {
	text = cut(text, columns)
	for _, r := range text {
		columns -= columnsOf(r)
	}
	return text + strings.Repeat(" ", max(columns, 0))
}

// columnsOf is how much room a character takes: letters of East Asia take two columns.
func columnsOf(r rune) int {
	if k := width.LookupRune(r).Kind(); k == width.EastAsianWide || k == width.EastAsianFullwidth {
		return 2
	}
	return 1
}
