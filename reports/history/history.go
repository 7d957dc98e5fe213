// Package history puts many runs on one line of time: for each check how its
// value went from run to run, and in which run it broke. Enter at [Of]. It draws
// nothing and judges nothing: verdicts are those of the runs, as any report shows them.
package history

import (
	"slices"
	"strings"
	"time"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
)

// File is one result file, or why it can't be read.
type File struct {
	Path string
	Run  *result.Run // nil: Err says why
	Err  error
	// Report is where its report.html is, relative to the history's own page, as a path of
	// the file system; empty: there is none.
	Report string
}

// History is what all the files say together.
type History struct {
	Runs       []Run   // oldest first
	Trends     []Trend // those that fail in their last run first
	Unreadable []Unreadable
}

// Run is one run, with what changed in it.
type Run struct {
	ID, Path, Report, Profile, Version string
	Started                            time.Time
	Verdict                            result.Verdict
	Partial                            bool
	// Without names what was taken away, in any of its scenarios: such a run is meant to
	// fail, and is none of the service as it is.
	Without string
	// Broke names the checks that failed in this run and held when they were last
	// judged; Mended those that held again.
	Broke, Mended []string
}

// Unreadable is a file that is not in the history, and why.
type Unreadable struct{ Path, Why string }

// Trend is one check over the runs of the same experiment: scenario, profile,
// and what was taken away.
type Trend struct {
	Scenario, Check, Profile, Without string
	Unit                              string
	Points                            []Point // of the runs that have this check
}

// Point is a check in one run.
type Point struct {
	Run       int // index of History.Runs
	Value     *float64
	Threshold float64
	Upper     *float64 // of a range
	Op        string
	Verdict   result.Verdict
	Broke     bool
	Mended    bool
}

// Last is the newest point.
func (t Trend) Last() Point { return t.Points[len(t.Points)-1] }

// Of sorts the files by time and follows each check through them.
func Of(files []File) History {
	var h History
	var runs []File
	for _, f := range files {
		if f.Run == nil {
			why := "no result"
			if f.Err != nil {
				why = f.Err.Error()
			}
			h.Unreadable = append(h.Unreadable, Unreadable{f.Path, why})
			continue
		}
		runs = append(runs, f)
	}
	slices.SortStableFunc(runs, func(a, b File) int { return a.Run.Started.Compare(b.Run.Started) })
	follow := tracker{index: map[string]int{}}
	for i, f := range runs {
		shown, _ := verdict.ShownRun(f.Run)
		h.Runs = append(h.Runs, Run{
			ID: f.Run.ID, Path: f.Path, Report: f.Report, Profile: f.Run.Profile, Version: f.Run.Environment.Versions["holdfast"],
			Started: f.Run.Started, Verdict: shown, Partial: !f.Run.Complete, Without: withoutOf(f.Run),
		})
		follow.add(&h.Runs[i], i, f.Run)
	}
	h.Trends = follow.trends
	slices.SortStableFunc(h.Trends, func(a, b Trend) int { return rank(b) - rank(a) })
	return h
}

// withoutOf names what was taken away in any scenario of a run.
func withoutOf(run *result.Run) string {
	var all []string
	for _, s := range run.Scenarios {
		all = append(all, s.Without...)
	}
	slices.Sort(all)
	return strings.Join(slices.Compact(all), ", ")
}

// rank puts what fails now before what failed once, and that before the rest; what is
// meant to fail comes last.
func rank(t Trend) int {
	switch {
	case t.Without != "":
		return -1
	case t.Last().Verdict == result.Fail:
		return 3
	case t.Last().Verdict != result.Pass:
		return 2
	case slices.ContainsFunc(t.Points, func(p Point) bool { return p.Verdict == result.Fail }):
		return 1
	default:
		return 0
	}
}

// tracker follows each check from run to run.
type tracker struct {
	trends []Trend
	index  map[string]int
}

func (k *tracker) add(run *Run, i int, from *result.Run) {
	for _, s := range from.Scenarios {
		without := strings.Join(slices.Sorted(slices.Values(s.Without)), ", ")
		seen := map[string]int{}
		for _, c := range s.Checks {
			name := verdict.Subject(c)
			key := strings.Join([]string{from.Profile, s.Name, without, name, c.Op}, "\x00")
			seen[key]++ // two checks may differ in their limits alone
			key += string(rune('0' + seen[key]))
			at, known := k.index[key]
			if !known {
				at = len(k.trends)
				k.index[key] = at
				k.trends = append(k.trends, Trend{Scenario: s.Name, Check: name, Profile: from.Profile, Without: without, Unit: c.Unit})
			}
			t := &k.trends[at]
			p := t.next(i, c)
			t.Points = append(t.Points, p)
			switch {
			case p.Broke:
				run.Broke = append(run.Broke, s.Name+": "+name)
			case p.Mended:
				run.Mended = append(run.Mended, s.Name+": "+name)
			}
		}
	}
}

// next is the point of a check in run i. It broke, or mended, against the last
// run that judged it: what was not exercised says neither.
func (t *Trend) next(i int, c result.Check) Point {
	p := Point{Run: i, Value: c.Value, Threshold: c.Threshold, Upper: c.Upper, Op: c.Op, Verdict: c.Verdict}
	for _, before := range slices.Backward(t.Points) {
		if before.Verdict == result.Pass || before.Verdict == result.Fail {
			p.Broke = before.Verdict == result.Pass && p.Verdict == result.Fail
			p.Mended = before.Verdict == result.Fail && p.Verdict == result.Pass
			break
		}
	}
	return p
}
