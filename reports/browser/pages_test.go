package browser

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// must makes a list of the tests' assertions short: the error was asserted.
func must(any) {}

func call[P, R any](b *tab, command cdp.Command[P, R], params P) R {
	b.t.Helper()
	r, err := chromedp.Call(b.ctx, command, params)
	require.NoError(b.t, err)
	return r
}

func pages() []string {
	return []string{"mixed.html", "passed.html", "partial.html", "unclear.html", "empty.html", "hostile.html", "reevaluated.html",
		"comparison-worse.html", "comparison-hostile.html", "comparison-nothing.html", "history-nightly.html", "history-hostile.html", "history-none.html"}
}

// One browser for all: to start one takes longer than any of the tests.
func TestInChromium(t *testing.T) {
	browser := start(t)
	t.Run("the audit finds", func(t *testing.T) { auditFinds(t, browser) })
	t.Run("every page", func(t *testing.T) { everyPage(t, browser) })
	t.Run("served", func(t *testing.T) { served(t, browser) })
	t.Run("first screen", func(t *testing.T) { firstScreen(t, browser) })
	t.Run("unclear", func(t *testing.T) { unclearScreen(t, browser) })
	t.Run("legends", func(t *testing.T) { legendsSwitch(t, browser) })
	t.Run("indexed", func(t *testing.T) { indexed(t, browser) })
	t.Run("two runs", func(t *testing.T) { twoRuns(t, browser) })
	t.Run("read-out", func(t *testing.T) { readOut(t, browser) })
	t.Run("short", func(t *testing.T) { short(t, browser) })
	t.Run("found", func(t *testing.T) { found(t, browser) })
	t.Run("three hundred", func(t *testing.T) { threeHundred(t, browser) })
	t.Run("painted", func(t *testing.T) { painted(t, browser) })
	t.Run("heats", func(t *testing.T) { heats(t, browser) })
	t.Run("zoom", func(t *testing.T) { zoom(t, browser) })
	t.Run("keys", func(t *testing.T) { keys(t, browser) })
	t.Run("hostile", func(t *testing.T) { hostile(t, browser) })
	t.Run("blocked", func(t *testing.T) { blocked(t, browser) })
	t.Run("no script", func(t *testing.T) { noScript(t, browser) })
	t.Run("live", func(t *testing.T) { liveReport(t, browser) })
	t.Run("big", func(t *testing.T) { big(t, browser) })
	t.Run("print", func(t *testing.T) { printed(t, browser) })
}

// everyPage loads each page in each look, scrolls through it, and audits it.
func everyPage(t *testing.T, browser context.Context) {
	audit, err := os.ReadFile("audit.js")
	require.NoError(t, err)
	narrow := phone()
	narrow.width = 320
	zoomed := desktop()
	zoomed.width, zoomed.height = 640, 422 // 1280 px at 200 %
	forced := desktop()
	forced.contrast = true
	for _, name := range pages() {
		looks := []look{desktop(), desktop().in("dark"), phone(), phone().in("dark"), narrow}
		if name == "mixed.html" {
			looks = append(looks, zoomed, forced)
		}
		for _, l := range looks {
			t.Run(name+" "+l.String(), func(t *testing.T) {
				b := open(t, browser, golden(t, name), l)
				must(eval[int](b, `(() => { for (let y = 0; y < document.body.scrollHeight; y += innerHeight) { scrollTo(0, y); } scrollTo(0, 0); return 0 })()`))
				if !l.contrast { // those colours are the system's own
					require.Empty(t, eval[[]string](b, string(audit)))
				}
				names(b)
				b.quiet()
				if strings.HasPrefix(name, "mixed") || strings.Contains(name, "-") && l == desktop() {
					shot, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
					require.NoError(t, err)
					b.keep(strings.TrimSuffix(name, ".html")+"-"+l.String()+".png", shot)
				}
			})
		}
	}
}

