package chart

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"holdfast.dev/holdfast/harness/result"
)

// Drawing is a group ready for the template "charts". All its fields are plain
// text for attributes and elements; the template escapes them.
type Drawing struct {
	ID, Name      string
	From, To      string // seconds
	Step          string // of the time cursor, seconds
	ViewBox       string
	StripHeight   int
	Edges         []string // x of the borders between phases
	Windows       []window // fault windows behind the lines
	Labels        []label  // names of phases and faults above the panels
	Flags         []flag   // numbered marks
	FlagY         int      // of the row of flags, pixels
	Figures       []figure
	Ticks         []tick
	Zooms         []zoom
	LimitedMarks  int // how many marks were left out
	PhasesForRead string
	Bare          bool // without buttons
	Aside         int  // how many of the figures, the last ones, are folded away
}

type window struct{ X, Width, Until string }

type label struct {
	Class, Name    string
	X, Width, From string
	To             string
	Y              int
	Text           string // empty where there is no room
}

// flag is the list entry of one mark, and its sign above the charts. Marks too
// close to be told apart share the sign of the first, and have no Text.
type flag struct {
	At, X, Name string
	Time        string
	Bad         bool
	Text        string // numbers of the marks that the sign stands for
	Left, Width int    // of the sign, pixels
}

type tick struct{ X, At, Text, Class string }

type zoom struct{ From, To, Name string }

type figure struct {
	More               int  // on the first that is folded away: how many are
	Axis               bool // the axis of time stands below it
	Title, Unit, Label string
	Height             int
	Ticks              []yTick
	Grid               string
	Paths              []path
	Cells              []cells  // of a heat, in the place of paths
	Swatches           []swatch // its shades
	Keys               []key
	Gap                string
	GapName            string
	GapTransform       string
	Limits             []rule
	Notes              []string
	Reduced            string // how the lines' data was reduced, if it was
}

// yTick is a text at the y axis, its base line in pixels.
type yTick struct{ Text, Base string }

type path struct {
	Style                    Style
	D, Transform, Time, Unit string
	Step                     string // of its values
}

type key struct {
	Style       Style
	Name, Value string
}

type rule struct{ Name, X1, X2, Y string }

const (
	rowHeight = 20 // of a row of names above the panels, pixels
	maxMarks  = 40
	maxLanes  = 5
	// throughout is from which share of the whole time on a fault is a condition: its name
	// above the charts is enough, for a tint over everything tells nothing.
	throughout = 0.9
	axisEvery  = 3     // panels: nobody looks further down for the time
	nearMarks  = 0.025 // of the whole time: marks closer than this share a sign
)

// Draw lays the group out. It is pure: the same group gives the same drawing.
func (g Group) Draw() Drawing {
	if !(g.Span.Len() > 0) || !finite(g.Span.From) || !finite(g.Span.To) {
		g.Span = Span{From: 0, To: 1}
	}
	d := Drawing{
		ID: g.ID, Name: g.Name, Bare: g.Bare, From: short(g.Span.From), To: short(g.Span.To),
		Step:    short(max(round(g.Span.Len()/1000), 0.001)),
		ViewBox: fmt.Sprintf("%s 0 %s %d", short(g.Span.From), short(g.Span.Len()), high),
	}
	g.drawBands(&d)
	g.drawMarks(&d)
	for _, at := range timeTicks(g.Span) {
		d.Ticks = append(d.Ticks, tick{X: g.Span.percent(at), At: short(at), Text: seconds(at) + nbsp + "s"})
	}
	for i := range d.Ticks {
		if i%2 == 1 {
			d.Ticks[i].Class = "minor"
		}
	}
	d.figures(g)
	return d
}

