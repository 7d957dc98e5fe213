package browser

import (
	"context"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/reports/live"
)

// liveReport: the page of a run that goes on fills by itself, without being loaded again,
// until it is the final report; it asks nobody but its own server.
func liveReport(t *testing.T, browser context.Context) {
	server, err := live.Listen("127.0.0.1:0", []string{"search/popular-term", "oracle/one-hangs", "task/later"}, func() (*result.Run, error) {
		run := passed(t)
		run.Complete, run.Verdict = false, ""
		last := &run.Scenarios[len(run.Scenarios)-1]
		last.Verdict, last.Reason, last.Checks, last.Evidence, last.Series = "", "", nil, nil, nil
		return run, nil
	})
	require.NoError(t, err)
	tick := func(at time.Duration) {
		n := int64(at / time.Millisecond)
		server.Tick(live.Moment{Scenario: "oracle/one-hangs", Phase: "inject", At: at, Of: 20 * time.Second, Faults: []string{"hang on github"}, Streams: []live.Stream{{Name: "impact", Planned: n, Sent: n, OK: n, Failed: 3, Late: 2}}})
	}
	tick(time.Second)
	tick(1500 * time.Millisecond)
	b := open(t, browser, server.URL(), desktop())
	require.True(t, strings.HasPrefix(eval[string](b, `document.title`), "RUNNING"))
	eval[bool](b, `!!(window.mark = 7)`)
	require.Equal(t, []string{"PASS", "RUNNING", "TO COME"}, eval[[]string](b, `[...document.querySelectorAll("tr[data-of] .badge")].map((n) => n.textContent.trim().slice(2)).sort()`))
	const reader = `[document.querySelector(".scenario details").open, document.querySelector(".scenario [aria-pressed=true]").textContent].join()`
	eval[bool](b, `document.querySelector(".scenario details").open = true`)
	eval[bool](b, `document.querySelectorAll(".scenario [data-zoom]")[1].click() || true`)
	asRead := eval[string](b, reader)
	require.Contains(t, asRead, "true,Zoom to: ")
	tick(2 * time.Second)
	until := func(expression string) {
		t.Helper()
		require.Eventually(t, func() bool {
			there, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool](expression))
			return err == nil && there // an error: the page is just being replaced
		}, 30*time.Second, 200*time.Millisecond, expression)
	}
	until(`!!document.body && document.body.innerText.includes("2 000 sent".replace(" ", "\u00a0"))`)
	until(reader + "===" + strconv.Quote(asRead)) // drawn anew, it keeps what was unfolded and zoomed to
	shot, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
	require.NoError(t, err)
	b.keep("live.png", shot)
	require.NoError(t, server.Finish(t.Context(), passed(t)))
	until(`document.title.startsWith("PASS")`)
	require.Equal(t, 1, eval[int](b, `performance.getEntriesByType("navigation").length`))
	require.True(t, eval[bool](b, `window.mark === 7`), "it was never loaded again")
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, url := range b.requests {
		require.Contains(t, []string{server.URL(), server.URL() + "events"}, url)
	}
	require.Empty(t, b.said)
}
