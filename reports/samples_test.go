package reports

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"
	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/result"
)

func ptr[T any](v T) *T { return &v }

// sampleRuns are the runs that every format is tried with, by name.
func sampleRuns(t testing.TB) map[string]*result.Run {
	return map[string]*result.Run{
		"mixed":       mixedRun(t),
		"passed":      passedRun(t),
		"partial":     partialRun(t),
		"reevaluated": reevaluatedRun(t),
		"unclear":     unclearRun(t),
		"hostile":     hostileRun(t, hostile),
		"empty":       {Schema: result.Schema, ID: "20260102-030405-ffff", Started: runStarted(), Complete: true},
	}
}

func runStarted() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC) }

func baseRun() *result.Run {
	return &result.Run{
		Schema: result.Schema, ID: "20260102-030405-7f3a", Started: runStarted(), Seed: 42, Profile: "bench",
		Complete: true, DurationS: 151.2, Command: "holdfast run --all --profile bench --seed 42",
		Environment: result.Environment{
			Go: "go1.26.8", OS: "linux/amd64", CPUs: 2, CPUModel: "Example CPU @ 2.60GHz", MemoryBytes: 8 << 30,
			Database: "local: PostgreSQL 15.18 (no DSN given, no container engine answered)", Target: "container, 100 MB",
			Versions: map[string]string{"holdfast": "v0.3.0 (1a2b3c4)", "postgres": "15.18", "configuration": "sha256:9f2c11d0"},
		},
	}
}

// mixedRun has all four verdicts, a death for memory and a restart, compressed
// times, claims and a detection matrix.
func mixedRun(t testing.TB) *result.Run {
	run := baseRun()
	run.Verdict = result.Fail
	run.Reason = "search/popular-term: process.rss.max in inject was 187 MB, limit ≤ 100 MB; the kernel killed the target at 21.3 s."
	run.Scenarios = []result.Scenario{
		passingScenario(t, "search/short-terms", 3), killedScenario(t), drippingScenario(t), lateScenario(t),
		unfiredScenario(t), passingScenario(t, "task/invalid-key", 5),
	}
	run.Gains = []result.Gain{
		{Name: "search: out of memory", Claimed: "−100 %", Where: map[string]string{"projects": "10000"}, Evidence: "killed by the kernel for memory (limit 105 MB)", Metric: "process.rss.max", Unit: result.UnitBytes, Before: ptr(412e6), After: ptr(61.4e6), Verdict: result.Pass, Reason: "no death in 3 runs of 5,000 requests"},
		{Name: "search: latency", Claimed: "−90 %", Metric: "search.latency.p99", Unit: result.UnitMS, Before: ptr(5456.0), After: ptr(812.0), Verdict: result.Fail, Reason: "measured −85 %"},
		{Name: "queue saturation", Claimed: "−100 %", Verdict: result.NotExercised, Reason: "not run"},
	}
	killed := wave(rand.New(rand.NewPCG(1, 2)), "target.rss", result.UnitBytes, 60, 6, 41e6, 104e6, 2, 6)
	killed.Limit = ptr(104.9e6)
	run.Gains[0].Share, run.Gains[0].GainLeast, run.Gains[0].GainMost, run.Gains[0].Promised = ptr(0.85), ptr(0.84), ptr(0.86), 0.8
	run.Gains[0].BeforeAll, run.Gains[0].AfterAll = []float64{412e6, 409e6}, []float64{61.4e6, 64e6}
	run.Gains[0].Memory = []result.MemoryTrace{
		{Side: result.SideBefore, Memory: killed, Ends: []result.End{{EndS: ptr(5.9), Signal: "killed", OOMKilled: true, OOMEvidence: "cgroup memory.events", LimitBytes: ptr(uint64(104_857_600))}}},
		{Side: result.SideAfter, Memory: wave(rand.New(rand.NewPCG(3, 4)), "target.rss", result.UnitBytes, 120, 12, 41e6, 47e6, 2, 6), Ends: []result.End{{EndS: ptr(12.0), Expected: true}}},
	}
	run.Detections = []result.Detection{
		{Expected: "search/popular-term", Outcome: result.OutcomeIntact, Verdict: result.Pass, Reason: "target.rss_peak.max was 34 MB, limit < 100 MB"},
		{Expected: "search/overload", Outcome: result.OutcomeIntact, Verdict: result.Pass, Reason: "search.latency_ok.p90 was 80 ms"},
		{Expected: "task/retry-storm", Outcome: result.OutcomeIntact, Verdict: result.Inconclusive, Reason: "the load was not delivered"},
		{Without: "search.sql-limit", Expected: "search/popular-term", CaughtBy: []string{"search/popular-term"}, Check: "process.rss.max in inject", Outcome: result.OutcomeCaught, Verdict: result.Pass, Reason: "target.rss_peak.max was 499 MB, limit < 100 MB"},
		{Without: "search.sql-limit", Expected: "search/overload", CaughtBy: []string{"search/overload"}, Check: "search.failed", Outcome: result.OutcomeOtherReason, Verdict: result.Pass, Reason: "caught, but not by a check that guards it"},
		{Without: "search.shed-load", Expected: "search/overload", Outcome: result.OutcomeMissed, Verdict: result.Fail, Reason: "search.shed-load was taken away and nothing noticed"},
		{Without: "task.jitter", Expected: "task/retry-storm", Outcome: result.OutcomeNoControl, Verdict: result.Inconclusive, Reason: "the intact target did not pass either: inconclusive"},
		{Without: "task.heartbeat", Outcome: result.OutcomeUnguarded, Verdict: result.Fail, Reason: "no scenario claims task.heartbeat"},
	}
	run.Coverage = sampleCoverage()
	run.Curves = []result.Curve{{Name: "search: peak memory", X: "projects", Unit: result.UnitBytes, Points: []result.CurvePoint{
		{X: 1000, Before: ptr(33.3e6), After: ptr(30.9e6)}, {X: 10_000, Before: ptr(66e6), After: ptr(30.1e6)},
		{X: 100_000, Before: ptr(2.28e9), After: ptr(29.9e6)}, {X: 1e6, After: ptr(31.2e6)},
	}}}
	return run
}