// figures draws the panels, those aside last, and says where an axis of time stands.
func (d *Drawing) figures(g Group) {
	aside := 0
	for _, p := range g.Panels {
		if p.Aside {
			aside++
		}
	}
	for _, last := range []bool{false, true} {
		for _, p := range g.Panels {
			if p.Aside != last {
				continue
			}
			f := p.draw(g.Span)
			if last && d.Aside == 0 {
				d.Aside, f.More = aside, aside
			}
			d.Figures = append(d.Figures, f)
		}
	}
	for i := range d.Figures {
		d.Figures[i].Axis = (i+1)%axisEvery == 0 && i+1 < len(d.Figures) || i+1 == len(d.Figures)-aside && aside > 0
	}
}

const nbsp = "\u00a0"

// drawBands lays phases in the first row and faults below, a fault that would
// cover another one in a row of its own.
func (g Group) drawBands(d *Drawing) {
	var phases []string
	for _, b := range g.Phases {
		s := g.Span.clip(b.Span)
		d.Labels = append(d.Labels, g.label("phase", b.Name, s, 0))
		if s.From > g.Span.From {
			d.Edges = append(d.Edges, short(s.From))
		}
		phases = append(phases, short(s.From)+" "+short(s.To)+" "+b.Name)
	}
	d.PhasesForRead = strings.Join(phases, "\n")
	rows := min(len(g.Phases), 1)
	first := rows
	var ends []float64
	zooms := map[Span]int{}
	for _, b := range g.Faults {
		s := g.Span.clip(b.Span)
		if s.Len() < throughout*g.Span.Len() {
			d.Windows = append(d.Windows, window{X: short(s.From), Width: short(s.Len()), Until: short(s.To)})
		}
		lane := 0
		for lane < len(ends) && lane < maxLanes-1 && ends[lane] > s.From {
			lane++
		}
		if lane == len(ends) {
			ends = append(ends, 0)
		}
		ends[lane] = s.To
		rows = max(rows, first+lane+1)
		d.Labels = append(d.Labels, g.label("fault", b.Name, s, first+lane))
		if at, seen := zooms[s]; seen {
			d.Zooms[at].Name += ", " + b.Name
		} else if s.Len() > 0 && len(d.Zooms) < 6 {
			zooms[s] = len(d.Zooms)
			around := g.Span.clip(Span{s.From - s.Len()/5, s.To + s.Len()/5})
			d.Zooms = append(d.Zooms, zoom{From: short(around.From), To: short(around.To), Name: b.Name})
		}
	}
	d.StripHeight = rows * rowHeight
}

// label places a name. Its text is left out where even a wide screen has no
// room for it, and hidden by its class where a phone has none.
func (g Group) label(class, name string, s Span, row int) label {
	l := label{
		Class: class, Name: name, X: g.Span.percent(s.From), Width: short(100*s.Len()/g.Span.Len()) + "%",
		From: short(s.From), To: short(s.To), Y: row * rowHeight, Text: name,
	}
	share := s.Len() / g.Span.Len()
	needs := float64(len([]rune(name)))*7 + 8
	if share*1100 < min(needs, 60) {
		l.Text = ""
	} else if share*320 < min(needs, 60) {
		l.Class += " wide"
	}
	return l
}

func (g Group) drawMarks(d *Drawing) {
	first, firstAt := 0, math.Inf(-1) // the flag whose sign the next mark may share
	for _, m := range g.Marks {
		if !finite(m.At) || m.At < g.Span.From || m.At > g.Span.To {
			continue
		}
		if len(d.Flags) == maxMarks {
			d.LimitedMarks++
			continue
		}
		n := len(d.Flags) + 1
		d.Flags = append(d.Flags, flag{
			At: short(m.At), X: g.Span.percent(m.At), Name: m.Name, Time: seconds(m.At) + nbsp + "s", Bad: m.Bad,
		})
		sign := &d.Flags[n-1]
		if m.At-firstAt < nearMarks*g.Span.Len() {
			sign = &d.Flags[first]
			sign.Text = strconv.Itoa(first+1) + "–" + strconv.Itoa(n)
			sign.Bad = sign.Bad || m.Bad
		} else {
			first, firstAt, sign.Text = n-1, m.At, strconv.Itoa(n)
		}
		sign.Width = 10 + 6*len([]rune(sign.Text))
		sign.Left = -sign.Width / 2
	}
	if len(d.Flags) > 0 {
		d.FlagY = d.StripHeight
		d.StripHeight += rowHeight
	}
}

