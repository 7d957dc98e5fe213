package harness

import (
	"cmp"
	"encoding/json"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/fault"
	"holdfast.dev/holdfast/harness/database"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/probe"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/standing"
	"holdfast.dev/holdfast/harness/verdict"
)

// twoPhases is a scenario of a second of calm and a second of trouble.
func twoPhases(checks ...verdict.Check) Scenario {
	t := Timeline{Baseline: time.Second, Inject: time.Second}
	return Scenario{
		Name: "test/written", Claim: "what is concluded follows from what was seen", Timeline: t,
		Load: []load.Stream{{
			Name: "web", Profile: load.Constant(100, t.Total()),
			Next: func(int64, *rand.Rand) load.Request { return load.Request{Path: "/"} },
		}},
		Faults: []Fault{{ID: "slow", On: OnTarget, Kind: fault.Pause{}}},
		Checks: checks,
	}
}

// seenWell is an experiment in which all went as it should: 200 requests, each
// answered after 5 ms, a fault that acted and was undone, an idle machine.
func seenWell() Measurement {
	phases := []result.Phase{
		{Name: result.Baseline, To: time.Second}, {Name: result.Inject, From: time.Second, To: 2 * time.Second},
		{Name: result.Drain, From: 2 * time.Second, To: 2100 * time.Millisecond},
	}
	return Measurement{
		Started: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Duration: 3 * time.Second, Settings: map[string]string{"POOL": "4"},
		Ceiling: load.Ceiling{PerSecond: 10_000, Delivered: 1},
		Load: &LoadSeen{
			Over: 2100 * time.Millisecond, Phases: phases, Streams: []load.Tally{answered(phases, 200, 5*time.Millisecond)},
			Faults:   []result.Fault{{ID: "slow", Kind: "pause", On: OnTarget, StartS: 1, EndS: new(2.0), Fired: 1, Undone: new(true)}},
			Record:   sampled(seriesMachine, result.UnitRatio, 0.2, 0.3, 0.2, 0.3),
			Readings: map[string]map[string]verdict.Reading{"api.calls": {"": {Value: 7, Samples: 7}, result.Inject: {Value: 3, Samples: 3}}},
		},
		Ends: []result.End{{EndS: new(2.2), Expected: true}},
		Log:  []string{"listening"},
	}
}

// answered is a stream whose requests, one each 10 ms, were answered after so long.
func answered(phases []result.Phase, n int64, after time.Duration) load.Tally {
	c := load.NewCounter("web", "100/s for 2s", phases)
	for i := range n {
		due := time.Duration(i) * 10 * time.Millisecond
		c.Add(load.Exchange{Stream: "web", N: i, Due: due, Sent: due, End: due + after, Status: 200, Path: "/"})
	}
	return c.Tally()
}

// sampled is a record of one series, a value each half a second.
func sampled(name, unit string, values ...float64) probe.Record {
	return recorded(map[string][]float64{name: values}, unit)
}

// recorded is a record of several series of a unit, a ratio where none is said.
func recorded(series map[string][]float64, unit ...string) probe.Record {
	var all []probe.Samples
	for name, values := range series {
		s := probe.Samples{Series: probe.Series{Name: name, Unit: cmp.Or(append(unit, result.UnitRatio)...)}, Every: 500 * time.Millisecond, Values: values}
		for i := range values {
			s.At = append(s.At, time.Duration(i)*500*time.Millisecond)
		}
		all = append(all, s)
	}
	r, err := probe.NewRecord(2*time.Second, []probe.Health{{Probe: "all", Samples: 4, Expected: 4}}, all...)
	if err != nil {
		panic(err) // the test's own mistake
	}
	return r
}

// workersKilled is that the kernel killed two workers for memory in the second phase.
func workersKilled(m *Measurement) {
	m.Ends = []result.End{{EndS: new(3.0), Expected: true, OOMKillsS: []float64{1.2, 1.3}}}
}

