package harness

import (
	"errors"
	"slices"
	"time"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
)

// conclude judges what was measured and fills in the result. err is why the
// experiment could not be carried out as it should, or nil.
func (st *experiment) conclude(err error) {
	st.collect()
	st.out.Validity = &result.Validity{TimingInvalid: st.timingInvalid()}
	st.out.Checks = st.book.Judge(st.holds(), st.out.Phases, *st.out.Validity)
	for i, c := range st.out.Checks {
		st.out.Checks[i].Seen = st.lab.cfg.ProvenChecks.Of(st.s.Name, c)
	}
	st.out.Evidence = st.gather()
	if err != nil {
		st.out.Error = err.Error()
		otherwise := result.Inconclusive
		if errors.As(err, new(*lacking)) {
			otherwise = result.NotExercised
		}
		st.out.Evidence = append(st.out.Evidence, evidence("the experiment could be carried out", false, otherwise, err.Error()))
	}
	st.explainDeath()
	st.out.Verdict, st.out.Reason = verdict.OfScenario(st.out.Checks, st.out.Evidence, st.out.Error)
	st.out.DurationS = time.Since(st.out.Started).Seconds()
}

// holds are the scenario's checks and, where we run the target, one that no
// scenario has to write: it stays up.
func (st *experiment) holds() []verdict.Check {
	up := verdict.Metric(verdict.UnexpectedEnds).Equals(verdict.Count(0)).
		Because("a target that ends by itself holds nothing")
	checks := slices.Clone(st.s.Checks)
	if len(checks) > 0 && !slices.ContainsFunc(checks, func(c verdict.Check) bool { return c.Primary }) {
		checks[0].Primary = true
	}
	return append(checks, up)
}

// collect moves what was measured into the result.
func (st *experiment) collect() {
	if st.attack == nil {
		return
	}
	st.out.Phases = st.phasesUntil(st.over)
	st.out.Streams = []result.Stream{}
	st.out.Series = []result.Series{}
	for _, o := range st.outcomes {
		st.out.Streams = append(st.out.Streams, o.Stream)
		st.out.Series = append(st.out.Series, o.Series...)
	}
	series := st.record.Series(maxPoints)
	for i := range series {
		if limit := float64(st.lab.cfg.Target.MemoryLimit); limit > 0 && (series[i].Name == seriesRSS || series[i].Name == seriesCgroup) {
			series[i].Limit = &limit
		}
	}
	st.out.Series = append(st.out.Series, series...)
	st.out.Events = st.events
	st.out.Log = st.target.Log()
	for _, e := range st.target.Ends() {
		st.out.Ends = append(st.out.Ends, shift(e, st.prepared.Sub(st.start)))
	}
}

// maxPoints bounds the points of one series in the result.
const maxPoints = 600

// shift moves an end's times onto the scenario's clock: the target was started
// before that clock was.
func shift(e result.End, by time.Duration) result.End {
	e.StartS += by.Seconds()
	if e.EndS != nil {
		at := *e.EndS + by.Seconds()
		e.EndS = &at
	}
	return e
}

// explainDeath says of the check that the target stays up how it ended.
func (st *experiment) explainDeath() {
	if st.died == nil {
		return
	}
	for i := range st.out.Checks {
		if st.out.Checks[i].Metric == verdict.UnexpectedEnds {
			st.out.Checks[i].Reason = "the target was " + st.died.String()
		}
	}
}
