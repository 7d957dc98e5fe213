package view

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/result"
)

// experiment has a baseline of ten seconds and an inject of ten, sampled each half second.
func experiment(series ...result.Series) result.Scenario {
	return result.Scenario{
		Name: "shop/outage", Verdict: result.Fail, Protections: []string{"shop.timeout"},
		Phases: []result.Phase{{Name: result.Baseline, To: 10 * time.Second}, {Name: result.Inject, From: 10 * time.Second, To: 20 * time.Second}},
		Faults: []result.Fault{{Kind: "refuse", On: "pay", StartS: 10, EndS: ptr(20.0)}},
		Series: series,
	}
}

// step is a series that is calm, with a little noise, and then another one.
func step(name, unit string, before, then float64) result.Series {
	s := result.Series{Name: name, Unit: unit}
	for i := range 40 {
		v := before
		if i >= 20 {
			v = then
		}
		s.T, s.V = append(s.T, float64(i)/2), append(s.V, v*(1+0.01*math.Sin(float64(7*i))))
	}
	return s
}

func TestWhatMovedIsWhatLeftItsOwnBaseline(t *testing.T) {
	short := step("cache.size", result.UnitCount, 1, 900)
	short.T, short.V = short.T[:22], short.V[:22] // two samples of the span are too few
	s := experiment(
		step("shop.latency.p99", result.UnitMS, 40, 900), // the check's own
		step("shop.latency.p50", result.UnitMS, 10, 800), // in the chart of the check's own
		step("shop.rate.planned", result.UnitPerS, 0, 200),
		step("shop.rate.failed", result.UnitPerS, 0, 80),
		step("target.rss", result.UnitBytes, 50e6, 51e6), // within its spread
		step("db.connections", result.UnitCount, 20, 5),
		step("queue.jobs", result.UnitCount, 10, 14),
		short,
	)
	var got []string
	for _, m := range moved(s, "shop.latency.p99", 10, 20) {
		got = append(got, fmt.Sprintf("%s %s %s %s", m.Name, m.How, m.From, m.To))
	}
	require.Equal(t, []string{"shop.rate.failed rose 0/s 80.8/s", "db.connections fell 20 4.96", "queue.jobs rose 10 14.1"}, got)
	require.Empty(t, moved(s, "shop.latency.p99", 5, 20), "a span that begins in the baseline has nothing to be compared with")
	s.Series = nil
	require.Empty(t, moved(s, "", 10, 20))
}

func TestTheCourseOfACheck(t *testing.T) {
	s := experiment(step("shop.latency.p99", result.UnitMS, 40, 900), step("shop.rate.failed", result.UnitPerS, 0, 80), step("shop.rate.completed", result.UnitPerS, 80, 9), step("target.rss", result.UnitBytes, 5e7, 9e7))
	for _, row := range []struct {
		metric, unit, op string
		limit            float64
		series           string
		at               float64 // 0: the moment is not known
	}{
		{"shop.latency.p99", result.UnitMS, "<=", 500, "shop.latency.p99", 10},
		{"shop.latency_ok.p99", result.UnitMS, "<=", 500, "shop.latency.p99", 10},
		{"shop.latency.p90", result.UnitMS, "<=", 500, "shop.latency.p99", 0},
		{"shop.failed", result.UnitCount, "==", 0, "shop.rate.failed", 0},
		{"shop.ok", result.UnitRatio, ">=", 0.99, "shop.rate.completed", 0},
		{"target.rss.max", result.UnitBytes, "<", 8e7, "target.rss", 10},
		{"target.unexpected_ends", result.UnitCount, "==", 0, "target.rss", 0},
		{"shop.results", result.UnitCount, "==", 0, "", 0},
	} {
		c := result.Check{Metric: row.metric, Unit: row.unit, Op: row.op, Threshold: row.limit, Phase: result.Inject, Verdict: result.Fail}
		found, ok := courseOf(s, c)
		require.Equal(t, row.series != "", ok, row.metric)
		require.Equal(t, row.series, found.series.Name, row.metric)
		at, broke := found.brokeAt(s, c)
		require.Equal(t, row.at > 0, broke, row.metric)
		require.Equal(t, row.at, at, row.metric)
	}
}

func TestWhereToLook(t *testing.T) {
	s := experiment()
	s.Switches = []result.Switch{
		{Protection: "shop.timeout", About: "calls end", Setting: "PAY_TIMEOUT", Value: ptr("2s"), Off: "0"},
		{Protection: "shop.retries", Setting: "RETRIES", Default: "3", Off: ""},
		{Protection: "shop.cap", Process: "worker", Setting: "CAP", Off: "0"},
		{Protection: "shop.gc", Process: "web", Off: "./web --no-gc"},
	}
	require.Equal(t, []Look{{Protection: "shop.timeout", About: "calls end", Settings: []string{"PAY_TIMEOUT was 2s (0 takes it away)"}, Explain: "holdfast explain shop.timeout"}}, looks(s, result.Check{}), "those of the scenario")
	s.Without = []string{"shop.timeout"}
	*s.Switches[0].Value = "0"
	require.Equal(t, []Look{
		{Protection: "shop.timeout", About: "calls end", Gone: true, Settings: []string{"PAY_TIMEOUT was 0, which takes it away"}, Explain: "holdfast explain shop.timeout"},
		{Protection: "shop.retries", Settings: []string{"RETRIES was not set: its default, 3, held (an empty value takes it away)"}, Explain: "holdfast explain shop.retries"},
		{Protection: "shop.cap", Settings: []string{"CAP of worker (0 takes it away)"}, Explain: "holdfast explain shop.cap"},
		{Protection: "shop.gc", Settings: []string{"the command of web is its own; without it: ./web --no-gc"}, Explain: "holdfast explain shop.gc"},
		{Protection: "shop.unknown", Explain: "holdfast explain shop.unknown"},
	}, looks(s, result.Check{Protections: []string{"shop.retries", "shop.cap", "shop.gc", "shop.unknown"}}), "what was taken away comes first")
}