// names asserts that what a screen reader stops at has a name.
func names(b *tab) {
	b.t.Helper()
	tree := call(b, accessibility.GetFullAXTree, accessibility.GetFullAXTreeParams{})
	text := func(v *accessibility.Value) string {
		if v == nil {
			return ""
		}
		return strings.Trim(string(v.Value), `"`)
	}
	for _, n := range tree.Nodes {
		switch role := text(n.Role); role {
		case "image", "img", "slider", "button", "link", "region":
			require.True(b.t, n.Ignored || strings.TrimSpace(text(n.Name)) != "", "a %s has no name", role)
		}
	}
}

// served is the same from a web server: as CI shows an artefact.
func served(t *testing.T, browser context.Context) {
	page, err := os.ReadFile("../testdata/mixed.html")
	require.NoError(t, err)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write(page)
	}))
	defer server.Close()
	b := open(t, browser, server.URL+"/report.html", desktop())
	require.Contains(t, eval[string](b, `document.title`), "FAIL")
	b.quiet()
}

// firstScreen is what is seen without scrolling: the verdict and why, the chart of
// what broke, what else moved then, where to look, and what to type.
func firstScreen(t *testing.T, browser context.Context) {
	for _, l := range []look{desktop(), phone()} {
		t.Run(l.String(), func(t *testing.T) {
			b := open(t, browser, golden(t, "mixed.html"), l)
			below := eval[[]string](b, fmt.Sprintf(`(() => { const must = [...document.querySelectorAll("h1, .verdict .sentence, .answer p, .answer .plot, .answer li b")].filter((n) => n.getBoundingClientRect().height); return must.filter((n) => n.getBoundingClientRect().bottom > %d).map((n) => n.textContent.trim().slice(0, 60) + " ends at " + n.getBoundingClientRect().bottom) })()`, l.height))
			require.Empty(t, below, "not on the first screen")
			require.Equal(t, 4, eval[int](b, `[".answer .plot", ".answer .again code", ".answer .limit", ".answer .mark.bad"].filter((q) => document.querySelector(q)).length`))
			shot, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
			require.NoError(t, err)
			b.keep("first-screen-"+l.String()+".png", shot)
		})
	}
}

// noScript: charts are there, and what would do nothing is not.
func noScript(t *testing.T, browser context.Context) {
	l := desktop()
	l.noScript = true
	b := open(t, browser, golden(t, "mixed.html"), l)
	shot, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
	require.NoError(t, err)
	b.keep("no-script.png", shot)
	require.Zero(t, eval[int](b, `[...document.querySelectorAll(".controls,.scrub")].filter((n) => n.offsetParent).length`))
	require.Greater(t, eval[int](b, `[...document.querySelectorAll("path.l")].filter((n) => n.getBoundingClientRect().width > 0).length`), 20)
	b.quiet()
}

// A guard that can't fail is a defect: the audit finds what is wrong with a page
// that has it all wrong.
func auditFinds(t *testing.T, browser context.Context) {
	audit, err := os.ReadFile("audit.js")
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "bad.html")
	require.NoError(t, os.WriteFile(path, []byte(`<!DOCTYPE html><html><body><h1>a</h1><h1>b</h1><h3>c</h3><p id="x">d</p><p id="x">e</p>
		<a href="#nowhere">f</a><table><tr><th>g</th></tr></table><button style="height:12px">h</button><p style="color:#999">pale</p>
		<svg width="99" height="9"><path class="l" d="M0 5h90" stroke="#ddd"/><text y="8" font-size="8">i</text></svg><div style="width:3000px">wide</div></body></html>`), 0o600))
	b := open(t, browser, "file://"+path, desktop())
	found := strings.Join(eval[[]string](b, string(audit)), "\n")
	for _, want := range []string{"id twice: x", "dead link", "h1: 2", "heading jumps", "no scope", "no language", "under 24 px", "scrolls sideways", "contrast 2.85 < 4.5: text p", "stroke path", "chart text under 12 px"} {
		require.Contains(t, found, want)
	}
}
