package harness

import (
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/probe"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/standing"
	"holdfast.dev/holdfast/harness/verdict"
)

// Conclude judges what was seen of a scenario. It is a pure function: the same
// scenario and the same measurement give the same result, here or anywhere.
func Conclude(s Scenario, m Measurement) result.Scenario {
	out := partial(s, m, seenOf(m))
	collect(&out, s, m)
	out.Pace = m.Pace
	out.Validity = &result.Validity{TimingInvalid: timingInvalid(m.Load), Disturbances: disturbances(m.Load), Void: void(m.Load)}
	out.Checks = onlyDecided(registry(s, m).Judge(checksOf(s, m.NotOurs), out.Phases, *out.Validity), s, m)
	out.Checks = withContact(unplayed(append(out.Checks, standingOf(m.Load, *out.Validity)...), m), m)
	out.Evidence = evidenceOf(s, m)
	if m.Unmet != "" {
		out.Error = m.Unmet
	} else {
		out.Error = m.Failed
	}
	if out.Error != "" && m.Load == nil && len(m.Log) > 0 {
		out.Error += "; the last lines of the target:\n    " + strings.Join(m.Log[max(0, len(m.Log)-shownOfTarget):], "\n    ")
	}
	explainDeath(&out, m.Load)
	explainWrong(&out, m.Load)
	explainAsked(&out, s, m.Load)
	explainBlank(&out, s, m.Load)
	explainByNotes(&out, m.Load)
	out.Verdict, out.Reason = verdict.OfScenario(out.Checks, out.Evidence, out.Error)
	return out
}

// shownOfTarget are the lines of the target's log that explain an experiment which
// did not begin.
const shownOfTarget = 10

// seenOf is what was seen of the load; nothing where there was none.
func seenOf(m Measurement) LoadSeen {
	if m.Load == nil {
		return LoadSeen{}
	}
	return *m.Load
}

// partial is a result without a verdict: what is known of a scenario so far.
func partial(s Scenario, m Measurement, seen LoadSeen) result.Scenario {
	return result.Scenario{
		Name: s.Name, Claim: s.Claim, Protections: slices.Concat([]string{}, s.Protections), Without: slices.Concat([]string{}, m.Without),
		Started: m.Started, World: s.World.Facts, Settings: m.Settings, Compressed: s.Compressed,
		Phases: slices.Concat([]result.Phase{}, seen.Phases), Streams: streamsOf(&seen), Faults: slices.Concat([]result.Fault{}, seen.Faults),
		Checks: []result.Check{}, Evidence: []result.Check{}, Series: []result.Series{},
		DurationS: m.Duration.Seconds(),
	}
}

// checksOf are the scenario's checks and, where we run the target, one that no
// scenario has to write: it stays up.
func checksOf(s Scenario, notOurs bool) []verdict.Check {
	up := verdict.Metric(verdict.UnexpectedEnds).Equals(verdict.Count(0)).
		Because("a target that ends by itself holds nothing")
	checks := slices.Concat(s.Checks, s.Implied())
	if len(checks) > 0 && !slices.ContainsFunc(checks, func(c verdict.Check) bool { return c.Primary }) {
		checks[0].Primary = true
	}
	if notOurs {
		return checks // nobody sees how it ends
	}
	return append(checks, up)
}

// standingOf are the findings of the scenario's own reconciliation and of the
// standing checks as checks: that what each
// looked at was as it should be. What had to be done by a time is excused as the
// checks are.
func standingOf(seen *LoadSeen, v result.Validity) []result.Check {
	if seen == nil {
		return nil
	}
	var all []result.Check
	for _, f := range slices.Concat(seen.Findings, seen.Standing) {
		c := verdict.OfFinding(f.Check, f.About, f.Looked, f.Broken, f.Text())
		c.Timed = f.To > 0
		if f.Stuck > 0 {
			regardless := float64(f.Stuck)
			c.Regardless = &regardless
		}
		w := verdict.Window{From: f.From, To: f.To}
		if c.ByClock = f.ByClock > 0 && f.ByClock == f.Broken; c.ByClock && !c.Timed {
			w.To = math.MaxInt64
		}
		c = verdict.Excused(c, w, result.Validity{Disturbances: felt(f, v.Disturbances), Void: v.Void})
		all = append(all, c)
	}
	return all
}

// patient is for how long a thing was waited for, at least, that nobody kept from coming
// who left the run room: such a one costs some turns, and no seconds.
const patient = 2 * time.Second

// felt are the disturbances that can be why a finding is not as it should be.
func felt(f standing.Finding, all []result.Disturbance) []result.Disturbance {
	if f.To-f.From < patient {
		return all
	}
	return slices.DeleteFunc(slices.Clone(all), func(d result.Disturbance) bool { return d.Roomy })
}