func TestConclude(t *testing.T) {
	quick := verdict.Metric("web.latency.p99").AtMost(verdict.Duration(20 * time.Millisecond))
	tooQuick := verdict.Metric("web.latency.p99").AtMost(verdict.Duration(time.Millisecond))
	tail := verdict.Metric("web.latency.p99").In(result.Inject).AtMost(verdict.Duration(10 * time.Millisecond))
	for _, row := range []struct {
		name  string
		check verdict.Check
		spoil func(*Measurement)
		want  result.Verdict
		says  string
	}{
		{"all holds", quick, func(*Measurement) {}, result.Pass, "5"},
		{"a limit is missed", tooQuick, func(*Measurement) {}, result.Fail, "limit"},
		{"what holds beside a neighbour holds", quick, neighbour, result.Pass, ""},
		{"a limit on time that was missed beside a neighbour", tooQuick, neighbour, result.Inconclusive, "other processes used 90"},
		{"a number that was missed beside a neighbour", verdict.Metric("web.planned").Equals(verdict.Count(1)), neighbour, result.Fail, "limit"},
		{"a machine that the target itself filled", tooQuick, filled, result.Fail, "limit"},
		{"a generator that the target made late", tooQuick, func(m *Measurement) { filled(m); sentLate(m, 8*time.Millisecond) }, result.Fail, "limit"},
		{"a target that left the generator too little to send more than half", tail, func(m *Measurement) { filled(m); halfSent(t, m, 2) }, result.Fail, "at least"},
		{"so little, and the missing half may have been fast", tail, func(m *Measurement) { filled(m); halfSent(t, m, 1) }, result.Inconclusive, "100 of 200"},
		{"half was sent for another reason, and what was sent was slow from the send on", tail, func(m *Measurement) { halfSent(t, m, 2) }, result.Fail, "at least"},
		{"half was sent for want of processors that others had", tail, func(m *Measurement) { neighbour(m); halfSent(t, m, 2) }, result.Inconclusive, "other processes used 90"},
		{"a generator that was late by itself", quick, func(m *Measurement) { sentLate(m, 60*time.Millisecond) }, result.Inconclusive, "actual minus planned send"},
		{"a late generator, and an answer too late from the send on, too", tooQuick, func(m *Measurement) { sentLate(m, 60*time.Millisecond) }, result.Fail, "limit"},
		{"a late generator beside a neighbour", quick, func(m *Measurement) { neighbour(m); sentLate(m, 60*time.Millisecond) }, result.Inconclusive, "the run was disturbed: other processes used 90"},
		{"something is left behind", quick, func(m *Measurement) { leftBehind(m) }, result.Fail, "three goroutines"},
		{"something is left behind beside a neighbour", quick, func(m *Measurement) { neighbour(m); leftBehind(m) }, result.Inconclusive, "three goroutines"},
		{"what does not depend on time is no milder beside a neighbour", quick, func(m *Measurement) { neighbour(m); leftBehind(m); m.Load.Standing[0].To = 0 }, result.Fail, "three goroutines"},
		{"the fault never acted", quick, func(m *Measurement) { m.Load.Faults[0].Fired = 0 }, result.NotExercised, "acted 0 times"},
		{"the fault broke", quick, func(m *Measurement) { m.Load.Faults[0].Error = "the lock was lost" }, result.Inconclusive, "the lock was lost"},
		{"the fault was not seen undone", quick, func(m *Measurement) { m.Load.Faults[0].Undone = new(false) }, result.Inconclusive, "no"},
		{"a failure is no milder for a fault that never acted", tooQuick, func(m *Measurement) { m.Load.Faults[0].Fired = 0 }, result.Fail, "limit"},
		{"the target died", quick, func(m *Measurement) {
			m.Load.Died = &result.End{Signal: "killed", OOMKilled: true, EndS: new(1.5)}
		}, result.Fail, "the target was killed by the kernel for memory"},
		{"the target ended by itself, and wrote why", quick, func(m *Measurement) {
			m.Load.Died, m.Log = &result.End{Process: "web", ExitCode: new(1), EndS: new(1.5)}, []string{"starting", "no Redis", "  ", "bye\n"}
		}, result.Fail, "web exited with code 1; the log ends with: starting / no Redis / bye"},
		{"a process that was done", quick, func(m *Measurement) {
			m.Load.Died, m.Log = &result.End{Process: "migrate", ExitCode: new(0), EndS: new(1.5)}, nil
		}, result.Fail, "migrate exited with code 0; a program that ends when its work is done is no process, but a step of the setup"},
		{"a probe died", quick, func(m *Measurement) { m.Load.Record.Health[0].Dead = true }, result.Inconclusive, "samples"},
		{"it was interrupted", quick, func(m *Measurement) { m.Load.Interrupted = "interrupted by interrupt" }, result.Inconclusive, "interrupted"},
		{"the generator is too small", quick, func(m *Measurement) { m.Ceiling.PerSecond = 100 }, result.Inconclusive, "generator"},
		{"nothing was sent", quick, func(m *Measurement) { m.Load.Streams = []load.Tally{answered(m.Load.Phases, 0, 0)} }, result.NotExercised, ""},
		{"no load at all", quick, func(m *Measurement) { m.Load, m.Failed = nil, "start the target: it exited" }, result.Inconclusive, "start the target"},
		{"a world that lacks what it is about", quick, func(m *Measurement) { m.Load, m.Unmet = nil, "no oracles" }, result.NotExercised, "no oracles"},
		{"what could not be taken down", quick, func(m *Measurement) { m.Failed = "drop the database: gone" }, result.Inconclusive, "drop the database"},
		{"a phase that did not take place", quick.In(result.Heal), func(*Measurement) {}, result.NotExercised, "heal"},
		{"a reading of a fake", verdict.Metric("api.calls").In(result.Inject).Equals(verdict.Count(3)), func(*Measurement) {}, result.Pass, "3"},
		{"a reading of a fake that was not taken", verdict.Metric("api.calls").In(result.Drain).Equals(verdict.Count(0)), func(*Measurement) {}, result.NotExercised, "no samples"},
		{"the ledger", verdict.Metric("ledger.lost").Equals(verdict.Count(0)), func(m *Measurement) {
			m.Load.Ledger = &result.Ledger{Accepted: 9, Delivered: 8, Lost: 1}
		}, result.Fail, "ledger.lost was 1"},
		{"no ledger was drawn up", verdict.Metric("ledger.lost").Equals(verdict.Count(0)), func(*Measurement) {}, result.NotExercised, "no samples"},
		{"its database was dropped by somebody else", verdict.Metric("web.planned").Equals(verdict.Count(1)), func(m *Measurement) {
			leftBehind(m)
			m.Load.Standing[0].To, m.Load.Vanished = 0, "the database is gone"
		}, result.Inconclusive, "the database is gone"},
		{"an API that it rests on was down, and a limit is missed", tooQuick, upstreamDown, result.Inconclusive, "refused (3 requests)"},
		{"an API that it rests on was down, and all held", quick, upstreamDown, result.Inconclusive, "refused (3 requests)"},
		{"its database was dropped, and all held", quick, func(m *Measurement) { m.Load.Vanished = "the database is gone" }, result.Inconclusive, "the database is gone"},
		{"a load that could not be sent from here", verdict.Metric("web.planned").Equals(verdict.Count(1)), func(m *Measurement) {
			m.Load.Streams[0].Unsent, m.Load.Streams[0].UnsentWhy = 20, map[string]int64{"no free port is left here": 20}
		}, result.Inconclusive, "no free port is left here"},
		{"a request in two hundred that could not be sent from here", verdict.Metric("web.planned").Equals(verdict.Count(1)), func(m *Measurement) {
			m.Load.Streams[0].Unsent, m.Load.Streams[0].UnsentWhy = 1, map[string]int64{"no free port is left here": 1}
		}, result.Fail, "limit"},
		{"the drain", verdict.Metric("drain.duration").AtMost(verdict.Duration(50 * time.Millisecond)), func(*Measurement) {}, result.Fail, "100"},
		{"a worker killed for memory in another phase", verdict.Metric("target.oom_kills").In(result.Baseline).Equals(verdict.Count(0)), workersKilled, result.Pass, "0"},
		{"workers killed for memory, and the target lived on", verdict.Metric("target.oom_kills").In(result.Inject).Equals(verdict.Count(0)), workersKilled, result.Fail, "2"},
		{"a series", verdict.Metric("machine.cpu.max").In(result.Baseline).AtMost(verdict.Percent(25)), func(*Measurement) {}, result.Fail, "30"},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := twoPhases(row.check)
			s.Measures = []Measure{{Descriptor: verdict.Descriptor{Name: "api.calls", Unit: result.UnitCount}}}
			s.Reconcile = noReconciliation
			m := seenWell()
			row.spoil(&m)
			got := Conclude(s, m)
			require.Equal(t, row.want, got.Verdict, "%s: %v %v", got.Reason, got.Checks, got.Evidence)
			require.Contains(t, got.Reason, row.says)
			require.Equal(t, got, Conclude(s, m), "the same measurement gives the same result")
			require.Equal(t, got, Conclude(s, rewritten(t, m)), "a measurement that was written down gives the same result")
		})
	}
}

