package witness

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"holdfast.dev/holdfast/harness/probe"
	"holdfast.dev/holdfast/harness/result"
)

// Bounds beyond which something from outside disturbs an experiment.
const (
	// MaxForeign and MaxStolen are the most that others may use of the processors.
	MaxForeign = 0.2
	MaxStolen  = 0.1
	// MaxLag is the most that the canary's turn may be late.
	MaxLag = 100 * time.Millisecond
	// MaxSlower is how many times slower its work may be than at the start.
	MaxSlower = 3
	// MaxSilence is the most that a heart may be silent.
	MaxSilence = 250 * time.Millisecond
	// MaxJump is the most that the wall clock may be moved.
	MaxJump = 100 * time.Millisecond
	// MinCores is how many processors limits on time are stated for at least, and
	// MaxThrottled the most that a smaller quota may keep from them.
	MinCores     = 1.0
	MaxThrottled = 0.05

	// MaxDiskWait and MaxMemoryWait are the shares of the time in which somebody may
	// wait for a disk that others write to, and for memory that others hold.
	MaxDiskWait   = 0.3
	MaxMemoryWait = 0.1

	// othersShare is from when on more of a thing is the others' than the run's own,
	// littleMemory what is no longer enough of it.
	othersShare  = 0.5
	littleMemory = 0.15

	// roomy is the least share of the processors that nobody uses where others leave
	// a run room, if it is also no less than what the run uses.
	roomy = 0.2

	// ownUse is the share of a span from which on the run's own processes may be
	// what kept others waiting in it.
	ownUse = 0.9
	// stillFor is how late the canary is when it did not run at all.
	stillFor = 400 * time.Millisecond
	// idleCores is the most that a process uses which does not run.
	idleCores = 0.05
)

// Disturbances says when something from outside took time from a run, and what it
// was, in order of time. It follows from the record alone.
func Disturbances(r probe.Record) []result.Disturbance {
	all := slices.Concat(standstills(r), slowdowns(r), others(r), stolen(r), throttled(r), disks(r), memory(r), jumps(r), silences(r))
	slices.SortStableFunc(all, func(a, b result.Disturbance) int {
		return cmp.Or(cmp.Compare(a.FromS, b.FromS), cmp.Compare(a.Cause, b.Cause))
	})
	return all
}

// Series are all series of the probes that every run has.
func Series() []probe.Series {
	return slices.Concat(new(canary).Series(), new(processes).Series(), new(pressure).Series())
}

// seriesSteal is what a hypervisor gave to others, as the machine's own probe has it.
const seriesSteal = "machine.steal"

// point is a sample, which speaks of the time since from.
type point struct {
	from, at time.Duration
	value    float64
}

// pointsOf are the samples of a series, each with the time that it speaks of.
func pointsOf(r probe.Record, series string) []point {
	var all []point
	before := time.Duration(math.MinInt64)
	for at, v := range r.Points(series) {
		p := point{from: before, at: at, value: v}
		if len(all) == 0 {
			p.from = at - processesEvery
		}
		all, before = append(all, p), at
	}
	return all
}

// ownIn is for how long the run's own processes can have kept all processors busy
// between two moments, as a share of that time.
func ownIn(r probe.Record, from, to time.Duration) float64 {
	var busy time.Duration
	for _, p := range pointsOf(r, seriesOwn) {
		if p.at > from && p.from < to {
			busy += time.Duration(p.value * float64(p.at-p.from))
		}
	}
	return float64(busy) / float64(max(1, to-from))
}

// FilledByTarget reports whether between two moments it was the target and its
// database that left nothing of the machine for others: for a second, or for a
// quarter of the time.
func FilledByTarget(r probe.Record, from, to time.Duration) bool {
	theirs := map[time.Duration]float64{}
	for at, share := range r.Points(seriesTarget) {
		theirs[at] = share
	}
	var filled time.Duration
	for _, p := range pointsOf(r, seriesOwn) {
		if p.at > from && p.from < to && p.value >= ownUse && theirs[p.at] >= ownUse/2 {
			filled += p.at - p.from
		}
	}
	return filled > 0 && (filled >= time.Second || filled >= (to-from)/4)
}