// collect moves what was seen of the load into the result.
func collect(out *result.Scenario, s Scenario, m Measurement) {
	out.Log = m.Log
	if m.Load == nil {
		return
	}
	for _, o := range m.Load.Streams {
		out.Series = append(out.Series, o.Series...)
	}
	series := m.Load.Record.Series(maxPoints)
	limits := memoryLimits(m)
	for i := range series {
		if limit, ok := limits[series[i].Name]; ok {
			series[i].Limit = &limit
		}
	}
	out.Series = append(out.Series, series...)
	out.Fleet = m.Load.Fleet
	out.Events, out.Ledger, out.Webhooks = m.Load.Events, m.Load.Ledger, m.Load.Webhooks
	out.Calls = callsOf(s, m.Load)
	out.Ends = m.Ends
}

// callsOf are the calls of the APIs that are played here: what their measures say of
// them.
func callsOf(s Scenario, seen *LoadSeen) map[string]int64 {
	var calls map[string]int64
	for _, d := range s.World.Dependencies {
		for _, m := range d.Measures {
			place, counts := strings.CutSuffix(m.Name, ".calls")
			if _, read := seen.Readings[m.Name]; !counts || !read {
				continue
			}
			if calls == nil {
				calls = map[string]int64{}
			}
			calls[place] = int64(seen.reading(m.Name, result.WarmUp).Value + seen.reading(m.Name, "").Value)
		}
	}
	return calls
}

// memoryLimits are those of the programs, by the series that they are limits of.
func memoryLimits(m Measurement) map[string]float64 {
	limits := map[string]float64{}
	if m.MemoryLimit > 0 {
		limits[seriesRSS], limits[seriesCgroup] = float64(m.MemoryLimit), float64(m.MemoryLimit)
	}
	for _, e := range m.Ends {
		if e.Process == "" || e.LimitBytes == nil {
			continue
		}
		for _, series := range []probe.Series{{Name: seriesRSS}, {Name: seriesCgroup}} {
			limits[probe.Named(series, e.Program()).Name] = float64(*e.LimitBytes)
		}
	}
	return limits
}

// maxPoints bounds the points of one series in the result.
const maxPoints = 600

// explainDeath says of the check that the target stays up how it ended, and what it
// wrote last where it ended by itself: that mostly says why.
func explainDeath(out *result.Scenario, seen *LoadSeen) {
	if seen == nil || seen.Died == nil {
		return
	}
	reason := seen.Died.Program() + " " + seen.Died.How()
	if wrote := lastWords(out.Log); seen.Died.Signal == "" && !seen.Died.OOMKilled && wrote != "" {
		reason += "; the log ends with: " + wrote
	}
	if code := seen.Died.ExitCode; seen.Died.Process != "" && code != nil && *code == 0 {
		reason += "; a program that ends when its work is done is no process, but a step of the setup"
	}
	for i := range out.Checks {
		if out.Checks[i].Metric == verdict.UnexpectedEnds {
			out.Checks[i].Reason = reason
		}
	}
}

// lastWords are the last lines of a log that say something, in one line.
func lastWords(log []string) string {
	const most, longest = 3, 200
	var last []string
	for _, line := range slices.Backward(log) {
		if line = strings.TrimSpace(line); line != "" && len(last) < most {
			last = append(last, string([]rune(line)[:min(len([]rune(line)), longest)]))
		}
	}
	slices.Reverse(last)
	return strings.Join(last, " / ")
}

// explainByNotes says of checks that did not pass what was noted of their metrics.
func explainByNotes(out *result.Scenario, seen *LoadSeen) {
	if seen == nil {
		return
	}
	for i, c := range out.Checks {
		if notes := seen.Notes[c.Metric]; len(notes) > 0 && c.Verdict != result.Pass && !c.Standing {
			out.Checks[i].Reason += "; " + strings.Join(notes, "; ")
		}
	}
}

// explainWrong shows, where a check on the failed requests of a stream failed, an
// example of what was answered wrongly.
func explainWrong(out *result.Scenario, seen *LoadSeen) {
	if seen == nil {
		return
	}
	for i, c := range out.Checks {
		if c.Verdict != result.Fail {
			continue
		}
		if example := exampleFor(c.Metric, seen); example != "" {
			out.Checks[i].Reason += "; for example " + example
		}
	}
}

// exampleFor is an example of what went wrong, where a metric counts that; of what a
// standing check found, which knows more, before what the load itself saw.
func exampleFor(metric string, seen *LoadSeen) string {
	for _, o := range slices.Backward(seen.Streams) { // the steps of journeys follow them
		what, ok := strings.CutPrefix(metric, o.Name+".")
		if !ok {
			continue
		}
		class, ofClass := strings.CutPrefix(what, "errors.")
		if !ofClass && !slices.Contains([]string{"failed", "wrong", "ok", "ok_ratio"}, what) {
			return ""
		}
		for _, f := range seen.Standing {
			if len(f.Examples) > 0 && slices.Contains(f.Streams, o.Name) && !strings.HasPrefix(what, "ok") {
				return f.Examples[0].String()
			}
		}
		if ofClass {
			return o.Examples[class]
		}
		return o.Examples[mostFrequent(o.Errors)]
	}
	return ""
}

// mostFrequent is the class of which there were most, but for refusals in order.
func mostFrequent(errors map[string]int64) string {
	best := ""
	for _, class := range slices.Sorted(maps.Keys(errors)) {
		if class != load.ClassShedByTarget && (best == "" || errors[class] > errors[best]) {
			best = class
		}
	}
	return best
}
