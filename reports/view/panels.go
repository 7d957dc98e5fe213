package view

import (
	"cmp"
	"slices"
	"strings"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/reports/chart"
)

const (
	tall, low = 180, 112 // heights of panels, pixels
	middling  = 132
	// Charts with a limit are in sight, and of latency, requests and memory the first few;
	// the rest is folded away, if it is more than a few.
	mainOrders, mostOfOrder, worthFolding = 2, 2, 3
	longestTime                           = 1e9 // seconds, past which a time is a mistake
)

// place is where a series belongs among the panels.
type place struct {
	order int    // of the panel
	key   string // series with the same key share a panel
	title string
	label string // of the line in its panel
	style chart.Style
}

// group is a panel with its place.
type group struct {
	place
	panel chart.Panel
}

// panels sorts a scenario's series into charts: latencies and rates by stream,
// memory together, connections, what is in flight, and the rest by prefix. A
// panel never mixes units.
func panels(s result.Scenario, span chart.Span, columns int) []chart.Panel {
	var groups []*group
	open := map[string]*group{}
	for _, series := range s.Series[:min(len(s.Series), mostSeries)] {
		if alertOf(series) != "" {
			continue // they are drawn as courses
		}
		p := placeOf(series)
		g := open[p.key]
		if g == nil || len(g.panel.Lines) == chart.MaxLines {
			g = &group{place: p, panel: chart.Panel{Title: p.title, Unit: series.Unit, Height: low}}
			if p.order == 0 {
				g.panel.Height = tall
			}
			open[p.key] = g
			groups = append(groups, g)
		}
		style := p.style
		if style == "" {
			style = chart.Cycle(len(g.panel.Lines))
		}
		g.panel.Lines = append(g.panel.Lines, chart.Line{
			Name: p.label, Unit: series.Unit, Style: style, T: series.T, V: series.V, Note: series.Reduced,
		})
		g.panel.Limits = append(g.panel.Limits, limits(s, series, p.label, span)...)
	}
	for _, stream := range s.Streams {
		if of := open["ms "+stream.Name]; of != nil && stream.Heat != nil {
			groups = slices.Insert(groups, slices.Index(groups, of)+1, of.heat(*stream.Heat, columns)...)
		}
	}
	slices.SortStableFunc(groups, func(a, b *group) int { return cmp.Compare(a.order, b.order) })
	of, aside := map[int]int{}, 0
	for i, g := range groups {
		if g.panel.Heat != nil {
			g.panel.Aside = groups[i-1].panel.Aside
			continue
		}
		of[g.order]++
		if g.panel.Aside = len(g.panel.Limits) == 0 && (g.order > mainOrders || of[g.order] > mostOfOrder); g.panel.Aside {
			aside++
		}
	}
	list := make([]chart.Panel, 0, len(groups))
	for _, g := range groups {
		g.panel.Gap = shortfall(g.panel)
		g.panel.Aside = g.panel.Aside && aside >= worthFolding
		list = append(list, g.panel)
	}
	return list
}

// placeOf reads a series' name and unit: names are words joined by dots, what
// is measured last.
func placeOf(s result.Series) place {
	name := s.Name
	stream, last := splitName(name)
	has := func(words ...string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(name, w) })
	}
	switch {
	case strings.HasPrefix(name, "canary."), strings.HasPrefix(name, "clock."), strings.HasPrefix(name, "pressure."), strings.HasPrefix(name, "quota."), strings.HasPrefix(name, "disk."), strings.HasPrefix(name, "memory."), has(".heartbeat"):
		return place{7, "witness " + s.Unit, "Witnesses of the machine", name, ""}
	case s.Unit == result.UnitMS:
		stream = strings.TrimSuffix(stream, ".latency")
		return place{0, "ms " + stream, titled("Latency", stream), last, percentileStyle(last)}
	case s.Unit == result.UnitPerS:
		stream = strings.TrimSuffix(stream, ".rate")
		return place{1, "rate " + stream, titled("Requests", stream), last, rateStyle(last)}
	case s.Unit == result.UnitBytes && (strings.HasPrefix(name, "machine.") || strings.HasPrefix(name, "harness.")):
		// Beside gigabytes of the machine nobody would see the target's megabytes.
		return place{6, "bytes " + stream, titled("Memory", stream), last, ""}
	case s.Unit == result.UnitBytes:
		return place{2, "bytes", "Memory", name, ""}
	case has("conn", "pool", "db."):
		return place{3, "connections " + s.Unit, "Connections", name, ""}
	case has("in_flight", "inflight"):
		return place{4, "in flight " + s.Unit, "In flight", name, ""}
	case has("queue", "jobs", "attempt"):
		return place{5, "queue " + s.Unit, "Queue", name, ""}
	default:
		return place{6, s.Unit + " " + stream, titled("Other", stream), last, ""}
	}
}

