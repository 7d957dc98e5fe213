package view

import (
	"cmp"
	"net/url"
	"slices"
	"strings"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
	"holdfast.dev/holdfast/reports/chart"
)

// Answer is what whoever is woken by a run wants to know of its worst scenario: what
// broke and when, what else moved then, where to look, and what to type.
type Answer struct {
	ID, Scenario string
	Verdict      Badge
	Claim        string
	Check        string // what broke, with value and limit
	More         string // how many others did
	When         string // when it broke, and under what
	NoChart      string // why there is none
	Moved        []Moved
	NotMoved     string // instead of it
	Look         []Look
	Disturbed    []Disturbed // of what showed nothing, instead of the three before
	ToDo         string      // likewise: what to do before it is repeated
	Repeat       string
	Chart        *chart.Drawing // in a drawn view alone
}

// Look is a place where to look: a protection with what sets it.
type Look struct {
	Protection, About string
	Settings          []string
	Gone              bool   // it was taken away
	Word              string // of [Run.Words]
	Explain           string // the line that says more of it
	Runbook           string // what to read next, as its owner wrote it
	Link              bool   // Runbook is an address on the web
}

// answer tells the worst scenario of a run, nil if nothing was missed.
func answer(scenarios []judged) *Answer {
	if len(scenarios) == 0 {
		return nil
	}
	s := scenarios[0]
	switch {
	case s.badge.Is == result.Inconclusive:
		return unclear(s)
	case s.badge.Is != result.Fail || s.decisive == nil:
		return nil
	}
	c := *s.decisive
	a := &Answer{ID: "s1", Scenario: s.Name, Verdict: s.badge, Claim: s.Claim, Check: cmp.Or(c.Reason, verdict.Finding(c)), Look: looks(s.Scenario, c), Repeat: s.Repeat}
	if n := s.others(); n > 0 {
		a.More = Plural(n, "more check", "more checks") + " failed here."
	}
	over, ok := courseOf(s.Scenario, c)
	if !ok {
		a.NoChart = "No series was recorded of what this check is of: it is one number of the whole."
	}
	from, to, known := windowOf(s.Scenario, c)
	if t, broke := over.brokeAt(s.Scenario, c); broke {
		a.When = "First past its limit at " + at(t) + inPhase(s.Scenario, t) + "."
		from = t
		if to-from < 1 { // it broke at the very end
			from = to - 1
		}
	} else if dead := deaths(s.Scenario); len(dead) > 0 {
		a.When = "At " + at(dead[0].At) + inPhase(s.Scenario, dead[0].At) + ": " + dead[0].Name + "."
	}
	if base, ok := phase(s.Scenario, result.Baseline); ok && from < base.To.Seconds() {
		known = false
	}
	if known {
		a.Moved = moved(s.Scenario, over.series.Name, from, to)
	}
	switch {
	case !known:
		a.NotMoved = "There is no baseline before it to compare with."
	case len(a.Moved) == 0:
		a.NotMoved = "Nothing else that was recorded left its baseline."
	}
	return a
}

// draw adds the picture.
func (a *Answer) draw(s result.Scenario, points int) {
	c := verdict.Decisive(s.Checks, s.Evidence)
	if a.ToDo != "" {
		c = shownUnclear(s)
	}
	if c == nil {
		return
	}
	over, ok := courseOf(s, *c)
	if !ok {
		return
	}
	var broke []chart.Mark
	if t, ok := over.brokeAt(s, *c); ok {
		broke = []chart.Mark{{At: t, Name: "past its limit", Bad: true}}
	}
	d := over.drawing(s, *c, "answer", points, broke)
	a.Chart = &d
}

// windowOf is the span of time that a check is of, after the baseline: its phase, or all
// from the end of the baseline to that of the load. known is false where there is no
// baseline before it.
func windowOf(s result.Scenario, c result.Check) (from, to float64, known bool) {
	base, ok := phase(s, result.Baseline)
	if !ok || c.Phase == result.Baseline || c.Phase == result.WarmUp {
		return 0, 0, false
	}
	if p, ok := phase(s, c.Phase); ok {
		return p.From.Seconds(), p.To.Seconds(), true
	}
	for _, p := range s.Phases {
		if p.Name == result.Inject || p.Name == result.Heal {
			to = p.To.Seconds()
		}
	}
	return base.To.Seconds(), to, to > base.To.Seconds()
}