// sampleCoverage has routes of all sorts, and places.
func sampleCoverage() *result.Coverage {
	return &result.Coverage{
		Sources: []string{"api.yaml", "logs/access.log"}, Traffic: &result.Traffic{Requests: 8412, Planned: 6900, Asked: 6900},
		Routes: []result.CoveredRoute{
			{Route: "GET /orders/{id}", Operation: "getOrder", Requests: ptr(int64(1512)), Share: ptr(0.18), Scenarios: []string{}, Errors: []result.ErrorAnswer{{Status: "404"}}},
			{Route: "GET /search", Operation: "search", Requests: ptr(int64(6900)), Share: ptr(0.82), Scenarios: []string{"search/popular-term", "search/overload"},
				Asked: []string{"search/popular-term"}, Answers: map[string]int64{"200": 6790, "503": 110},
				Errors: []result.ErrorAnswer{{Status: "400"}, {Status: "503", Seen: 110, Expected: []string{"search/overload"}}, {Status: "504", Expected: []string{"search/overload"}}}},
			{Route: "POST /tasks", Scenarios: []string{"task/outage"}, Unlisted: true},
			{Route: "GET /metrics", Scenarios: []string{}, Ignored: "only Prometheus asks it"},
		},
		Places: []result.CoveredPlace{
			{Place: "pay", Calls: ptr(int64(512)), Effects: []result.Effect{{Name: result.Slow, Scenarios: []string{"task/outage"}, Fired: 9}}}, {Place: "pay.refund", Calls: ptr(int64(0))},
			{Place: "db", Effects: []result.Effect{{Name: result.Slow, Scenarios: []string{"search/popular-term"}, Fired: 2812}, {Name: result.Down, Scenarios: []string{}}}},
			{Place: "mail", Effects: []result.Effect{{Name: result.Down, Scenarios: []string{}}, {Name: result.GivingErrors, Scenarios: []string{}}}},
		},
		Notes: []string{"the stream pages asks several routes: which of them got which status is not known"},
	}
}

