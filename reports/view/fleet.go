package view

import (
	"holdfast.dev/holdfast/harness/result"
)

// Fleet is how several workers sent a load.
type Fleet struct {
	Story   string
	Bad     bool // the load is not the one that was planned
	Workers []Worker
	Lanes   []Lane
}

// Worker is one process that sent, and what it says of itself.
type Worker struct {
	Name, Host, Clock, Drift, CPU, Lag, Pause, Story string
	Bad                                              bool
}

// Lane is a time in which one worker held a lane, or nobody did.
type Lane struct {
	Lane, Worker, From, To, Planned, Sent, Lost, Unknown, Never, Story string
	Bad                                                                bool
}

func fleet(s result.Scenario) *Fleet {
	f := s.Fleet
	if f == nil {
		return nil
	}
	v := &Fleet{Bad: f.Broken != ""}
	var missing int64
	for _, w := range f.Workers {
		v.Workers = append(v.Workers, worker(w))
	}
	for _, span := range f.Spans {
		v.Lanes = append(v.Lanes, lane(span))
		missing += span.Lost + span.Unknown + span.Hole
	}
	v.Bad = v.Bad || missing > 0
	v.Story = join("; ",
		"One schedule ("+f.Schedule+"), sent by "+Plural(len(f.Workers), "worker", "workers"),
		some(missing, "requests are missing or not known, since their worker was lost"), f.Broken) + "."
	return v
}

func worker(w result.Worker) Worker {
	v := Worker{Name: w.Name, Host: w.Host, Clock: measuredOr(w.ClockAheadMS, result.UnitMS), Drift: measuredOr(w.ClockDriftMS, result.UnitMS),
		CPU: measuredOr(w.CPUShare, result.UnitRatio), Lag: measuredOr(w.SendLagP99MS, result.UnitMS), Pause: measuredOr(w.GCPauseMaxMS, result.UnitMS),
		Bad: w.LostAtS != nil || w.Problem != ""}
	if w.ClockAheadMS != nil && w.ClockDoubtMS != nil {
		v.Clock += " ± " + result.Format(*w.ClockDoubtMS, result.UnitMS)
	}
	if w.LostAtS != nil {
		v.Story = "lost at " + at(*w.LostAtS)
	}
	v.Story = join("; ", v.Story, w.Problem)
	return v
}

// measuredOr is a number with its unit; one that is not there is not 0.
func measuredOr(value *float64, unit string) string {
	if value == nil {
		return notMeasured
	}
	return result.Format(*value, unit)
}

func lane(s result.LaneSpan) Lane {
	v := Lane{
		Lane: count(int64(s.Lane)), Worker: s.Worker, From: at(s.FromS), To: at(s.ToS), Planned: count(s.Planned), Sent: count(s.Sent),
		Lost: count(s.Lost), Unknown: count(s.Unknown), Never: count(s.Never), Bad: s.Cut != "",
	}
	if s.Worker == "" {
		v.Worker = "nobody"
	}
	if s.Cut != "" {
		v.Story = s.Cut
		if s.Hole > 0 {
			v.Story += "; " + count(s.Hole) + " were sent by nobody"
		}
	}
	return v
}
