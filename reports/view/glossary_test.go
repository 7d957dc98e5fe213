package view

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/result"
)

// What is linked is explained: each link of a view leads to a word of it that fits, and
// nothing is explained twice.
func TestTermsLeadToTheirWords(t *testing.T) {
	v := Of(sample(t, "mixed"))
	means := map[string]Word{}
	for _, w := range v.Words {
		require.NotContains(t, means, w.ID)
		require.NotEmpty(t, w.Means)
		means[w.ID] = w
	}
	require.Equal(t, "fail", means[v.VerdictWord].Term)
	require.Equal(t, "decisive check", means[v.DecisiveWord].Term)
	for _, tile := range v.Tiles[:7] {
		require.Equal(t, strings.ToLower(tile.Name), means[tile.Word].Term)
	}
	require.Equal(t, "search.sql-limit", means[v.Answer.Look[0].Word].Term)
	s := v.Scenarios[0]
	require.Equal(t, "search.sql-limit", means[s.Proves[0].Word].Term)
	require.Equal(t, "delay", means[s.Faults[0].Word].Term)
	require.Equal(t, "memory", means[s.Open[0].Word].Term)
	require.Equal(t, "latency", means[s.Open[1].Word].Term)
	require.Empty(t, s.Passed[0].Word, "what has no word has no link")
	require.Equal(t, result.WarmUp, means[s.Phases[0].Columns[0].Word].Term)
}

// What a metric is called elsewhere, and what only sounds like it, has no word.
func TestTheWordOfAMetric(t *testing.T) {
	streams := []result.Stream{{Name: "shop"}, {Name: "shop.pay", StepOf: "shop"}}
	for metric, want := range map[string]string{
		"shop.latency.p99": "latency", "shop.pay.latency.max": "latency", "shop.latency_from_send.p99": "", "shop.delay.p90": "", "mail.latency.p99": "",
		"shop.failed": "failed", "shop.pay.failed": "failed", "shop.failed_tasks": "", "ledger.failed_exhausted": "", "ledger.failed": "", "shop.rate.failed.max": "",
		"shop.delivered": "load delivered", "ledger.delivered": "", "shop.send_lag.p99": "send lag", "shop.errors.late_ok": "", "tasks.too_late": "",
		"shop.errors.shed_by_target": "refused in order", "shop.refused_ratio": "refused in order",
		"shop.in_flight.max": "in flight", "rates.most_in_flight": "in flight", "target.rss_peak.max": "memory", "web.rss": "memory", "harness.rss.max": "",
		"machine.memory_available.min": "", "target.unexpected_ends": "unexpected end", "rss": "memory", "": "",
	} {
		require.Equal(t, want, termOf(metric, streams), metric)
	}
}

func TestAGlossaryIsBounded(t *testing.T) {
	run := &result.Run{Scenarios: []result.Scenario{{}}}
	for range 1000 {
		run.Scenarios[0].Switches = append(run.Scenarios[0].Switches, result.Switch{Protection: strings.Repeat("x", len(run.Scenarios[0].Switches)), About: "y"})
	}
	require.Len(t, newGlossary(run).list, mostWords)
}

// Restarts, deaths, refusals in order and an open breaker are marked where they begin.
func TestWhatBeganIsMarked(t *testing.T) {
	s := experiment(step("shop.rate.shed_by_target", result.UnitPerS, 0, 20), step("pay.breaker_open", result.UnitCount, 0, 1), step("shop.rate.failed", result.UnitPerS, 0, 20), step("other.rate.shed_by_target", result.UnitPerS, 0, 0))
	s.Ends = []result.End{{StartS: 0, EndS: ptr(12.0), OOMKilled: true}, {StartS: 13}}
	var names []string
	for _, m := range marks(s) {
		names = append(names, at(m.At)+" "+m.Name)
	}
	require.Len(t, names, 4)
	require.Equal(t, "10.0\u00a0s shop refuses in order from here", names[0])
	require.Equal(t, "10.0\u00a0s pay.breaker_open is open", names[1])
	require.Contains(t, names[2], "12.0\u00a0s target killed")
	require.Equal(t, "13.0\u00a0s target started again", names[3])
}