// neighbour is a machine that another process had filled, filled one that the
// target had.
// Why a setup failed the target often knows best.
func TestAnExperimentThatDidNotBeginTellsWhatTheTargetSaid(t *testing.T) {
	out := Conclude(Scenario{Name: "web/x"}, Measurement{Failed: "setup.each: EOF", Log: []string{"web: KeyError: 'token'"}})
	require.Contains(t, out.Error, "setup.each: EOF")
	require.Contains(t, out.Error, "KeyError: 'token'")
	require.Equal(t, []string{"web: KeyError: 'token'"}, out.Log)
}

func leftBehind(m *Measurement) {
	f := standing.Finding{Check: "left", Looked: 1, From: m.Load.Over, To: m.Load.Over + time.Second}
	f.Add(standing.Example{What: "three goroutines"})
	m.Load.Standing = append(m.Load.Standing, f)
}

func neighbour(m *Measurement) {
	m.Load.Record = sampled("machine.foreign", result.UnitRatio, 0.9, 0.8, 0.9, 0.9)
}

func filled(m *Measurement) {
	m.Load.Record = recorded(map[string][]float64{"machine.own": {1, 0.99, 1, 1}, "machine.target": {0.9, 0.9, 0.9, 0.9}, "machine.foreign": {0, 0.01, 0, 0}})
}