func passedRun(t testing.TB) *result.Run {
	run := baseRun()
	run.Verdict = result.Pass
	run.Reason = "All 12 checks of 2 scenarios held; the closest is search.latency.p99 in inject with 81 % of its limit."
	run.Scenarios = []result.Scenario{passingScenario(t, "search/popular-term", 1), passingScenario(t, "oracle/one-hangs", 2)}
	run.Scenarios[0].Checks[0].Seen = &result.ProvenFailure{Without: "search.sql-limit", At: "2026-01-31"}
	run.Scenarios[0].Streams[0].Heat = heat(200, 12, 420, 35, 13, 25)
	return run
}

// unclearRun showed nothing of one scenario, for the machine was busy.
func unclearRun(t testing.TB) *result.Run {
	run := baseRun()
	late := lateScenario(t)
	late.Validity = &result.Validity{Disturbances: []result.Disturbance{
		{FromS: 14, ToS: 17.5, Cause: "the harness itself stood still for 3.5 s"}, {FromS: 21, ToS: 22, Cause: "others took 1.8 of 2 processors"},
	}}
	run.Verdict, run.Reason = result.Inconclusive, late.Name+": "+late.Reason
	run.Scenarios = []result.Scenario{passingScenario(t, "search/popular-term", 1), late}
	return run
}

// reevaluatedRun was held against other limits later.
func reevaluatedRun(t testing.TB) *result.Run {
	run := passedRun(t)
	s := &run.Scenarios[0]
	s.Checks[0] = latencyCheck("search", 405, 300, result.Fail)
	s.Verdict, s.Reason = result.Fail, s.Checks[0].Reason
	run.Verdict, run.Reason = result.Fail, s.Name+": "+s.Reason
	run.Reevaluated = &result.Reevaluation{By: "slo.yaml", Changes: []result.Change{
		{Scenario: s.Name, Check: "search.latency.p99 in inject", OldLimit: "≤ 500 ms", NewLimit: "≤ 300 ms", Was: result.Pass, Is: result.Fail},
		{Scenario: s.Name, Check: "db.connections.in_use.max", NewLimit: "≤ 10", Is: result.Pass},
	}}
	return run
}

// partialRun was killed while its second scenario ran.
func partialRun(t testing.TB) *result.Run {
	run := baseRun()
	run.Complete, run.Interrupted = false, "terminated"
	cut := passingScenario(t, "oracle/one-hangs", 9)
	cut.Verdict, cut.Reason, cut.Checks, cut.Evidence = "", "", nil, nil
	cut.Streams[0].Latency, cut.Streams[0].Histogram, cut.Streams[0].Slowest = nil, "", nil
	broken := result.Scenario{Name: "task/outage", Claim: "A short outage loses no task.", Started: runStarted(),
		Verdict: result.Inconclusive, Error: "start target: exec: \"reference\": not found\nlast log lines: none"}
	run.Scenarios = []result.Scenario{passingScenario(t, "search/popular-term", 1), cut, broken, {Name: "task/never-begun"}}
	return run
}

func phasesOf(lengths ...float64) []result.Phase {
	var phases []result.Phase
	from := 0.0
	for i, name := range []string{result.WarmUp, result.Baseline, result.Inject, result.Heal, result.Drain}[:len(lengths)] {
		phases = append(phases, result.Phase{Name: name, From: result.Seconds(from), To: result.Seconds(from + lengths[i])})
		from += lengths[i]
	}
	return phases
}

// wave is a series of n points over a number of seconds, calm outside a window.
func wave(r *rand.Rand, name, unit string, n int, seconds, calm, stressed, from, to float64) result.Series {
	s := result.Series{Name: name, Unit: unit}
	for i := range n {
		at := math.Round(seconds*float64(i)/float64(n)*1e4) / 1e4
		level := calm
		if at >= from && at < to {
			level = stressed
		} else if at >= to {
			level = calm + (stressed-calm)*math.Exp(-(at-to)/1.5)
		}
		v := level * (0.9 + 0.2*r.Float64())
		if unit == result.UnitCount || unit == result.UnitBytes {
			v = math.Round(v)
		}
		s.T, s.V = append(s.T, at), append(s.V, v)
	}
	return s
}

