package replay_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/alerts/replay"
	"holdfast.dev/holdfast/alerts/rulefile"
	"holdfast.dev/holdfast/harness/scrapes"
)

// rules reads a file of rules.
func rules(t *testing.T, text string) *rulefile.File {
	t.Helper()
	f, err := rulefile.Read("rules.yml", []byte(text))
	require.NoError(t, err)
	return f
}

// every makes a page each second for so long; page returns "" where nobody answers.
func every(seconds int, page func(s int) string) *scrapes.Recording {
	rec := &scrapes.Recording{Head: scrapes.Head{Scenario: "a/b", Started: time.Unix(1_000_000, 0)}}
	for s := range seconds {
		p := scrapes.Page{AtS: float64(s), Instance: "web", Type: "text/plain", Text: page(s)}
		if p.Text == "" {
			p.Error = "connection refused"
		}
		rec.Pages = append(rec.Pages, p)
	}
	return rec
}

const down = `
groups:
  - name: a
    rules:
      - alert: Down
        expr: up == 0
        for: 2m
        labels: { severity: page }
      - alert: Errors
        expr: rate(errors_total[2m]) > 5
`

// A rule is pending, then fires, then is resolved: on a clock that runs 15 times faster a
// scrape each second is one each 15 s.
func TestAnAlertGoesThroughItsStates(t *testing.T) {
	rec := every(120, func(s int) string {
		if s >= 40 && s < 70 {
			return ""
		}
		return "errors_total 0\n"
	})
	out, err := replay.Play(t.Context(), rules(t, down), rec, replay.Config{Clock: replay.Clock{Factor: 15}, Interval: 30 * time.Second})
	require.NoError(t, err)
	require.Empty(t, out.Errors)
	got := out.Of("Down")
	require.Equal(t, map[string]string{"severity": "page", "instance": "web", "job": replay.DefaultJob}, got.Labels)
	require.Equal(t, []replay.Change{
		{At: 10 * time.Minute, State: replay.Pending}, {At: 12 * time.Minute, State: replay.Firing}, {At: 17*time.Minute + 30*time.Second, State: replay.Inactive},
	}, got.Changes)
	require.Equal(t, [][2]time.Duration{{12 * time.Minute, 17*time.Minute + 30*time.Second}}, got.Spans(replay.Firing, out.To))
	require.Empty(t, out.Of("Errors").Changes)
}

// So many a second are as many a second, however much faster the clock is.
func TestARateIsTheSameOnAFasterClock(t *testing.T) {
	rec := every(200, func(s int) string { return fmt.Sprintf("errors_total %d\n", 6*s) })
	for _, factor := range []float64{1, 15, 60} {
		out, err := replay.Play(t.Context(), rules(t, down), rec, replay.Config{Clock: replay.Clock{Factor: factor}, Interval: 15 * time.Second})
		require.NoError(t, err)
		require.NotEmpty(t, out.Of("Errors").Spans(replay.Firing, out.To), "with a factor of %g", factor)
		out, err = replay.Play(t.Context(), rules(t, down), rec, replay.Config{Clock: replay.Clock{Factor: factor, Once: []string{"errors_*"}}, Interval: 15 * time.Second})
		require.NoError(t, err)
		require.Equal(t, factor == 1, len(out.Of("Errors").Spans(replay.Firing, out.To)) > 0, "counted once, with a factor of %g", factor)
	}
}

// A page that says what type a metric is of is believed, and not the metric's name.
func TestWhatCountsIsWhatThePageSays(t *testing.T) {
	f := rules(t, `
groups:
  - name: a
    rules:
      - { alert: Gauge, expr: seats_total > 100 }
      - { alert: Counter, expr: bytes_sent > 100 }
      - { alert: Histogram, expr: wait_seconds_count > 100 }
      - { alert: Duration, expr: run_time_seconds > 100 }
`)
	page := "# TYPE seats_total gauge\nseats_total 5\n# TYPE bytes_sent counter\nbytes_sent 5\n# TYPE wait_seconds histogram\nwait_seconds_count 5\nrun_time_seconds 5\n"
	out, err := replay.Play(t.Context(), f, every(5, func(int) string { return page }), replay.Config{Clock: replay.Clock{Factor: 60}})
	require.NoError(t, err)
	fired := map[string]bool{}
	for _, one := range out.Timelines {
		fired[one.Alert] = len(one.Changes) > 0
	}
	require.Equal(t, map[string]bool{"Gauge": false, "Counter": true, "Histogram": true, "Duration": false}, fired)
}

