package reports

import (
	"strconv"
	"strings"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
)

// page is what the template "page" shows: words and coordinates, nothing left
// to compute.
type page struct {
	Title       string
	Verdict     badge
	Sentence    string
	Lacking     string
	Tally       []string
	Facts       []pair
	Command     string
	Tiles       []tile
	Rows        []row
	Reevaluated *reevaluated
	Claims      []claimRow
	Memories    []memoryCourse // of claims
	Curves      []curveTable
	Proof       *proof
	Scenarios   []section
	Setting     []pair // the environment
}

// badge is a verdict as word and mark.
type badge struct{ Class, Mark, Word string }

func badgeOf(v result.Verdict) badge {
	class := string(v)
	if !v.Valid() {
		class = "none"
	}
	return badge{Class: class, Mark: v.Mark(), Word: v.Label()}
}

// row is one scenario in the table of all.
type row struct {
	ID, Name   string
	Verdict    badge
	Faults     string
	Without    string
	Compressed bool
	Check      string // the decisive check, as a sentence
	Got, Limit string
	Samples    string
	Reason     string // instead of a check, where there is none
	More       string
	Bar        *bar
}

// bar is how much of its limit a value used: the limit's mark is at two thirds
// of the width, and the bar is cut at one and a half limits.
type bar struct {
	Width string // percent
	Text  string
	Over  bool
}

func barOf(c result.Check) *bar {
	used, ok := verdict.LimitUsed(c)
	if !ok {
		return nil
	}
	width := strconv.FormatFloat(min(used, 1.5)/1.5*100, 'f', 1, 64)
	return &bar{Width: width + "%", Text: usedText(used), Over: used > 1}
}

// newPage turns a run that was made visible into a page.
func newPage(run *result.Run) page {
	order := verdict.WorstFirst(run.Scenarios)
	v, _ := verdict.ShownRun(run)
	p := page{
		Title: v.Label() + " – Holdfast run " + run.ID, Verdict: badgeOf(v),
		Sentence: sentence(run), Lacking: lacking(run), Tally: tally(run),
		Facts: facts(run), Command: run.Command, Tiles: tiles(run), Setting: setting(run), Reevaluated: newReevaluated(run.Reevaluated),
	}
	points, proven := pointsPerSeries(run), hasProvenChecks(run)
	for n, i := range order {
		id := "s" + strconv.Itoa(n+1)
		p.Rows = append(p.Rows, newRow(run.Scenarios[i], id))
		p.Scenarios = append(p.Scenarios, newSection(run.Scenarios[i], id, points, proven))
	}
	p.Claims, p.Memories = claimRows(run.Gains), memoryCourses(run.Gains)
	for _, c := range run.Curves {
		p.Curves = append(p.Curves, newCurve(c))
	}
	p.Proof = newProof(run)
	return p
}

// facts is the run line.
func facts(run *result.Run) []pair {
	list := []pair{
		{"Run", run.ID}, {"Started", moment(run.Started)}, {"Took", duration(run.DurationS)},
		{"Profile", run.Profile}, {"Seed", strconv.FormatUint(run.Seed, 10)}, {"Target", run.Environment.Target},
		{"Load", loadOf(run)},
	}
	kept := list[:0]
	for _, f := range list {
		if f.Value != "" {
			kept = append(kept, f)
		}
	}
	return kept
}

func loadOf(run *result.Run) string {
	total := totals(run)
	if total.Planned == 0 {
		return "none"
	}
	return count(total.Planned) + nbsp + "requests planned"
}

func setting(run *result.Run) []pair {
	e := run.Environment
	list := []pair{{"Target", e.Target}, {"Database", e.Database}, {"Go", e.Go}, {"OS", e.OS}, {"CPU", e.CPUModel}}
	if e.CPUs > 0 {
		list = append(list, pair{"CPUs", count(int64(e.CPUs))})
	}
	if e.MemoryBytes > 0 {
		list = append(list, pair{"Memory", result.Bytes(float64(e.MemoryBytes))})
	}
	list = append(list, pairs(e.Versions)...)
	kept := list[:0]
	for _, f := range list {
		if f.Value != "" {
			kept = append(kept, f)
		}
	}
	return kept
}

func newRow(s result.Scenario, id string) row {
	v, _ := verdict.ShownScenario(s)
	r := row{
		ID: id, Name: s.Name, Verdict: badgeOf(v), Without: strings.Join(s.Without, ", "),
		Compressed: len(s.Compressed) > 0,
	}
	var faults []string
	for _, f := range s.Faults {
		faults = append(faults, faultName(f))
	}
	r.Faults = strings.Join(faults, ", ")
	decisive := verdict.Decisive(s.Checks, s.Evidence)
	if decisive == nil || s.Error != "" && v != result.Fail {
		r.Reason = reasonOf(s)
		return r
	}
	c := *decisive
	r.Check, r.Got, r.Limit, r.Samples = verdict.Subject(c), measured(c), verdict.LimitText(c), count(c.Samples)
	r.Bar = barOf(c)
	if c.Verdict != result.Pass && c.Verdict != result.Fail || c.Value == nil {
		r.Reason = news(c)
	}
	if n := countVerdict(s, c.Verdict) - 1; n > 0 && c.Verdict != result.Pass {
		r.More = "and " + plural(n, "more check", "more checks") + " " + strings.ToLower(c.Verdict.Label())
	}
	return r
}

func countVerdict(s result.Scenario, v result.Verdict) int {
	n := 0
	for _, list := range [][]result.Check{s.Checks, s.Evidence} {
		for _, c := range list {
			if c.Verdict == v {
				n++
			}
		}
	}
	return n
}

func optional(v *float64, unit string) string {
	if v == nil {
		return notMeasured
	}
	return result.Format(*v, unit)
}