// latencies draws a distribution of n requests with a tail.
func latencies(t testing.TB, r *rand.Rand, n int, median, tail float64) (*hdr.Histogram, *result.Quantiles) {
	h := hdr.New(1, 60_000_000, 3)
	draws := min(n, 400)
	for i := range draws {
		ms := median * math.Exp(0.35*r.NormFloat64())
		if r.Float64() < 0.02 {
			ms = tail * (0.6 + 0.4*r.Float64())
		}
		weight := n / draws
		if i < n%draws {
			weight++
		}
		require.NoError(t, h.RecordValues(int64(ms*1000), int64(weight)))
	}
	ms := func(p float64) float64 { return float64(h.ValueAtPercentile(p)) / 1000 }
	return h, &result.Quantiles{N: int64(n), P50: ms(50), P90: ms(90), P95: new(ms(95)), P99: ms(99), P999: ms(99.9), Max: ms(100), Mean: h.Mean() / 1000}
}

func histogram(t testing.TB, r *rand.Rand, n int, median, tail float64) (string, *result.Quantiles) {
	h, q := latencies(t, r, n, median, tail)
	encoded, err := h.Encode(hdr.V2CompressedEncodingCookieBase)
	require.NoError(t, err)
	return string(encoded), q
}

// heat is how long requests took over time: mostly the median, and in the window of a
// fault with a tail.
func heat(rate, median, tail, end, from, to float64) *result.Heat {
	r := rand.New(rand.NewPCG(8, 8))
	const width = 500 * time.Millisecond
	columns := make([]result.HeatCounts, int(end/width.Seconds()))
	for i := range columns {
		at := float64(i) * width.Seconds()
		for range int(rate * width.Seconds()) {
			ms := median * math.Exp(0.35*r.NormFloat64())
			if at >= from && at < to && r.Float64() < 0.15 {
				ms = tail * (0.05 + 0.95*r.Float64())
			}
			columns[i][result.HeatBucket(time.Duration(ms*float64(time.Millisecond)))]++
		}
	}
	return result.NewHeat(0, width, columns)
}

// load is one stream with its series: planned at a rate, with some failing in
// the window of a fault.
func load(t testing.TB, r *rand.Rand, name string, phases []result.Phase, rate, median, tail, failing float64, from, to float64) (result.Stream, []result.Series) {
	end := phases[len(phases)-1].To.Seconds()
	n := int64(rate * end)
	st := result.Stream{Name: name, Shape: fmt.Sprintf("%g/s for %gs", rate, end), MaxInFlight: 37}
	st.Histogram, st.Latency = histogram(t, r, int(n), median, tail)
	st.HistogramFromSend, st.LatencyFromSend = histogram(t, r, int(n), median*0.9, tail*0.8)
	st.Planned, st.Sent, st.Completed, st.SendLagP99MS = n, n, n, ptr(1.24)
	st.Slowest = []result.Request{
		{N: 612, Path: "/search?q=popular", DueS: from + 1.2, Class: "timeout", LatencyMS: tail * 1.1, LatencyFromSendMS: tail},
		{N: 617, Path: "/search?q=one%20row", DueS: from + 1.3, Status: 200, LatencyMS: tail, LatencyFromSendMS: tail * 0.9},
	}
	lost := int64(failing * rate * (to - from))
	st.OK = n - lost
	if lost > 0 {
		st.Errors = map[string]int64{"timeout": lost - lost/3, "status_503": lost / 3}
		st.Statuses = map[string]int64{"200": st.OK, "503": lost / 3}
		st.Completed = n - (lost - lost/3)
	}
	for _, p := range phases {
		share := p.Length().Seconds() / end
		c := result.Counts{Planned: int64(rate * p.Length().Seconds()), SendLagP99MS: ptr(1.1)}
		c.Sent, c.OK, c.Completed = c.Planned, c.Planned, c.Planned
		_, c.Latency = latencies(t, r, max(int(float64(n)*share), 1), median, median*3)
		if p.Name == result.Inject {
			c.OK, c.Completed = max(c.Sent-lost, 0), max(c.Sent-lost*2/3, 0)
			_, c.Latency = latencies(t, r, int(float64(n)*share), median*2, tail)
		}
		st.Phases = append(st.Phases, result.StreamPhase{Phase: p.Name, Counts: c})
	}
	points := int(end * 2)
	series := []result.Series{
		wave(r, name+".latency.p50", result.UnitMS, points, end, median, median*2, from, to),
		wave(r, name+".latency.p99", result.UnitMS, points, end, median*3, tail, from, to),
		wave(r, name+".latency.max", result.UnitMS, points, end, median*4, tail*1.15, from, to),
	}
	planned, done := result.Series{Name: name + ".planned", Unit: result.UnitPerS}, result.Series{Name: name + ".completed", Unit: result.UnitPerS}
	failed := result.Series{Name: name + ".failed", Unit: result.UnitPerS}
	for i := range points {
		at := float64(i) / 2
		f := 0.0
		if at >= from && at < to {
			f = math.Round(rate * failing * (0.8 + 0.4*r.Float64()))
		}
		for _, s := range []*result.Series{&planned, &done, &failed} {
			s.T = append(s.T, at)
		}
		planned.V, done.V, failed.V = append(planned.V, rate), append(done.V, rate-f), append(failed.V, f)
	}
	return st, append(series, planned, done, failed)
}