// inPhase says where in the experiment a moment is, and which faults were on.
func inPhase(s result.Scenario, t float64) string {
	text := ""
	for _, p := range s.Phases {
		if t >= p.From.Seconds() && t < p.To.Seconds() {
			text = ", in " + p.Name
		}
	}
	var on []string
	for _, f := range s.Faults {
		if t >= f.StartS && (f.EndS == nil || t < *f.EndS) {
			on = append(on, faultName(f))
		}
	}
	if len(on) > 0 {
		text += ", under " + strings.Join(on, " and ")
	}
	return text
}

// looks are the protections that a check watches, or else those of its scenario, with
// what sets them.
func looks(s result.Scenario, c result.Check) []Look {
	names := c.Protections
	for _, w := range s.Without { // what was taken away is where to look first
		if !slices.Contains(names, w) {
			names = slices.Concat([]string{w}, names)
		}
	}
	if len(names) == 0 {
		names = s.Protections
	}
	var all []Look
	for _, name := range names {
		l := Look{Protection: name, Gone: slices.Contains(s.Without, name), Explain: explainLine(s, name)}
		for _, sw := range s.Switches {
			if sw.Protection == name {
				l.About, l.Runbook, l.Link = sw.About, sw.Runbook, onTheWeb(sw.Runbook)
				l.Settings = append(l.Settings, switchText(sw))
			}
		}
		all = append(all, l)
	}
	return all
}

// explainLine is what to type to read of a name: of a service of one's own with its file,
// as the line that repeats the scenario has it.
func explainLine(s result.Scenario, name string) string {
	line := "holdfast explain " + name
	if _, rest, ok := strings.Cut(s.Repeat, " --service "); ok {
		file, _, _ := strings.Cut(rest, " --")
		line += " --service " + file
	}
	return line
}

// onTheWeb reports whether a text is an address that a browser may be led to.
func onTheWeb(text string) bool {
	u, err := url.Parse(text)
	return err == nil && u.Host != "" && (u.Scheme == "https" || u.Scheme == "http")
}

// switchText says how a switch is set, and what would take its protection away.
func switchText(s result.Switch) string {
	of := ""
	if s.Process != "" {
		of = " of " + s.Process
	}
	switch {
	case s.Setting == "":
		return "the command" + of + " is its own; without it: " + s.Off
	case s.Value != nil && *s.Value == s.Off:
		return s.Setting + of + " was " + *s.Value + ", which takes it away"
	case s.Value != nil:
		return s.Setting + of + " was " + *s.Value + " (" + quotedEmpty(s.Off) + " takes it away)"
	case s.Process != "":
		return s.Setting + of + " (" + quotedEmpty(s.Off) + " takes it away)"
	case s.Default != "":
		return s.Setting + " was not set: its default, " + s.Default + ", held (" + quotedEmpty(s.Off) + " takes it away)"
	default:
		return s.Setting + " was not set (" + quotedEmpty(s.Off) + " takes it away)"
	}
}

func quotedEmpty(s string) string {
	if s == "" {
		return "an empty value"
	}
	return s
}

// asItShould says in the verdict itself that something was taken away from the target.
func asItShould(v result.Verdict, scenarios []judged) string {
	if len(scenarios) == 0 || len(scenarios[0].Without) == 0 {
		return ""
	}
	gone := scenarios[0].Without
	proved := false
	for _, s := range scenarios {
		if !slices.Equal(s.Without, gone) {
			return ""
		}
		proved = proved || s.badge.Is == result.Fail && slices.ContainsFunc(gone, func(g string) bool { return slices.Contains(s.Protections, g) })
	}
	without := "without " + strings.Join(gone, ", ")
	switch {
	case v == result.Fail && proved:
		return "as it should: " + without
	case v == result.Pass:
		return "although " + without
	default:
		return without
	}
}

// nearest is, of all checks that passed, the one that came nearest to its limit.
func nearest(scenarios []judged) string {
	var best *result.Check
	most, in := 0.0, ""
	for _, s := range scenarios {
		for i, c := range s.Checks {
			used, ok := verdict.LimitUsed(c)
			if ok && c.Verdict == result.Pass && !c.Exercise && !verdict.Silent(c) && used > most {
				best, most, in = &s.Checks[i], used, s.Name
			}
		}
	}
	if best == nil {
		return ""
	}
	return "Nearest to its limit: " + verdict.Subject(*best) + " in " + in + ", " + measured(*best) + " of " + verdict.LimitText(*best) + " (" + usedText(most) + ")."
}
