package compare

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"golang.org/x/perf/benchmath"
)

// values enters one run's value.
func (s *Summary) values(v float64) { s.raw = append(s.raw, v) }

// summarise turns the values into their median and its interval.
func (s *Summary) summarise() {
	if len(s.raw) == 0 {
		return
	}
	sum := benchmath.AssumeNothing.Summary(benchmath.NewSample(slices.Clone(s.raw), &benchmath.DefaultThresholds), 0.95)
	s.Center = &sum.Center
	if !math.IsInf(sum.Lo, 0) && !math.IsInf(sum.Hi, 0) && len(s.raw) > 1 {
		s.Lo, s.Hi = &sum.Lo, &sum.Hi
	}
}

// judge tests every row, corrects for their number, and says what each shows.
func judge(rows []Row, rules Rules) {
	for i := range rows {
		rows[i].test()
	}
	correct(rows)
	for i := range rows {
		rows[i].decide(rules)
	}
	slices.SortStableFunc(rows, func(a, b Row) int { return cmp.Compare(rank(a.Difference), rank(b.Difference)) })
}

func rank(o Difference) int { return slices.Index([]Difference{Worse, Unclear, Better, NoEvidence}, o) }

// test fills in what the values of both sides say, before any verdict.
func (r *Row) test() {
	r.Old.summarise()
	r.New.summarise()
	if r.Old.Center != nil && r.New.Center != nil && *r.Old.Center != 0 {
		d := (*r.New.Center - *r.Old.Center) / math.Abs(*r.Old.Center)
		r.Delta = &d
	}
	if r.Difference != "" || len(r.badOld) < 2 || len(r.badNew) < 2 {
		return
	}
	if slices.Max(r.badOld) == slices.Min(r.badOld) && slices.Max(r.badNew) == slices.Min(r.badNew) && r.badOld[0] == r.badNew[0] {
		return // every run gave the same: nothing to test, and nothing that costs others power
	}
	p := mannWhitney(r.badOld, r.badNew)
	larger := superiority(r.Old.raw, r.New.raw)
	r.P, r.Larger = &p, &larger
}

// mannWhitney is the chance of ranks this far apart between samples of the same.
func mannWhitney(a, b []float64) float64 {
	sample := func(v []float64) *benchmath.Sample {
		return benchmath.NewSample(slices.Clone(v), &benchmath.DefaultThresholds)
	}
	return benchmath.AssumeNothing.Compare(sample(a), sample(b)).P
}

// superiority is the share of pairs in which the one of b is larger.
func superiority(a, b []float64) float64 {
	wins := 0.0
	for _, x := range a {
		for _, y := range b {
			switch {
			case y > x:
				wins++
			case y == x:
				wins += 0.5
			}
		}
	}
	return wins / float64(len(a)*len(b))
}

// correct makes of the rows' p-values the rates of false discoveries (Benjamini
// and Hochberg, 1995): the smallest rate at which the row would be one.
func correct(rows []Row) {
	var tested []*Row
	for i := range rows {
		if rows[i].P != nil {
			tested = append(tested, &rows[i])
		}
	}
	slices.SortStableFunc(tested, func(a, b *Row) int { return cmp.Compare(*b.P, *a.P) })
	least := 1.0
	for i, r := range tested { // largest p first
		m, k := float64(len(tested)), float64(len(tested)-i)
		least = min(least, *r.P*m/k)
		q := least
		r.Q = &q
	}
}

// decide says what the row shows. A change of the check's own verdict comes
// before a change of its value.
func (r *Row) decide(rules Rules) {
	if r.Difference != "" {
		return
	}
	n := fmt.Sprintf("failed in %d of %d runs before, %d of %d after", r.Old.Failed, r.Old.N, r.New.Failed, r.New.N)
	switch {
	case r.Old.N == 0 && r.New.N == 0:
		r.Difference, r.Reason = NoEvidence, "judged on neither side"
		return
	case r.Old.N == 0:
		r.Difference, r.Reason = NoEvidence, "not judged before"
		if r.New.Failed > 0 {
			r.Difference, r.Reason = Worse, "fails, and was not judged before"
		}
		return
	case r.New.N == 0:
		r.Difference, r.Reason = Unclear, "was judged before, and not after: what it guards was not shown to hold"
		return
	}
	switch o := r.verdictChange(rules); o {
	case Worse, Better:
		r.Difference, r.Reason = o, n
		return
	}
	r.Difference, r.Reason = r.valueChange(rules)
	if r.Difference == NoEvidence && r.Old.Failed+r.New.Failed > 0 {
		r.Reason = n + "; " + r.Reason
	}
}

// verdictChange is clear when all runs of a side agree, and the sides do not;
// otherwise the ranks of verdicts decide.
func (r *Row) verdictChange(rules Rules) Difference {
	o := NoEvidence
	switch a, b := float64(r.Old.Failed)/float64(max(r.Old.N, 1)), float64(r.New.Failed)/float64(max(r.New.N, 1)); {
	case b > a:
		o = Worse
	case b < a:
		o = Better
	default:
		return NoEvidence
	}
	if r.Old.Failed%r.Old.N == 0 && r.New.Failed%r.New.N == 0 || mannWhitney(r.failOld, r.failNew) < rules.Alpha {
		return o
	}
	return NoEvidence
}

func (r *Row) valueChange(rules Rules) (Difference, string) {
	switch {
	case r.Old.N == 1 && r.New.N == 1:
		return NoEvidence, "one run a side: a difference can't be told from noise between runs"
	case r.P == nil && len(r.badOld) > 1 && len(r.badNew) > 1:
		return NoEvidence, "the same in every run"
	case r.P == nil:
		return NoEvidence, "needs at least two runs on each side"
	case *r.P >= rules.Alpha && needMore(len(r.badOld), len(r.badNew), rules.Alpha):
		return NoEvidence, fmt.Sprintf("too few runs: %d against %d can't show a change at %v", len(r.badOld), len(r.badNew), rules.Alpha)
	case *r.P >= rules.Alpha:
		return NoEvidence, "inside the noise between runs"
	case *r.Q >= rules.Alpha:
		return NoEvidence, "clear alone, but among so many rows chance does as much; more runs would tell"
	}
	if r.Delta != nil && math.Abs(*r.Delta) < rules.Least {
		return NoEvidence, "smaller than counts"
	}
	switch worse := superiority(r.badOld, r.badNew); {
	case worse > 0.5:
		return Worse, ""
	case worse < 0.5:
		return Better, ""
	}
	return NoEvidence, "spread differs, the level does not"
}

// needMore reports whether even samples that do not overlap at all would not be
// clear: the smallest p is 2 of all ways to part the runs.
func needMore(a, b int, alpha float64) bool {
	ways := 1.0
	for i := 1; i <= a; i++ {
		ways = ways * float64(b+i) / float64(i)
	}
	return 2/ways >= alpha
}