func evidence(sent float64) []result.Check {
	v := result.Pass
	if sent < 0.99 {
		v = result.Inconclusive
	}
	return []result.Check{
		{Name: "load.delivered ≥ 99 %", Metric: "load.delivered", Op: ">=", Threshold: 0.99, Value: &sent, Unit: result.UnitRatio, Samples: 6000, Verdict: v, Reason: "load.delivered was " + result.Format(sent, result.UnitRatio) + ", limit ≥ 99 %"},
		{Name: "generator.lag.p99 ≤ 20 ms", Metric: "generator.lag.p99", Op: "<=", Threshold: 20, Value: ptr(1.24), Unit: result.UnitMS, Samples: 6000, Verdict: result.Pass},
		{Name: "faults.undone = 1", Metric: "faults.undone", Op: "==", Threshold: 1, Value: ptr(1.0), Unit: result.UnitCount, Samples: 1, Verdict: result.Pass},
	}
}

func latencyCheck(stream string, v, limit float64, verdict result.Verdict) result.Check {
	c := result.Check{Metric: stream + ".latency.p99", Phase: result.Inject, Op: "<=", Threshold: limit, Value: &v, Unit: result.UnitMS, Samples: 2800,
		Why: "the promise of half a second to one second", Primary: true, Protections: []string{"search.sql-limit"}, Verdict: verdict}
	c.Name = c.Metric + " in inject ≤ " + result.Format(limit, c.Unit)
	c.Reason = c.Metric + " was " + result.Format(v, c.Unit) + " in inject, limit ≤ " + result.Format(limit, c.Unit)
	return c
}

