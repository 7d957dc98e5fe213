package harness

import (
	"slices"
	"strconv"
	"time"

	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/result/latency"
	"holdfast.dev/holdfast/harness/verdict"
)

// addStreams enters the metrics of a stream and, of journeys, of each step.
func (r metrics) addStreams(s load.Stream) {
	for _, part := range s.Parts() {
		r.addStream(part)
		r.addStreamSeries(part)
	}
}

// addStream enters a stream's metrics: STREAM.latency.p99 and its like,
// STREAM.planned, .sent, .completed, .ok, .ok_ratio, .refused, .refused_ratio, .failed,
// .wrong, .errors.CLASS and .status.CODE. What an answer said does not depend on
// the machine; whether it came in time does, and so is Timed. Of numbers that are
// made of both it is read what time did not break.
func (r metrics) addStream(s load.Stream) {
	for _, d := range verdict.Distributions() {
		for _, p := range verdict.Percentiles() {
			r.addOutcome(verdict.Descriptor{Name: s.Name + "." + d.Name + "." + p.Name, Unit: result.UnitMS, Timed: true, MinSamples: p.Needs, About: "the " + p.Name + " of the time " + d.About}, s.Name,
				func(t load.Tally, w verdict.Window) verdict.Reading {
					return besideTrouble(latencyOf(t, phasesOf(w), d, p), t, w, p, r.disturbed)
				})
		}
	}
	wrong := slices.DeleteFunc(slices.Clone(s.Expect.Checks), load.OfTime)
	for _, m := range streamCounts(wrong) {
		r.addCount(verdict.Descriptor{Name: s.Name + "." + m.name, Unit: result.UnitCount, Timed: m.timed, Grows: true, About: m.about}, s.Name, m.read)
	}
	for _, class := range load.Classes(s) {
		r.addCount(verdict.Descriptor{Name: s.Name + ".errors." + class, Unit: result.UnitCount, Timed: load.OfTime(class), Grows: true, About: "requests that failed as " + class}, s.Name,
			outOfSent(func(c result.Counts) int64 { return c.Errors[class] }))
	}
	for _, code := range load.StatusCodes() {
		status := strconv.Itoa(code)
		r.addCount(verdict.Descriptor{Name: s.Name + ".status." + status, Unit: result.UnitCount, Timed: code < 400 || load.OfTime(load.ClassStatus(code)), Grows: true, About: "answers of status " + status}, s.Name,
			outOfSent(func(c result.Counts) int64 { return c.Statuses[status] }))
	}
	r.addCount(verdict.Descriptor{Name: s.Name + ".ok_ratio", Unit: result.UnitRatio, Timed: true, About: "expected answers out of all that were sent; a refusal is none"}, s.Name,
		func(c result.Counts) verdict.Reading {
			read := shareOfSent(func(c result.Counts) int64 { return c.OK })(c)
			if read.Samples > 0 {
				most := 1 - float64(broken(c))/float64(read.Samples)
				read.Most = &most
			}
			return read
		})
	r.addRefusals(s)
}

// addRefusals enters STREAM.refused and STREAM.refused_ratio. A stream that knows no
// orderly refusals has neither: nothing could ever be counted there.
func (r metrics) addRefusals(s load.Stream) {
	stream := s.Name
	if !load.MayRefuse(s) {
		for _, name := range []string{".refused", ".refused_ratio"} {
			r.Lacks(stream+name, "nothing says by which answers "+stream+" is refused in an orderly way, for example 503 with Retry-After")
		}
		return
	}
	r.addCount(verdict.Descriptor{Name: stream + ".refused", Unit: result.UnitCount, Timed: true, About: "refusals in an orderly way"}, stream, outOfSent(load.Refused))
	r.addCount(verdict.Descriptor{Name: stream + ".refused_ratio", Unit: result.UnitRatio, Timed: true, About: "refusals in an orderly way out of all that were sent"}, stream,
		shareOfSent(load.Refused))
}

// latencyOf is what some phases say of one number of a distribution. Where too few
// requests were sent, it says what is certain of all that were planned.
func latencyOf(t load.Tally, phases []string, d verdict.Distribution, p verdict.Percentile) verdict.Reading {
	counts := t.During(phases...)
	r := p.Read(d.Of(counts))
	sent := p.Read(counts.LatencyFromSend)
	if d.FromDue && r.Samples > 0 && sent.Samples > 0 {
		r.FromSend = &sent.Value
	}
	if r.Samples == 0 || r.Samples >= p.Needs || p.Percent == 0 {
		return r
	}
	histograms, n := t.HistogramsDuring(phases...), max(p.Needs, counts.Planned)
	r.Least = least(d.Histogram(histograms), p, n)
	if r.FromSend != nil {
		r.FromSend = least(histograms.HistogramFromSend, p, n)
	}
	return r
}

// besideTrouble adds to a latency of all requests what it would have been at least
// without what kept the run from running: no more than it was, and no request that the
// generator was late with counts with that.
func besideTrouble(r verdict.Reading, t load.Tally, w verdict.Window, p verdict.Percentile, all []result.Disturbance) verdict.Reading {
	if r.FromSend == nil || len(all) == 0 {
		return r
	}
	if least := verdict.Undisturbed(intervalsOf(t, w), p, all); least != nil {
		late := float64(t.MostLate(phasesOf(w)...)) / float64(time.Millisecond)
		*least = min(*least-late, *r.FromSend)
		r.Undisturbed = least
	}
	return r
}

