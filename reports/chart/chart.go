// Package chart lays time series out as SVG that needs no script, no library
// and no network: panels that share one time axis, with phases, faults, limits
// and events drawn behind the lines.
//
// Enter at [Group]: fill it with plain values and call [Group.Draw]; then
// execute the template "charts" of [Template] with the drawing. [Distribution]
// does the same for a latency distribution.
//
// The path of a line is the only copy of its data: integers, x in steps of
// time and y in steps of value, relative to the point before. The steps stand
// beside it in data attributes, so that a script reads the numbers back.
// Text is never inside a scaled coordinate system: x is in percent, heights are
// in pixels, and zooming is a change of the inner viewBox.
package chart

import (
	_ "embed"
	"fmt"
	"strconv"
	"strings"

	"holdfast.dev/holdfast/harness/result"
)

//go:embed chart.gohtml
var templates string

// Template returns the source of the html/template definitions "charts" and
// "curves", to be parsed into a page's own template.
func Template() string { return templates }

// high is the height of a panel's inner coordinate system. Its width is time,
// in seconds.
const high = 100

// Span is a stretch of time in seconds.
type Span struct{ From, To float64 }

// Len is the length of the span in seconds.
func (s Span) Len() float64 { return s.To - s.From }

// Band is a named stretch of time: a phase, or a fault's window.
type Band struct {
	Name string
	Span Span
}

// Mark is a moment worth a vertical line through all panels.
type Mark struct {
	At   float64 // seconds
	Name string
	Bad  bool // the target died, as against an ordinary event
}

// Line is one series. T is in seconds, ascending; T and V have the same
// length. A value that is not a number, or a hole in T, is a gap in the line.
type Line struct {
	Name  string
	Unit  string // one of the result.Unit constants
	Style Style
	T, V  []float64
	// Note says what a reader should know of the data, for example how it was reduced.
	Note string
}

// Style is how a line is drawn: a class of the stylesheet.
type Style string

// The styles. Percentiles are one hue in three weights; Reference is grey and
// dashed, for what was planned; Ink is for failures; the rest are for
// quantities beside each other.
const (
	Low, LowDashed   Style = "q1", "q1 da"
	Middle           Style = "q2"
	High, HighDashed Style = "q3", "q3 da"
	Main, MainDashed Style = "m", "m da"
	Ink, InkDashed   Style = "k", "k da"
	Reference        Style = "r"
)

// Cycle gives the style of the n-th of several lines that have no rank among
// each other.
func Cycle(n int) Style {
	styles := []Style{Main, Ink, Low, MainDashed, InkDashed, LowDashed}
	return styles[n%len(styles)]
}

// MaxLines is how many lines of [Cycle]'s styles can be told apart in one panel.
const MaxLines = 6

// Limit is a horizontal line: what a value must not cross, over a span of time.
type Limit struct {
	Name  string
	Value float64
	Span  Span
}

// Panel is one chart: lines of one unit, or a [Heat].
type Panel struct {
	Title  string
	Unit   string
	Height int // pixels
	Lines  []Line
	Limits []Limit
	// AllLimits has the scale reach to each limit, however far above the lines.
	AllLimits bool
	// Aside folds the panel away, behind the others: one that few look for.
	Aside bool
	// Gap shades where line Below stays under line Above, which must share their
	// T. Nothing is shaded without it.
	Gap *Gap
	// Heat is drawn in the place of lines; its unit is milliseconds.
	Heat *Heat
}

// Gap names two lines of a panel by index, and what lies between them.
type Gap struct {
	Above, Below int
	Name         string
}

// Group is all charts of one scenario: panels that share one axis of time.
type Group struct {
	// ID is unique in the page, generated, never a name that came from outside.
	ID     string
	Name   string // for assistive technology: whose charts these are
	Span   Span
	Phases []Band
	Faults []Band
	Marks  []Mark
	Panels []Panel
	// Bare leaves the buttons out: one chart that stands for itself.
	Bare bool
}

// seconds shows a moment or a duration with at most two decimals.
func seconds(s float64) string {
	text := strconv.FormatFloat(s, 'f', 2, 64)
	return strings.TrimSuffix(strings.TrimRight(text, "0"), ".")
}

// short prints a coordinate: six significant digits, never an exponent.
func short(v float64) string {
	text := strconv.FormatFloat(v, 'g', 6, 64)
	if strings.ContainsAny(text, "eE") {
		text = strconv.FormatFloat(v, 'f', 9, 64)
	}
	if strings.Contains(text, ".") {
		text = strings.TrimSuffix(strings.TrimRight(text, "0"), ".")
	}
	if text == "-0" {
		return "0"
	}
	return text
}

// exact prints a number so that it reads back as itself.
func exact(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }

// percent is where a moment lies on the axis.
func (s Span) percent(at float64) string {
	return short(100*(at-s.From)/s.Len()) + "%"
}

// clip cuts b to s. An end that is no moment at all is that of s.
func (s Span) clip(b Span) Span {
	if !finite(b.From) {
		b.From = s.From
	}
	if !finite(b.To) {
		b.To = s.To
	}
	from := max(s.From, min(b.From, s.To))
	return Span{From: from, To: max(from, min(b.To, s.To))}
}

// peak describes a line's greatest value and when it was reached, in words.
func (l Line) peak() (value, words string) {
	best := -1
	for i := range l.points() {
		if finite(l.T[i]) && finite(l.V[i]) && (best < 0 || l.V[i] > l.V[best]) {
			best = i
		}
	}
	if best < 0 {
		return "not measured", l.Name + " was not measured"
	}
	value = result.Format(l.V[best], l.Unit)
	return value, fmt.Sprintf("%s peaks at %s at %s s", l.Name, value, seconds(l.T[best]))
}

func (l Line) points() int { return min(len(l.T), len(l.V)) }