func passingScenario(t testing.TB, name string, seed uint64) result.Scenario {
	r := rand.New(rand.NewPCG(seed, 1))
	phases := phasesOf(3, 10, 12, 8, 2)
	st, series := load(t, r, "search", phases, 200, 12, 420, 0, 13, 25)
	series = append(series,
		wave(r, "process.rss", result.UnitBytes, 105, 35, 52e6, 68e6, 13, 25),
		wave(r, "db.connections.in_use", result.UnitCount, 105, 35, 3, 9, 13, 25),
		wave(r, "oracle_api.in_flight", result.UnitCount, 105, 35, 8, 20, 13, 25))
	series[6].Limit = ptr(100e6)
	series[7].Reduced = "max per 0.25 s"
	return result.Scenario{
		Name: name, Claim: "A term that matches every project costs one bounded page, in memory and in time.",
		Protections: []string{"search.sql-limit", "search.stable-order"}, Without: []string{}, Verdict: result.Pass,
		Reason:  "search.latency.p99 was 405 ms in inject, limit ≤ 500 ms",
		Started: runStarted().Add(time.Minute), DurationS: 36.4, Repeat: "holdfast run " + name + " --seed 42",
		World: map[string]string{"projects": "10000", "matching": "10000"}, Settings: map[string]string{"MAX_SEARCH_RESULTS": "100", "DATABASE_POOL_MAX": "10"},
		Switches: []result.Switch{
			{Protection: "search.sql-limit", About: "a query fetches no more rows than are shown", Setting: "MAX_SEARCH_RESULTS", Value: ptr("100"), Off: "0", Runbook: "docs/target-contract.md"},
			{Protection: "search.stable-order", About: "equal ranks keep one order", Setting: "STABLE_ORDER", Default: "true", Off: "false"},
		},
		Phases: phases, Streams: []result.Stream{st},
		Faults: []result.Fault{{ID: "slow-db", Kind: "delay 20ms", On: "database", StartS: 13, EndS: ptr(25.0), Fired: 2812, Declared: "delay 20 ms", Measured: "median 20.4 ms over 2,812 reads", Undone: ptr(true)}},
		Checks: []result.Check{
			latencyCheck("search", 405, 500, result.Pass),
			{Metric: "process.rss.max", Op: "<=", Threshold: 100e6, Value: ptr(68.2e6), Unit: result.UnitBytes, Samples: 350, Verdict: result.Pass, Reason: "process.rss.max was 68.2 MB, limit ≤ 100 MB"},
			{Metric: "search.results", Op: "==", Threshold: 100, Value: ptr(100.0), Unit: result.UnitCount, Samples: 6600, Verdict: result.Pass, Reason: "search.results was 100, limit = 100"},
			{Metric: "oracle_api.in_flight", Phase: result.Heal, Op: "falls_to", Threshold: 2, Level: ptr(8.0), LevelUnit: result.UnitCount, Value: ptr(0.4), Unit: result.UnitSeconds, Samples: 80, Verdict: result.Pass, Reason: "oracle_api.in_flight fell to 8 after 0.4 s, allowed 2 s"},
		},
		Evidence: evidence(1), Series: series,
		Ends: []result.End{{StartS: -1.2, EndS: ptr(35.4), ExitCode: ptr(0), Expected: true, PeakRSSBytes: ptr(uint64(69e6)), LimitBytes: ptr(uint64(100e6))}},
		Log:  []string{"level=INFO msg=listening addr=127.0.0.1:41217", "level=INFO msg=\"shutting down\""},
	}
}