// sentLate is a generator that sent each request so much too late; it was answered
// 5 ms after that.
func sentLate(m *Measurement, lag time.Duration) {
	c := load.NewCounter("web", "100/s for 2s", m.Load.Phases)
	for i := range int64(200) {
		due := time.Duration(i) * 10 * time.Millisecond
		c.Add(load.Exchange{Stream: "web", N: i, Due: due, Sent: due + lag, End: due + lag + 5*time.Millisecond, Status: 200, Path: "/"})
	}
	m.Load.Streams = []load.Tally{c.Tally()}
}

// halfSent is a generator that came to send every second request only. So many of
// a phase were answered after 20 ms, the others after 5.
func halfSent(t *testing.T, m *Measurement, slow int64) {
	c := load.NewCounter("web", "100/s for 2s", m.Load.Phases)
	for i := int64(0); i < 200; i += 2 {
		due, took := time.Duration(i)*10*time.Millisecond, 5*time.Millisecond
		if i%100 < 2*slow {
			took = 20 * time.Millisecond
		}
		c.Add(load.Exchange{Stream: "web", N: i, Due: due, Sent: due, End: due + took, Status: 200, Path: "/"})
	}
	s := c.Tally().Stream
	s.Planned, s.Late = 200, 100
	for i := range s.Phases {
		s.Phases[i].Late = s.Phases[i].Sent
		s.Phases[i].Planned = 2 * s.Phases[i].Sent
	}
	tally, err := load.TallyOf(s)
	require.NoError(t, err)
	m.Load.Streams = []load.Tally{tally}
}

// rewritten is a measurement as it comes back from a file.
func rewritten(t *testing.T, m Measurement) (back Measurement) {
	t.Helper()
	text, err := json.Marshal(m)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &back))
	return back
}

func TestWhatIsConcludedTellsWhatWasSeen(t *testing.T) {
	m := seenWell()
	m.Without, m.MemoryLimit = []string{"web.limit"}, 1<<20
	m.Load.Record = sampled(seriesRSS, result.UnitBytes, 1, 2, 3, 4)
	got := Conclude(twoPhases(verdict.Metric("web.failed").Equals(verdict.Count(0))), m)
	require.Equal(t, []string{"web.limit"}, got.Without)
	require.Equal(t, 3.0, got.DurationS)
	require.Equal(t, m.Settings, got.Settings)
	require.Len(t, got.Phases, 3)
	require.Len(t, got.Ends, 1)
	require.Equal(t, []string{"listening"}, got.Log)
	require.EqualValues(t, 1<<20, *got.Series[0].Limit, "the line of the limit is drawn")
	require.True(t, got.Checks[0].Primary, "the first check decides where none is marked")
	require.Equal(t, verdict.UnexpectedEnds, got.Checks[1].Metric, "that it stays up is checked without being written")
}

// What is registered is what a check may name, before anything was measured.
func TestMetricsThatDependOnTheWorld(t *testing.T) {
	s := twoPhases()
	require.NotContains(t, registry(s, Measurement{}).Names(), "db.connections.total.max", "there is no database")
	s.World.Data = database.DataSet{Build: noData}
	require.Contains(t, registry(s, Measurement{}).Names(), "db.connections.total.max")
	s.World.Dependencies = []Dependency{{
		Name: "api", Measures: []Measure{{Descriptor: verdict.Descriptor{Name: "api.calls", Unit: result.UnitCount}}},
		Gauges: []Gauge{{Series: probe.Series{Name: "api.in_flight", Unit: result.UnitCount}}},
	}}
	names := registry(s, Measurement{}).Names()
	require.Contains(t, names, "api.calls")
	require.Contains(t, names, "api.in_flight.max")
	require.NotContains(t, names, "ledger.lost")
	s.Reconcile = noReconciliation
	require.Contains(t, registry(s, Measurement{}).Names(), "ledger.lost")
}

// upstreamDown has somebody else's API not answer what a dependency passed on to it.
func upstreamDown(m *Measurement) {
	m.Load.Backings = []BackingSeen{{Name: "rates", Trouble: []string{"api.example.com: connection refused (3 requests)"}}}
}