// Ages are older and moments are moved; latencies stay.
func TestAgesAndMomentsFollowTheClock(t *testing.T) {
	f := rules(t, `
groups:
  - name: a
    rules:
      - { alert: Old, expr: queue_oldest_age_seconds > 100 }
      - { alert: Named, expr: waiting_for > 100 }
      - { alert: Silent, expr: time() - heartbeat_timestamp_seconds > 600 }
      - { alert: Latency, expr: latency_seconds > 100 }
`)
	rec := every(60, func(s int) string {
		beat := 1_000_000 + min(s, 30) // it stops
		return fmt.Sprintf("queue_oldest_age_seconds 2\nwaiting_for 2\nlatency_seconds 2\nheartbeat_timestamp_seconds %d\n", beat)
	})
	out, err := replay.Play(t.Context(), f, rec, replay.Config{Clock: replay.Clock{Factor: 60, Ages: []string{"waiting_*"}}, Interval: time.Minute})
	require.NoError(t, err)
	require.NotEmpty(t, out.Of("Old").Changes)
	require.NotEmpty(t, out.Of("Named").Changes)
	require.Empty(t, out.Of("Latency").Changes)
	silent := out.Of("Silent").Spans(replay.Firing, out.To)
	require.Len(t, silent, 1)
	require.InDelta(t, 41*60, silent[0][0].Seconds(), 61, "ten minutes after the last sign of life, at 30 minutes")
}

// What is not on the next page is gone at once, as Prometheus marks it, and not for
// another five minutes still there.
func TestWhatIsNotToldAnyMoreIsGone(t *testing.T) {
	f := rules(t, "groups: [ { name: a, rules: [ { alert: Gone, expr: 'up == 1 unless on (job, instance) depth' } ] } ]")
	rec := every(60, func(s int) string {
		if s >= 30 {
			return "other 1\n"
		}
		return "depth 1\n"
	})
	out, err := replay.Play(t.Context(), f, rec, replay.Config{Clock: replay.Clock{Factor: 15}, Interval: 15 * time.Second})
	require.NoError(t, err)
	require.Equal(t, []replay.Change{{At: 30 * 15 * time.Second, State: replay.Firing}}, out.Of("Gone").Changes)
}

func TestARuleThatCannotBeEvaluatedSaysWhy(t *testing.T) {
	f := rules(t, "groups: [ { name: a, rules: [ { alert: Twice, expr: a * on () b > 0 } ] } ]")
	rec := every(5, func(int) string { return "a 1\nb{x=\"1\"} 1\nb{x=\"2\"} 1\n" })
	out, err := replay.Play(t.Context(), f, rec, replay.Config{Clock: replay.Clock{Factor: 60}})
	require.NoError(t, err)
	require.Contains(t, out.Errors["Twice"], "many-to-many")
}

func TestBadClocksAndEmptyRecordingsAreRefused(t *testing.T) {
	f := rules(t, down)
	_, err := replay.Play(t.Context(), f, every(1, func(int) string { return "a 1\n" }), replay.Config{})
	require.ErrorContains(t, err, "factor")
	_, err = replay.Play(t.Context(), f, &scrapes.Recording{}, replay.Config{Clock: replay.Clock{Factor: 1}})
	require.ErrorContains(t, err, "no page")
	require.ErrorContains(t, replay.Clock{Factor: 1, Ages: []string{"["}}.Validate(), `"["`)
}

func TestQueriesAreAskedBesideTheRules(t *testing.T) {
	out, err := replay.Play(t.Context(), rules(t, down), every(20, func(s int) string { return fmt.Sprintf("errors_total{x=\"1\"} %d\nerrors_total{x=\"2\"} 1\n", s) }),
		replay.Config{Clock: replay.Clock{Factor: 15}, Queries: []string{"rate(errors_total[1m])", "nobody", "vector(1)"}})
	require.NoError(t, err)
	require.Equal(t, map[string]int{"rate(errors_total[1m])": 2, "nobody": 0, "vector(1)": 1}, out.Answers)
}

// A page that is no page is a scrape that failed.
func TestAPageThatCannotBeReadIsDown(t *testing.T) {
	out, err := replay.Play(t.Context(), rules(t, down), every(40, func(int) string { return "<html>\n" }), replay.Config{Clock: replay.Clock{Factor: 15}})
	require.NoError(t, err)
	require.NotEmpty(t, out.Of("Down").Spans(replay.Firing, out.To))
}