// killedScenario is one whose target died for memory and was started again.
func killedScenario(t testing.TB) result.Scenario {
	s := passingScenario(t, "search/popular-term", 2)
	r := rand.New(rand.NewPCG(2, 2))
	st, series := load(t, r, "search", s.Phases, 200, 14, 2400, 0.6, 14, 22)
	memory := wave(r, "process.rss", result.UnitBytes, 105, 35, 54e6, 96e6, 13, 21.3)
	kept := result.Series{Name: memory.Name, Unit: memory.Unit, Limit: ptr(100e6)}
	for i, at := range memory.T {
		if at > 21.3 && at < 23.1 { // nothing to measure between the lives
			continue
		}
		kept.T, kept.V = append(kept.T, at), append(kept.V, memory.V[i])
	}
	s.Series = append(append(series, kept), s.Series[7:]...)
	st.Heat = heat(200, 14, 2400, 35, 14, 22)
	s.Streams = []result.Stream{st}
	s.Without, s.Verdict = []string{"search.sql-limit"}, result.Fail
	s.Settings["MAX_SEARCH_RESULTS"], s.Switches[0].Value = "0", ptr("0")
	s.Reason = "process.rss.max in inject was 187 MB, limit ≤ 100 MB; the kernel killed the target at 21.3 s."
	s.Fleet = &result.Fleet{
		Schedule: "3f2a9c0d5b7e1a64", Policy: "take-over", TermS: 1,
		Workers: []result.Worker{
			{Name: "worker-1", Host: "gen-a", Processors: 4, ClockAheadMS: ptr(-12.5), ClockDoubtMS: ptr(0.2), ClockDriftMS: ptr(0.0), CPUShare: ptr(0.31), SendLagP99MS: ptr(0.6), GCPauseMaxMS: ptr(0.2)},
			{Name: "worker-2", Host: "gen-b", Processors: 4, LostAtS: ptr(15.2), Problem: "no word of it"},
		},
		Spans: []result.LaneSpan{
			{Lane: 0, Worker: "worker-1", ToS: 30, Planned: 3000, Sent: 3000},
			{Lane: 1, Worker: "worker-2", ToS: 16.4, Planned: 1640, Sent: 1500, Lost: 3, Unknown: 97, Never: 40, Hole: 40, Cut: "its worker was not heard of for 1s"},
			{Lane: 1, Worker: "worker-1", FromS: 16.4, ToS: 30, Planned: 1360, Sent: 1360},
		},
	}
	s.Ends = []result.End{
		{StartS: -1.1, EndS: ptr(21.3), Signal: "killed", OOMKilled: true, OOMEvidence: "docker inspect: OOMKilled=true; memory.events oom_kill 1", PeakRSSBytes: ptr(uint64(100e6)), LimitBytes: ptr(uint64(100e6))},
		{StartS: 23.1, EndS: ptr(35.4), ExitCode: ptr(0), Expected: true, PeakRSSBytes: ptr(uint64(58e6)), LimitBytes: ptr(uint64(100e6))},
	}
	s.Events = []result.Annotation{{AtS: 23.4, What: "ready again after 2.1 s"}}
	s.Checks = []result.Check{
		{Metric: "process.rss.max", Phase: result.Inject, Op: "<=", Threshold: 100e6, Value: ptr(187e6), Unit: result.UnitBytes, Samples: 83, Primary: true, Verdict: result.Fail, Why: "the note's own limit", Reason: "process.rss.max was 187 MB in inject, limit ≤ 100 MB"},
		latencyCheck("search", 2387, 500, result.Fail),
		{Metric: "target.deaths", Op: "==", Threshold: 0, Value: ptr(1.0), Unit: result.UnitCount, Samples: 1, Verdict: result.Fail, Reason: "target.deaths was 1, limit = 0"},
		{Metric: "search.answers.ok", Phase: result.Heal, Op: ">=", Threshold: 0.99, Value: ptr(0.9996), Unit: result.UnitRatio, Samples: 1600, Verdict: result.Pass},
	}
	s.Checks[1].Primary = false
	s.Log = append(s.Log, "runtime: memory allocated by OS not in usable address space", "level=ERROR msg=\"query: 10000 rows loaded\" took=812ms")
	return s
}

func drippingScenario(t testing.TB) result.Scenario {
	s := passingScenario(t, "oracle/one-drips", 4)
	s.Claim = "An answer that drips byte by byte is cut off by the bound on the whole call."
	s.Verdict, s.Reason = result.Fail, "oracle_api.in_flight was still 3 at the end of heal, it should have fallen to 0 within 1 s"
	s.Checks = append(s.Checks, result.Check{Metric: "oracle_api.in_flight", Phase: result.Heal, Op: "falls_to", Threshold: 1, Level: ptr(0.0), LevelUnit: result.UnitCount, Unit: result.UnitSeconds, Samples: 80, Verdict: result.Fail, Primary: true, Reason: s.Reason})
	s.Checks[0].Primary = false
	s.Compressed = []result.Compressed{{Name: "oracle call timeout", RealS: 10, UsedS: 1, FactorBy: 10, Because: "smoke profile"}, {Name: "retry countdown", RealS: 60, UsedS: 0.5, FactorBy: 120}}
	s.Ledger = &result.Ledger{Accepted: 200, Delivered: 150, FailedPermanent: 40, FailedExhausted: 9, Lost: 1, Attempts: map[string]int64{"1": 190, "4": 9, "10": 1}}
	s.Faults = append(s.Faults, result.Fault{ID: "stripe.charge.webhook-twice", Kind: "twice", On: "stripe.charge.webhook", StartS: 13, EndS: ptr(25.0), Fired: 1, Undone: ptr(true)})
	s.Webhooks = []result.Webhooks{{At: "stripe.charge.webhook", Due: 200, Delivered: 199, Failed: 1, Duplicates: 1, Callbacks: []result.Callback{
		{Key: "c-1", DueS: 3.2, Deliveries: []result.Delivery{{Attempt: 1, SentS: 3.2, TookMS: 12, Status: 200}}},
		{Key: "evt_7", DueS: 14, Faults: []string{"stripe.charge.webhook-twice"}, Deliveries: []result.Delivery{
			{Attempt: 1, SentS: 14, TookMS: 12, Status: 200}, {Attempt: 1, Again: true, SentS: 14.1, TookMS: 9, Status: 200},
		}},
		{Key: "evt_8", DueS: 34, Pending: true, Deliveries: []result.Delivery{{Attempt: 1, SentS: 34, TookMS: 3, Error: "connection refused"}}},
	}}}
	return s
}