// draw lays one panel out.
func (p Panel) draw(span Span) figure {
	if p.Heat != nil {
		return p.drawHeat(span)
	}
	f := figure{Title: p.Title, Height: p.Height}
	sc := p.scale()
	f.Unit = sc.unit
	for _, v := range sc.ticks() {
		f.Grid += gridLine(sc.y(v) * float64(p.Height) / high)
		f.Ticks = append(f.Ticks, newTick(sc.text(v), sc.y(v)*float64(p.Height)/high, p.Height))
	}
	var words []string
	for _, l := range p.Lines {
		e := Encode(l.T, l.V, p.Height)
		peak, text := l.peak()
		words = append(words, text)
		f.Paths = append(f.Paths, path{
			Style: l.Style, D: e.D, Transform: e.transform(sc), Time: exact(e.T0) + " " + exact(e.StepT),
			Unit: l.Unit, Step: exact(e.StepV),
		})
		f.Keys = append(f.Keys, key{Style: l.Style, Name: l.Name, Value: peak})
	}
	f.Reduced = p.reduced()
	f.Label = p.Title + ": " + strings.Join(words, "; ")
	f.limits(p, span, sc.y)
	if p.Gap != nil {
		f.Gap, f.GapTransform = p.gap(sc)
		if f.Gap != "" {
			f.GapName = p.Gap.Name
		}
	}
	return f
}

// limits draws the panel's limits at their heights, and says them.
func (f *figure) limits(p Panel, span Span, y func(float64) float64) {
	for _, l := range p.Limits {
		if !finite(l.Value) {
			continue
		}
		s := span.clip(l.Span)
		text := l.Name + " " + result.Format(l.Value, p.Unit)
		switch at := y(l.Value); {
		case at < 0:
			text += " (above the chart)"
		case at > high: // where the axis does not begin with 0
			text += " (below the chart)"
		default:
			f.Limits = append(f.Limits, rule{X1: short(s.From), X2: short(s.To), Y: short(at), Name: text})
		}
		f.Notes = append(f.Notes, text)
	}
}

// newTick puts a text beside a height, kept within the panel.
func newTick(text string, y float64, height int) yTick {
	return yTick{Text: text, Base: short(math.Round(min(max(y+4, 10), float64(height)-1)))}
}

// gridLine is longer than any screen is wide; the panel cuts it.
func gridLine(y float64) string { return "M0 " + short(math.Round(y*2)/2) + "h4000" }

// reduced joins the notes of the lines, each once.
func (p Panel) reduced() string {
	var notes []string
	for _, l := range p.Lines {
		if l.Note != "" && !slices.Contains(notes, l.Note) {
			notes = append(notes, l.Note)
		}
	}
	return strings.Join(notes, "; ")
}

// scale covers all lines, and the limits that are within four times their peak:
// a limit far above would press the lines flat.
func (p Panel) scale() scale {
	low, top := 0.0, 0.0
	for _, l := range p.Lines {
		for _, v := range l.V {
			if finite(v) {
				low, top = min(low, v), max(top, v)
			}
		}
	}
	peak := top
	for _, l := range p.Limits {
		if finite(l.Value) && (p.AllLimits || l.Value <= 4*peak) {
			top = max(top, l.Value)
		}
	}
	return newScale(low, top, p.Unit, max(p.Height/45, 2))
}

// transform places a path's integers in the panel's inner coordinates.
func (e Encoded) transform(s scale) string {
	if e.D == "" {
		return ""
	}
	perStep := high * e.StepV / (s.top - s.low)
	return fmt.Sprintf("matrix(%s 0 0 %s %s %s)", short(e.StepT), short(-perStep), short(e.T0), short(s.y(0)))
}
