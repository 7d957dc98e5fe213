package harness

import (
	"slices"
	"strconv"

	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/probe"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
)

// enterMetrics enters in the book everything that this scenario will measure,
// before anything is started. The readers look at the stage when they are
// asked, after the load.
func (st *experiment) enterMetrics() {
	for _, s := range st.s.Load {
		st.enterStream(s)
		st.enterStreamSeries(s.Name)
	}
	for _, series := range expectedSeries() {
		st.enterSeries(series)
	}
	st.enterOutside()
	st.enterDrain()
	st.book.Add(verdict.Descriptor{Name: verdict.UnexpectedEnds, Unit: result.UnitCount, Anytime: true, About: "how often the target ended and no fault had ended it"},
		verdict.Source{Read: func(verdict.Window) verdict.Reading {
			n := 0.0
			if st.died != nil {
				n = 1
			}
			return verdict.Reading{Value: n, Samples: 1}
		}})
}

// enterDrain enters how long it took, after the load, until the work that it
// had caused was done; where it never was, for how long that was waited for.
func (st *experiment) enterDrain() {
	st.book.Add(verdict.Descriptor{Name: "drain.duration", Unit: result.UnitMS, Timed: true, About: "from the end of the load until its work was done"},
		verdict.Source{Read: func(verdict.Window) verdict.Reading {
			if st.outcomes == nil {
				return verdict.Reading{}
			}
			return verdict.Reading{Value: ms(max(0, st.over-st.s.Timeline.Total())), Samples: 1}
		}})
}

// enterStream enters a stream's metrics: STREAM.latency.p99 and its like,
// STREAM.planned, .sent, .completed, .ok, .ok_ratio, .failed,
// .wrong, .errors.CLASS and .status.CODE. What an answer said does not depend on the machine; whether
// it came in time does, and so is Timed.
func (st *experiment) enterStream(s load.Stream) {
	name := s.Name
	for _, d := range verdict.Distributions() {
		for _, p := range verdict.Percentiles() {
			st.book.Add(verdict.Descriptor{Name: name + "." + d.Name + "." + p.Name, Unit: result.UnitMS, Timed: true, MinSamples: p.Needs},
				st.fromCounts(name, func(c result.Counts) verdict.Reading { return p.Read(d.Of(c)) }))
		}
	}
	count := func(metric string, timed bool, of func(result.Counts) int64) {
		st.book.Add(verdict.Descriptor{Name: name + "." + metric, Unit: result.UnitCount, Timed: timed},
			st.fromCounts(name, func(c result.Counts) verdict.Reading {
				return verdict.Reading{Value: float64(of(c)), Samples: c.Sent}
			}))
	}
	count("planned", false, func(c result.Counts) int64 { return c.Planned })
	count("sent", true, func(c result.Counts) int64 { return c.Sent })
	count("completed", false, func(c result.Counts) int64 { return c.Completed })
	count("ok", true, func(c result.Counts) int64 { return c.OK })
	count("failed", true, load.Failed)
	wrong := s.Expect.Checks
	count("wrong", false, func(c result.Counts) (n int64) {
		for _, class := range wrong {
			n += c.Errors[class]
		}
		return n
	})
	for _, class := range load.Classes(s) {
		count("errors."+class, !slices.Contains(wrong, class), func(c result.Counts) int64 { return c.Errors[class] })
	}
	for _, code := range load.StatusCodes() {
		count("status."+strconv.Itoa(code), false, func(c result.Counts) int64 { return c.Statuses[strconv.Itoa(code)] })
	}
	st.book.Add(verdict.Descriptor{Name: name + ".ok_ratio", Unit: result.UnitRatio, Timed: true, About: "expected answers out of all that were sent"},
		st.fromCounts(name, func(c result.Counts) verdict.Reading {
			if c.Sent == 0 {
				return verdict.Reading{}
			}
			return verdict.Reading{Value: float64(c.OK) / float64(c.Sent), Samples: c.Sent}
		}))
}

// fromCounts reads a number of a stream in the window's phase.
func (st *experiment) fromCounts(stream string, read func(result.Counts) verdict.Reading) verdict.Source {
	return verdict.Source{Read: func(w verdict.Window) verdict.Reading {
		for _, o := range st.outcomes {
			if o.Stream.Name == stream {
				return read(o.During(st.phasesOf(w)...))
			}
		}
		return verdict.Reading{}
	}}
}

// phasesOf names the phases that a window covers.
func (st *experiment) phasesOf(w verdict.Window) []string {
	if w.Phase != "" {
		return []string{w.Phase}
	}
	return []string{result.Baseline, result.Inject, result.Heal} // nothing is due in the drain
}

// enterSeries enters what a probe's or a stream's series says of a window:
// NAME.max, .min, .mean, .last, and NAME itself as the thing that falls to a value.
func (st *experiment) enterSeries(series probe.Series) {
	for _, stat := range []struct {
		name string
		of   func(probe.Window) float64
	}{
		{"max", func(w probe.Window) float64 { return w.Max }},
		{"min", func(w probe.Window) float64 { return w.Min }},
		{"mean", func(w probe.Window) float64 { return w.Mean }},
		{"last", func(w probe.Window) float64 { return w.Last }},
	} {
		st.book.Add(verdict.Descriptor{Name: series.Name + "." + stat.name, Unit: series.Unit},
			verdict.Source{Read: func(w verdict.Window) verdict.Reading {
				seen, _ := st.record.Window(series.Name, w.From, w.To)
				return verdict.Reading{Value: stat.of(seen), Samples: seen.N}
			}})
	}
	st.book.Add(verdict.Descriptor{Name: series.Name, Unit: series.Unit, About: "over time"},
		verdict.Source{Points: func(w verdict.Window) []verdict.Point {
			var points []verdict.Point
			for at, value := range st.record.Points(series.Name) {
				if at >= w.From && at < w.To {
					points = append(points, verdict.Point{At: at, Value: value})
				}
			}
			return points
		}})
}

// enterStreamSeries enters what a stream's own series over time says: its rates
// and what is in flight.
func (st *experiment) enterStreamSeries(stream string) {
	for _, series := range load.SeriesOf(stream) {
		points := func(w verdict.Window) []verdict.Point { return st.streamPoints(series.Name, w) }
		st.book.Add(verdict.Descriptor{Name: series.Name, Unit: series.Unit, Timed: true, About: "over time"}, verdict.Source{Points: points})
		st.book.Add(verdict.Descriptor{Name: series.Name + ".max", Unit: series.Unit, Timed: true},
			verdict.Source{Read: func(w verdict.Window) verdict.Reading {
				r := verdict.Reading{}
				for _, p := range points(w) {
					r.Value = max(r.Value, p.Value)
					r.Samples++
				}
				return r
			}})
	}
}

func (st *experiment) streamPoints(name string, w verdict.Window) []verdict.Point {
	var points []verdict.Point
	for _, o := range st.outcomes {
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
	}
	return points
}