func TestTheVerdictSaysWhatWasTakenAway(t *testing.T) {
	of := func(v result.Verdict, without ...string) judged {
		s := experiment()
		s.Without = without
		return judged{Scenario: s, badge: badgeOf(v)}
	}
	for _, row := range []struct {
		name string
		run  result.Verdict
		all  []judged
		want string
	}{
		{"an intact target", result.Fail, []judged{of(result.Fail)}, ""},
		{"what proves it failed", result.Fail, []judged{of(result.Fail, "shop.timeout"), of(result.Pass, "shop.timeout")}, "as it should: without shop.timeout"},
		{"something else failed", result.Fail, []judged{of(result.Fail, "shop.cap")}, "without shop.cap"},
		{"nothing failed", result.Pass, []judged{of(result.Pass, "shop.timeout")}, "although without shop.timeout"},
		{"not of all scenarios", result.Fail, []judged{of(result.Fail, "shop.timeout"), of(result.Fail)}, ""},
		{"nothing ran", result.NotExercised, nil, ""},
	} {
		require.Equal(t, row.want, asItShould(row.run, row.all), row.name)
	}
}

func TestAPassSaysWhatCameNearest(t *testing.T) {
	v := Of(sample(t, "passed"))
	require.Equal(t, "Nearest to its limit: search.latency.p99 in inject in search/popular-term, 405\u00a0ms of ≤\u00a0500\u00a0ms (81\u00a0% of the limit).", v.Nearest)
	require.Nil(t, v.Answer)
	require.Empty(t, Of(sample(t, "mixed")).Nearest)
}

func TestTheAnswerOfARunThatFailed(t *testing.T) {
	a := Drawn(sample(t, "mixed")).Answer
	require.Equal(t, "search/popular-term", a.Scenario)
	require.Equal(t, "First past its limit at 13.0\u00a0s, in inject, under delay 20ms on database.", a.When)
	require.NotNil(t, a.Chart)
	require.Len(t, a.Moved, 3)
	require.Equal(t, "search.sql-limit", a.Look[0].Protection)
	require.Equal(t, "holdfast run search/popular-term --seed 42", a.Repeat)
}

// A runbook is an address only where a browser may be led to it, and what explains a
// protection of a service of one's own names its file.
func TestWhereToLookLeadsOn(t *testing.T) {
	for text, link := range map[string]bool{"https://wiki.example/outage": true, "http://wiki/x": true, "docs/outage.md": false, "javascript:alert(1)": false, "https:": false, "": false, "data:text/html,x": false} {
		s := result.Scenario{Protections: []string{"shop.timeout"}, Repeat: "holdfast run shop/outage --service 'my shop.yaml' --seed 1", Switches: []result.Switch{{Protection: "shop.timeout", Off: "0", Setting: "T", Runbook: text}}}
		l := looks(s, result.Check{})[0]
		require.Equal(t, link, l.Link, text)
		require.Equal(t, text, l.Runbook)
		require.Equal(t, "holdfast explain shop.timeout --service 'my shop.yaml'", l.Explain)
	}
}

// What showed nothing says what disturbed it, when and under what, the longest at least.
func TestWhatDisturbedIsSaid(t *testing.T) {
	s := experiment(step("shop.rate.sent", result.UnitPerS, 40, 10))
	s.Verdict = result.Inconclusive
	s.Validity = &result.Validity{Disturbances: []result.Disturbance{{FromS: -1, ToS: -0.9, Cause: "a"}, {FromS: 3, ToS: 3.1, Cause: "b"}, {FromS: 11, ToS: 14, Cause: "stood still"}, {FromS: 15, ToS: 16, Cause: "c"}, {FromS: 17, ToS: 18.5, Cause: "d"}}}
	s.Evidence = []result.Check{{Metric: "shop.delivered", Verdict: result.Inconclusive, Reason: "shop.delivered was 40 %"}, {Verdict: result.Pass}}
	a := answer([]judged{judgedOf(s, 0)})
	require.Equal(t, []Disturbed{
		{"11.0\u00a0s – 14.0\u00a0s, in inject, under refuse on pay", "stood still"}, {"15.0\u00a0s – 16.0\u00a0s, in inject, under refuse on pay", "c"}, {"17.0\u00a0s – 18.5\u00a0s, in inject, under refuse on pay", "d"},
		{"", "2\u00a0shorter disturbances more"}, {"", "shop.delivered was 40 %"},
	}, a.Disturbed)
	require.Contains(t, a.ToDo, "end what else runs")
	s.Error = "no port"
	require.Contains(t, unclear(judgedOf(s, 0)).ToDo, "mend what kept shop/outage")
}