func titled(what, of string) string {
	if of == "" {
		return what
	}
	return what + " of " + of
}

// splitName parts the last word from what it belongs to. p99.9 is one word.
func splitName(name string) (of, last string) {
	for _, p := range []string{"p99.9", "p99.99"} {
		if of, ok := strings.CutSuffix(name, "."+p); ok {
			return of, p
		}
	}
	i := strings.LastIndexByte(name, '.')
	if i < 0 {
		return "", name
	}
	return name[:i], name[i+1:]
}

func percentileStyle(word string) chart.Style {
	switch word {
	case "p50", "median":
		return chart.Low
	case "mean":
		return chart.LowDashed
	case "p90", "p95":
		return chart.Middle
	case "p99":
		return chart.High
	case "p99.9", "p99_9", "p999", "max":
		return chart.HighDashed
	default:
		return ""
	}
}

func rateStyle(word string) chart.Style {
	switch word {
	case "planned":
		return chart.Reference
	case "sent":
		return chart.Low
	case "completed", "ok":
		return chart.Main
	case "failed", "errors":
		return chart.Ink
	default:
		return ""
	}
}

// shortfall shades what was planned but not answered.
func shortfall(p chart.Panel) *chart.Gap {
	find := func(words ...string) int {
		return slices.IndexFunc(p.Lines, func(l chart.Line) bool { return slices.Contains(words, l.Name) })
	}
	planned, done := find("planned"), find("completed", "ok")
	if p.Unit != result.UnitPerS || planned < 0 || done < 0 {
		return nil
	}
	return &chart.Gap{Above: planned, Below: done, Name: "planned but not answered"}
}

// limits are the lines that a series must not cross: its own limit, and the
// thresholds of the checks on it, each over the phase that it speaks of.
func limits(s result.Scenario, series result.Series, label string, span chart.Span) []chart.Limit {
	var list []chart.Limit
	if series.Limit != nil {
		list = append(list, chart.Limit{Name: "limit of " + label, Value: *series.Limit, Span: span})
	}
	for _, c := range s.Checks {
		if c.Unit != series.Unit || c.Op == "falls_to" || c.Times != 0 && c.Baseline == nil || !watches(c.Metric, series.Name) ||
			series.Limit != nil && *series.Limit == c.Threshold { // one line is enough
			continue
		}
		name := label + " " + strings.TrimSuffix(map[string]string{"<=": "≤", ">=": "≥", "==": "=", "between": "≥"}[c.Op]+" ", " ")
		if c.Op == "<" || c.Op == ">" {
			name = label + " " + c.Op
		}
		over := span
		if p, ok := phase(s, c.Phase); ok {
			name, over = c.Phase+": "+name, chart.Span{From: p.From.Seconds(), To: p.To.Seconds()}
		}
		list = append(list, chart.Limit{Name: name, Value: c.Threshold, Span: over})
		if c.Upper != nil {
			list = append(list, chart.Limit{Name: strings.Replace(name, "≥", "≤", 1), Value: *c.Upper, Span: over})
		}
	}
	return list
}

// watches reports whether a metric is a statistic of a series: its own name, or
// its name and one of the words for a summary.
func watches(metric, series string) bool {
	if metric == series {
		return true
	}
	word, ok := strings.CutPrefix(metric, series+".")
	return ok && slices.Contains([]string{"max", "min", "mean", "last", "peak"}, word)
}