// least is the least that a percentile of n latencies can be of which a histogram
// has some.
func least(histogram string, p verdict.Percentile, n int64) *float64 {
	h, err := latency.Decode(histogram)
	if err != nil {
		return nil // it was encoded a moment ago
	}
	v := latency.Least(h, p.Percent, n)
	return &v
}

// broken is how many answers were such as no delay brings about.
func broken(c result.Counts) (n int64) {
	for class, count := range c.Errors {
		if !load.OfTime(class) {
			n += count
		}
	}
	return n
}

// streamCount is one number of a stream.
type streamCount struct {
	name, about string
	timed       bool
	of          func(result.Counts) int64
	// regardless is what it would have been had nothing been late, most the same of what
	// lateness makes fewer. Optional.
	regardless, most func(result.Counts) int64
}

// read is the number as it rests on all requests that were sent.
func (m streamCount) read(c result.Counts) verdict.Reading {
	r := outOfSent(m.of)(c)
	if m.regardless != nil {
		least := float64(m.regardless(c))
		r.Regardless = &least
	}
	if m.most != nil {
		most := float64(m.most(c))
		r.Most = &most
	}
	return r
}

// streamCounts are the numbers of a stream whose wrong answers are of these classes.
func streamCounts(wrong []string) []streamCount {
	return []streamCount{
		{name: "planned", about: "requests that were due", of: func(c result.Counts) int64 { return c.Planned }},
		{name: "sent", about: "requests that were sent", timed: true, of: func(c result.Counts) int64 { return c.Sent }},
		{name: "completed", about: "requests that were answered, however", timed: true, of: func(c result.Counts) int64 { return c.Completed }},
		{name: "ok", about: "answers that were expected; a refusal is none", timed: true, of: func(c result.Counts) int64 { return c.OK },
			most: func(c result.Counts) int64 { return c.Planned - broken(c) }},
		{name: "failed", about: "requests that were neither answered as expected nor refused in an orderly way", timed: true, of: load.Failed, regardless: broken},
		{name: "wrong", about: "answers that no want of time explains: not what was expected", of: func(c result.Counts) (n int64) {
			for _, class := range wrong {
				n += c.Errors[class]
			}
			return n
		}},
	}
}

// outOfSent is a number that rests on all requests that were sent and of which it
// is known how they ended.
func outOfSent(of func(result.Counts) int64) func(result.Counts) verdict.Reading {
	return func(c result.Counts) verdict.Reading {
		return verdict.Reading{Value: float64(of(c)), Samples: c.Sent - c.Spanning}
	}
}

// shareOfSent is a number out of all requests that were sent and of which it is known
// how they ended.
func shareOfSent(of func(result.Counts) int64) func(result.Counts) verdict.Reading {
	return func(c result.Counts) verdict.Reading {
		read := outOfSent(of)(c)
		if read.Samples <= 0 {
			return verdict.Reading{}
		}
		read.Value /= float64(read.Samples)
		return read
	}
}

// addCount enters what the counts of a stream say of a window.
func (r metrics) addCount(d verdict.Descriptor, stream string, of func(result.Counts) verdict.Reading) {
	r.addOutcome(d, stream, func(t load.Tally, w verdict.Window) verdict.Reading { return of(t.During(phasesOf(w)...)) })
}

// addOutcome enters what became of a stream says of a window's phases.
func (r metrics) addOutcome(d verdict.Descriptor, stream string, of func(load.Tally, verdict.Window) verdict.Reading) {
	r.Add(d, verdict.Source{Read: func(w verdict.Window) verdict.Reading {
		o, ok := r.seen.outcome(stream)
		if !ok {
			return verdict.Reading{}
		}
		return of(o, w)
	}})
}

// phasesOf names the phases that a window covers.
func phasesOf(w verdict.Window) []string {
	if w.Phase != "" {
		return []string{w.Phase}
	}
	return []string{result.Baseline, result.Inject, result.Heal} // nothing is due in the drain
}

// addStreamSeries enters what a stream's own series over time says: its rates
// and what is in flight.
func (r metrics) addStreamSeries(s load.Stream) {
	for _, series := range load.SeriesOf(s) {
		points := func(w verdict.Window) []verdict.Point { return r.streamPoints(s.Name, series.Name, w) }
		r.Add(verdict.Descriptor{Name: series.Name, Unit: series.Unit, Timed: true, About: "over time"}, verdict.Source{Points: points})
		r.Add(verdict.Descriptor{Name: series.Name + ".max", Unit: series.Unit, Timed: true, About: "the largest value over time"},
			verdict.Source{Read: func(w verdict.Window) (peak verdict.Reading) {
				for _, p := range points(w) {
					peak.Value = max(peak.Value, p.Value)
					peak.Samples++
				}
				return peak
			}})
	}
}

func (r metrics) streamPoints(stream, name string, w verdict.Window) []verdict.Point {
	var points []verdict.Point
	o, _ := r.seen.outcome(stream)
	for _, s := range o.Series {
		if s.Name != name {
			continue
		}
		for i, t := range s.T {
			if at := result.Seconds(t); at >= w.From && at < w.To {
				points = append(points, verdict.Point{At: at, Value: s.V[i]})
			}
		}
	}
	return points
}
