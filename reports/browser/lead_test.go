package browser

import (
	"context"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"
)

// unclearScreen is the first screen of a run that showed nothing: what disturbed it, when,
// and what to do and to type.
func unclearScreen(t *testing.T, browser context.Context) {
	for _, l := range []look{desktop(), desktop().in("dark"), phone(), phone().in("dark")} {
		b := open(t, browser, golden(t, "unclear.html"), l)
		require.True(t, eval[bool](b, `new Promise((done) => setTimeout(() => done(scrollY === 0 && location.hash === ""), 200))`), "it begins at its top")
		require.Empty(t, eval[[]string](b, `[...document.querySelectorAll("h1, .answer p, .answer .again code")].filter((n) => n.getBoundingClientRect().bottom > 2 * innerHeight).map((n) => n.textContent)`), l.String())
		require.Contains(t, eval[string](b, `document.querySelector(".answer").textContent`), "the harness itself stood still for 3.5 s")
		shot, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
		require.NoError(t, err)
		b.keep("unclear-"+l.String()+".png", shot)
		b.quiet()
	}
}

// legends switch their lines off and on, by the pointer and by keys.
func legendsSwitch(t *testing.T, browser context.Context) {
	b := open(t, browser, golden(t, "mixed.html"), desktop())
	const line, button = `document.querySelector(".answer path[data-t]")`, `document.querySelector(".answer .key-button")`
	require.Equal(t, "true", eval[string](b, button+`.getAttribute("aria-pressed")`))
	b.do(chromedp.Click(chromedp.CSS(`.answer .key-button`)))
	require.Equal(t, "hidden", eval[string](b, `getComputedStyle(`+line+`).visibility`))
	require.Equal(t, "false", eval[string](b, button+`.getAttribute("aria-pressed")`))
	b.do(chromedp.KeyEvent(kb.Enter))
	require.Equal(t, "visible", eval[string](b, `getComputedStyle(`+line+`).visibility`))
	b.quiet()
}

// indexed: a wide screen has an index at its side that leads to each scenario; a term leads
// to what it means.
func indexed(t *testing.T, browser context.Context) {
	wide := desktop()
	wide.width = 1700
	b := open(t, browser, golden(t, "mixed.html"), wide)
	require.True(t, eval[bool](b, `(() => { const n = document.querySelector(".index").getBoundingClientRect(), m = document.querySelector("main").getBoundingClientRect(); return n.left >= m.right && n.right <= innerWidth })()`), "beside the page, not over it")
	b.do(chromedp.Click(chromedp.CSS(`.index a[href="#s5"]`)))
	require.True(t, eval[bool](b, `new Promise((done) => setTimeout(() => done(document.querySelector("#s5 .unfold").open), 200))`), "it unfolds what it leads to")
	term := eval[string](b, `document.querySelector(".tiles a").hash`)
	require.Equal(t, "load delivered", eval[string](b, `document.querySelector("`+term+` dt").textContent`))
	b.do(chromedp.Click(chromedp.CSS(`.tiles a`)))
	require.True(t, eval[bool](b, `new Promise((done) => setTimeout(() => { const r = document.querySelector("`+term+`").getBoundingClientRect(); done(r.height > 0 && r.top < innerHeight); }, 300))`), "it is unfolded and in sight")
	require.Equal(t, 0, eval[int](open(t, browser, golden(t, "mixed.html"), desktop()), `document.querySelector(".index").getClientRects().length`), "there is no room for it at 1280")
}

// twoRuns of a comparison lie over each other on one axis, and the page begins at its top.
func twoRuns(t *testing.T, browser context.Context) {
	b := open(t, browser, golden(t, "comparison-worse.html"), desktop())
	require.Zero(t, eval[float64](b, `scrollY`))
	require.Equal(t, 2, eval[int](b, `document.querySelector(".charts .plot").querySelectorAll("path[data-t]").length`))
	p := b.boxOf(".charts .plot", 0)
	before := eval[[]legend](b, legends)
	b.mouse(chromedp.MouseMoved, p.X+p.W/2, p.Y+p.H/2)
	require.NotEqual(t, before, eval[[]legend](b, legends), "both are read")
	b.quiet()
}