func phase(s result.Scenario, name string) (result.Phase, bool) {
	i := slices.IndexFunc(s.Phases, func(p result.Phase) bool { return name != "" && p.Name == name })
	if i < 0 {
		return result.Phase{}, false
	}
	return s.Phases[i], true
}

// charts puts a scenario's panels on one axis of time. ok is false when nothing
// was recorded over time.
func charts(s result.Scenario, id string, room room, on []chart.Band) (chart.Drawing, bool) {
	span := spanOf(s)
	s.Series = slices.Clone(s.Series)
	for i := range s.Series {
		s.Series[i] = thin(s.Series[i], room.points)
	}
	g := chart.Group{ID: id, Name: s.Name, Span: span, Panels: panels(s, span, room.columns), Marks: marks(s)}
	if len(g.Panels) == 0 {
		return chart.Drawing{}, false
	}
	g.Phases, g.Faults = bands(s, span)
	g.Faults = append(g.Faults, on...)
	return g.Draw(), true
}

// bands are the spans of the phases and of the faults.
func bands(s result.Scenario, span chart.Span) (phases, faults []chart.Band) {
	for _, p := range s.Phases {
		phases = append(phases, chart.Band{Name: p.Name, Span: chart.Span{From: p.From.Seconds(), To: p.To.Seconds()}})
	}
	for _, f := range s.Faults {
		b := chart.Band{Name: faultName(f), Span: chart.Span{From: max(f.StartS, span.From), To: span.To}}
		if f.EndS != nil {
			b.Span.To = *f.EndS
		} else {
			b.Name += " (no end recorded)"
		}
		faults = append(faults, b)
	}
	return phases, faults
}

// spanOf is from 0 to the last thing that happened.
func spanOf(s result.Scenario) chart.Span {
	end := 0.0
	for _, p := range s.Phases {
		end = max(end, p.To.Seconds())
	}
	for _, series := range s.Series {
		for _, at := range series.T {
			if at < longestTime { // not so for what is not a number
				end = max(end, at)
			}
		}
	}
	if end == 0 {
		end = s.DurationS
	}
	return chart.Span{From: 0, To: end}
}

// deaths are the ends of the target that nobody asked for.
func deaths(s result.Scenario) (all []chart.Mark) {
	for _, e := range s.Ends {
		if e.EndS != nil && !e.Expected {
			all = append(all, chart.Mark{At: *e.EndS, Name: "target " + e.String(), Bad: true})
		}
	}
	return all
}

// disturbances are the moments from which on something took time from the experiment.
func disturbances(s result.Scenario) (all []chart.Mark) {
	if s.Validity == nil {
		return nil
	}
	for _, d := range s.Validity.Disturbances {
		all = append(all, chart.Mark{At: max(0, d.FromS), Name: "disturbed: " + d.Cause, Bad: true})
	}
	return all
}

// marks are the scenario's events and the ends of its target that nobody asked
// for. What happens at the same place in the picture shares one mark.
func marks(s result.Scenario) []chart.Mark {
	all := deaths(s)
	for i, e := range s.Ends {
		if i > 0 {
			all = append(all, chart.Mark{At: e.StartS, Name: "target started again"})
		}
	}
	all = append(all, disturbances(s)...)
	for _, e := range s.Events {
		all = append(all, chart.Mark{At: e.AtS, Name: e.What})
	}
	all = append(all, beginnings(s)...)
	slices.SortStableFunc(all, func(a, b chart.Mark) int { return cmp.Compare(a.At, b.At) })
	return all
}

// beginnings are the moments at which a series of refusals in order, or of an open breaker,
// left 0 for the first time.
func beginnings(s result.Scenario) (all []chart.Mark) {
	for _, series := range s.Series {
		of, last := splitName(series.Name)
		what := ""
		switch {
		case strings.Contains(last, "shed"):
			what = strings.TrimSuffix(of, ".rate") + " refuses in order from here"
		case strings.Contains(last, "breaker"):
			what = series.Name + " is open"
		default:
			continue
		}
		for i := range min(len(series.T), len(series.V)) {
			if series.V[i] > 0 {
				all = append(all, chart.Mark{At: series.T[i], Name: what})
				break
			}
		}
	}
	return all
}
