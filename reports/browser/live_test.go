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

// liveReport: the page of a run that goes on asks again by itself, until it has
// the final report; it asks for nothing but itself.
func liveReport(t *testing.T, browser context.Context) {
	server, err := live.Listen("127.0.0.1:0", func() (*result.Run, error) {
		run := passed(t)
		run.Complete, run.Verdict = false, ""
		last := &run.Scenarios[len(run.Scenarios)-1]
		last.Verdict, last.Reason, last.Checks, last.Evidence, last.Series = "", "", nil, nil, nil
		return run, nil
	})
	require.NoError(t, err)
	tick := func(at time.Duration) {
		n := int64(at / time.Millisecond)
		server.Tick(live.Moment{Scenario: "oracle/one-hangs", Phase: "inject", At: at, Of: 20 * time.Second, Streams: []live.Stream{{Name: "impact", Planned: n, Sent: n, OK: n}}})
	}
	tick(time.Second)
	tick(1500 * time.Millisecond)
	b := open(t, browser, server.URL(), desktop())
	require.True(t, strings.HasPrefix(eval[string](b, `document.title`), "RUNNING"))
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
		}, 20*time.Second, 200*time.Millisecond, expression)
	}
	until(`!!document.body && document.body.innerText.includes("2 000 sent".replace(" ", "\u00a0"))`)
	until(reader + "===" + strconv.Quote(asRead)) // drawn anew, it keeps what was unfolded and zoomed to
	shot, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
	require.NoError(t, err)
	b.keep("live.png", shot)
	require.NoError(t, server.Finish(t.Context(), passed(t)))
	until(`document.title.startsWith("PASS")`)
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, url := range b.requests {
		require.Equal(t, server.URL(), url)
	}
	require.GreaterOrEqual(t, len(b.requests), 3)
	require.Empty(t, b.said)
}