// standstills are where the canary's turn came late and the run's own processes
// can't have been the reason.
func standstills(r probe.Record) []result.Disturbance {
	var all []result.Disturbance
	for _, p := range pointsOf(r, seriesLag) {
		lag := millis(p.value)
		if lag <= MaxLag || ownIn(r, p.at-lag, p.at) >= ownUse {
			continue
		}
		cause := fmt.Sprintf("the harness got its turn %s late while its own processes left the processors free", result.Format(p.value, result.UnitMS))
		if lag >= stillFor {
			cause = fmt.Sprintf("the harness itself stood still for %s", seconds(lag))
		}
		all = append(all, disturbance(p.at-lag, p.at, cause))
	}
	return all
}

// slowdowns are where the same work took several times as long as at the start.
func slowdowns(r probe.Record) []result.Disturbance {
	const turns = 10 // half a second
	points := pointsOf(r, seriesWork)
	var spans []point
	for i := 0; i+turns <= len(points); i += turns {
		some := slices.Clone(points[i : i+turns])
		from, to := some[0].at, some[turns-1].at
		slices.SortFunc(some, func(a, b point) int { return cmp.Compare(a.value, b.value) })
		if median := some[turns/2].value; median > MaxSlower && ownIn(r, from, to) < ownUse {
			spans = append(spans, point{from, to, median})
		}
	}
	return joined(spans, func(peak float64) string {
		return fmt.Sprintf("the processors were %s slower than at the start", result.Format(peak, result.UnitFraction))
	})
}

// others are where other processes used the processors: told apart by whether they
// left the run room. What is less than half of what the target and its database used
// then is not what they lacked.
func others(r probe.Record) []result.Disturbance {
	foreign := slices.DeleteFunc(pointsOf(r, seriesForeign), func(p point) bool {
		theirs, _ := r.Window(seriesTarget, p.at, p.at+1)
		return theirs.N > 0 && p.value < theirs.Mean/2
	})
	var left, taken []point
	for _, p := range foreign {
		if leftRoom(r, p) {
			left = append(left, p)
		} else {
			taken = append(taken, p)
		}
	}
	cause := func(peak float64) string {
		return fmt.Sprintf("other processes used %s of the machine's processors", result.Format(peak, result.UnitRatio))
	}
	hampering := beyond(left, MaxForeign, func(peak float64) string { return cause(peak) + " and left it room" })
	for i := range hampering {
		hampering[i].Roomy = true
	}
	return append(beyond(taken, MaxForeign, cause), hampering...)
}

// leftRoom reports whether of what others did not use at a moment at least half was
// used by nobody. Where it is not known what the run used, or was stolen, it is not.
func leftRoom(r probe.Record, foreign point) bool {
	own, _ := r.Window(seriesOwn, foreign.at, foreign.at+1)
	stolen, _ := r.Window(seriesSteal, foreign.at-processesEvery, foreign.at+processesEvery)
	if own.N == 0 {
		return false
	}
	idle := 1 - foreign.value - own.Max
	if stolen.N > 0 {
		idle -= stolen.Max
	}
	return idle >= max(roomy, own.Max)
}

func stolen(r probe.Record) []result.Disturbance {
	return beyond(pointsOf(r, seriesSteal), MaxStolen, func(peak float64) string {
		return fmt.Sprintf("the hypervisor gave %s of the processors to others", result.Format(peak, result.UnitRatio))
	})
}

// throttled are where a quota that is smaller than what limits are stated for kept
// the run from running.
func throttled(r probe.Record) []result.Disturbance {
	cores := math.Inf(1)
	for _, p := range pointsOf(r, seriesQuota) {
		cores = min(cores, p.value)
	}
	if cores >= MinCores {
		return nil
	}
	return beyond(pointsOf(r, seriesThrottled), MaxThrottled, func(float64) string {
		return fmt.Sprintf("a quota of %s processors stopped the run, limits on time are stated for at least %s",
			result.Format(cores, result.UnitCount), result.Format(MinCores, result.UnitCount))
	})
}

// disks are where somebody waited for a disk to which others wrote more than the
// run's own processes did.
func disks(r probe.Record) []result.Disturbance {
	return beyond(where(r, seriesPressureIO, seriesWritten, func(foreign float64) bool { return foreign > othersShare }), MaxDiskWait, func(peak float64) string {
		return fmt.Sprintf("%s of the time somebody waited for the disk, to which other processes wrote most", result.Format(peak, result.UnitRatio))
	})
}