func lateScenario(t testing.TB) result.Scenario {
	s := passingScenario(t, "oracle/hundred-active", 6)
	s.Verdict, s.Reason = result.Inconclusive, "load.delivered was 87.5 %, limit ≥ 99 %: the generator was saturated, not the target"
	s.Evidence = evidence(0.875)
	s.Streams[0].Sent, s.Streams[0].Late, s.Streams[0].Shed = 6125, 800, 75
	s.Checks[0].Verdict, s.Checks[0].Reason = result.Inconclusive, s.Checks[0].Reason+"; but this can't be held against the target: the generator was late"
	return s
}

func unfiredScenario(t testing.TB) result.Scenario {
	s := passingScenario(t, "task/mail-refuses-key", 7)
	s.Verdict, s.Reason = result.NotExercised, "the fault refuse-key never fired: no task reached the mail API"
	s.Faults = []result.Fault{{ID: "refuse-key", Kind: "status 401", On: "email", StartS: 13, EndS: ptr(25.0), Missed: 12, Undone: ptr(true)}}
	s.Checks = []result.Check{{Metric: "task.attempts.max", Phase: result.Inject, Op: "==", Threshold: 1, Unit: result.UnitCount, Primary: true, Verdict: result.NotExercised, Reason: "no samples of task.attempts.max in inject"}}
	s.Series = s.Series[:0]
	return s
}

// hostile is text that tries everything: markup, script, quotes, direction and
// control characters, table cells, mentions, and bytes that are not UTF-8.
const hostile = "x</script><script>alert(1)</script><img src=x onerror=alert(1)>\" ' onload=alert(1) `code` | cell | \u202egnp.exe \u2066\x00\x1b[31m\ufeff\u200d @octocat #1 [link](https://evil.example) **b** \xff\xfe ]]> {{.}} ${x}\r\nsecond line"

// hostileRun has the text in every place where a run has text.
func hostileRun(t testing.TB, text string) *result.Run {
	run := mixedRun(t)
	run.Scenarios = run.Scenarios[1:3]
	run.Reevaluated = reevaluatedRun(t).Reevaluated
	poison(run, text)
	return run
}

// bigRun is the size that the budgets speak of.
func bigRun(t testing.TB, points int) *result.Run {
	run := baseRun()
	run.Verdict, run.Reason = result.Pass, "All checks held."
	for i := range 12 {
		r := rand.New(rand.NewPCG(uint64(i), 9))
		s := passingScenario(t, fmt.Sprintf("search/number-%02d", i), uint64(i+10))
		s.Series = nil
		for _, d := range []struct {
			name, unit     string
			calm, stressed float64
		}{
			{"search.latency.p50", result.UnitMS, 12, 25}, {"search.latency.p99", result.UnitMS, 40, 420}, {"search.planned", result.UnitPerS, 200, 200},
			{"search.completed", result.UnitPerS, 200, 160}, {"process.rss", result.UnitBytes, 52e6, 90e6}, {"process.heap", result.UnitBytes, 22e6, 60e6},
			{"db.connections.in_use", result.UnitCount, 3, 9}, {"oracle_api.in_flight", result.UnitCount, 8, 20},
		} {
			s.Series = append(s.Series, wave(r, d.name, d.unit, points, 35, d.calm, d.stressed, 13, 25))
		}
		run.Scenarios = append(run.Scenarios, s)
	}
	return run
}