// memory is where somebody waited for memory of which there was little left, and
// the run's own processes held less than others. One that is short of it in a group
// of its own waits alone.
func memory(r probe.Record) []result.Disturbance {
	points := where(r, seriesPressureMemory, seriesMemory, func(own float64) bool { return own < othersShare })
	short := slices.DeleteFunc(points, func(p point) bool {
		free, _ := r.Window(seriesFree, p.at-processesEvery, p.at+processesEvery)
		return free.N == 0 || free.Min > littleMemory
	})
	return beyond(short, MaxMemoryWait, func(peak float64) string {
		return fmt.Sprintf("%s of the time somebody waited for memory, most of which other processes held", result.Format(peak, result.UnitRatio))
	})
}

// where are the samples of a series while another one said so.
func where(r probe.Record, series, other string, holds func(float64) bool) []point {
	return slices.DeleteFunc(pointsOf(r, series), func(p point) bool {
		near, _ := r.Window(other, p.at-processesEvery/2, p.at+processesEvery/2)
		return near.N == 0 || !holds(near.Mean)
	})
}

// jumps are where the wall clock was moved. What waits for a time of day waits by
// so much longer or shorter afterwards.
func jumps(r probe.Record) []result.Disturbance {
	var all []result.Disturbance
	for _, p := range pointsOf(r, seriesJump) {
		by := millis(p.value)
		if by.Abs() < MaxJump {
			continue
		}
		jump := disturbance(max(p.from, p.at-by.Abs()-MaxLag), p.at+by.Abs(), "the wall clock was moved by "+seconds(by))
		jump.Clock = true
		all = append(all, jump)
	}
	return all
}

// silences are where a heart of the run's own did not beat and was not busy.
func silences(r probe.Record) []result.Disturbance {
	var all []result.Disturbance
	for _, s := range r.Names() {
		if name, ok := strings.CutSuffix(s.Name, ".heartbeat"); ok {
			all = append(all, silencesOf(r, name)...)
		}
	}
	return all
}

func silencesOf(r probe.Record, name string) []result.Disturbance {
	var all []result.Disturbance
	for _, p := range peaks(pointsOf(r, name+".heartbeat")) {
		waited := millis(p.value)
		from, to := p.at-waited, p.at
		stopped, _ := r.Window(name+".heartbeat.stopped", from, to+heartbeatEvery)
		cpu, _ := r.Window(name+".heartbeat.cpu", from, to+heartbeatEvery)
		switch {
		case waited <= MaxSilence:
		case stopped.N > 0 && stopped.Max > 0:
			all = append(all, disturbance(from, to, fmt.Sprintf("%s was stopped by a signal, and silent for %s", name, seconds(waited))))
		case cpu.N > 0 && cpu.Max < idleCores && ownIn(r, from, to) < ownUse:
			all = append(all, disturbance(from, to, fmt.Sprintf("%s was silent for %s and did not run meanwhile", name, seconds(waited))))
		}
	}
	return all
}

// peaks are the points behind which a series that rises while something is waited
// for falls again.
func peaks(points []point) []point {
	var all []point
	for i, p := range points {
		if i+1 == len(points) || points[i+1].value < p.value {
			all = append(all, p)
		}
	}
	return all
}

// beyond are the spans in which a series was over a bound.
func beyond(points []point, bound float64, cause func(peak float64) string) []result.Disturbance {
	over := slices.DeleteFunc(slices.Clone(points), func(p point) bool { return !(p.value > bound) })
	return joined(over, cause)
}

// joined makes one disturbance of spans that follow each other, named by the
// highest of their values.
func joined(spans []point, cause func(peak float64) string) []result.Disturbance {
	var all []result.Disturbance
	for i := 0; i < len(spans); {
		from, to, peak := spans[i].from, spans[i].at, spans[i].value
		for i++; i < len(spans) && spans[i].from-to <= processesEvery; i++ {
			to, peak = spans[i].at, max(peak, spans[i].value)
		}
		all = append(all, disturbance(from, to, cause(peak)))
	}
	return all
}

func disturbance(from, to time.Duration, cause string) result.Disturbance {
	return result.Disturbance{FromS: from.Seconds(), ToS: to.Seconds(), Cause: cause}
}

func millis(v float64) time.Duration { return time.Duration(v * float64(time.Millisecond)) }

func seconds(d time.Duration) string { return result.Format(d.Seconds(), result.UnitSeconds) }
