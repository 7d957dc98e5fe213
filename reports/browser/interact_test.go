package browser

import (
	"context"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/result"
)

// passed is the run of passed.html.
func passed(t *testing.T) *result.Run {
	t.Helper()
	f, err := os.Open("../testdata/passed.json")
	require.NoError(t, err)
	defer f.Close()
	run, err := result.Read(f)
	require.NoError(t, err)
	return run
}

// unfold opens all scenarios.
func (b *tab) unfold() {
	b.t.Helper()
	eval[bool](b, `[...document.querySelectorAll(".unfold")].every((d) => d.open = true)`)
}

// legend is one line of a chart as the reader sees it.
type legend struct{ Name, Read string }

const legends = `[...document.querySelector(".charts").querySelectorAll(".panel li")].filter((n) => n.querySelector(".read")).map((n) => ({Name: n.querySelector("bdi").textContent, Read: n.querySelector(".read").textContent}))`

// readOut: the pointer at half of the first chart shows, in all panels, the
// value that the source has there.
func readOut(t *testing.T, browser context.Context) {
	b := open(t, browser, golden(t, "passed.html"), desktop())
	b.unfold()
	before := eval[[]legend](b, legends)
	first := b.boxOf(".charts .plot", 0)
	b.mouse(chromedp.MouseMoved, first.X+first.W/2, first.Y+first.H/2)
	after := eval[[]legend](b, legends)
	require.NotEqual(t, before, after)
	name := eval[string](b, `document.querySelector(".charts").closest(".scenario").querySelector("h2 bdi").textContent`)
	span := eval[[]float64](b, `[Number(document.querySelector(".charts").dataset.from), Number(document.querySelector(".charts").dataset.to)]`)
	at := (span[0] + span[1]) / 2
	checked := 0
	for _, s := range passed(t).Scenarios {
		if s.Name != name {
			continue
		}
		for _, l := range after {
			for _, series := range s.Series {
				if series.Name == l.Name || strings.HasSuffix(series.Name, "."+l.Name) {
					want := nearest(series, at)
					require.InDelta(t, want, number(t, l.Read), 0.02*math.Abs(want), "%s at %v s reads %s", series.Name, at, l.Read)
					checked++
				}
			}
		}
		require.Equal(t, len(s.Series), checked, "every series is read")
	}
	b.mouse(chromedp.MouseMoved, 5, 5)
	require.Equal(t, before, eval[[]legend](b, legends), "the peaks are back when the pointer leaves")
	b.quiet()
}

func nearest(s result.Series, at float64) float64 {
	best := 0
	for i := range s.T {
		if math.Abs(s.T[i]-at) < math.Abs(s.T[best]-at) {
			best = i
		}
	}
	return s.V[best]
}

// number reads what result.Format wrote.
func number(t *testing.T, text string) float64 {
	t.Helper()
	factor := 1.0
	for suffix, f := range map[string]float64{"\u00a0GB": 1e9, "\u00a0MB": 1e6, "\u00a0kB": 1e3, "\u00a0ms": 1, "/s": 1} {
		if rest, ok := strings.CutSuffix(text, suffix); ok {
			text, factor = rest, f
		}
	}
	v, err := strconv.ParseFloat(strings.ReplaceAll(text, "\u00a0", ""), 64)
	require.NoError(t, err)
	return v * factor
}

const boxes = `[...new Set([...document.querySelector(".charts").querySelectorAll("svg.data")].map((n) => n.getAttribute("viewBox")))]`

// zoom: a drag in one panel zooms all alike; Esc and the button bring the whole
// run back; the other scenario stays as it is.
func zoom(t *testing.T, browser context.Context) {
	b := open(t, browser, golden(t, "passed.html"), desktop())
	b.unfold()
	whole := eval[[]string](b, boxes)
	require.Len(t, whole, 1)
	p := b.boxOf(".charts .plot", 1)
	y := p.Y + p.H/2
	b.mouse(chromedp.MousePressed, p.X+0.4*p.W, y)
	for _, at := range []float64{0.45, 0.5, 0.55, 0.6} {
		b.mouse(chromedp.MouseMoved, p.X+at*p.W, y)
	}
	b.mouse(chromedp.MouseReleased, p.X+0.6*p.W, y)
	zoomed := eval[[]string](b, boxes)
	require.Len(t, zoomed, 1, "all panels alike")
	require.NotEqual(t, whole, zoomed)
	fields := strings.Fields(zoomed[0])
	width, err := strconv.ParseFloat(fields[2], 64)
	require.NoError(t, err)
	full, err := strconv.ParseFloat(strings.Fields(whole[0])[2], 64)
	require.NoError(t, err)
	require.InDelta(t, 0.2, width/full, 0.01, "a fifth of the run")
	require.NotEqual(t, zoomed, eval[[]string](b, strings.Replace(boxes, `document.querySelector(".charts")`, `document.querySelectorAll(".charts")[1]`, 1)))
	b.do(chromedp.KeyEvent(kb.Escape))
	require.Equal(t, whole, eval[[]string](b, boxes))
	b.do(chromedp.Click(chromedp.CSS(`.charts button[aria-pressed="false"]`)))
	require.NotEqual(t, whole, eval[[]string](b, boxes), "zoom to the fault")
	require.Equal(t, "true", eval[string](b, `document.activeElement.getAttribute("aria-pressed")`))
	b.quiet()
}

// keys: everything can be done without a pointer, and one sees where one is.
func keys(t *testing.T, browser context.Context) {
	b := open(t, browser, golden(t, "passed.html"), desktop())
	b.unfold()
	b.do(chromedp.KeyEvent(kb.Tab))
	require.Equal(t, "skip", eval[string](b, `document.activeElement.className`), "the first stop skips to the scenarios")
	require.GreaterOrEqual(t, eval[float64](b, `document.activeElement.getBoundingClientRect().x`), 0.0, "it is seen")
	b.do(chromedp.KeyEvent(kb.Enter))
	require.Equal(t, "scenarios", eval[string](b, `document.activeElement.id`))

	stops := 0
	for ; stops < 60 && eval[string](b, `document.activeElement.type || ""`) != "range"; stops++ {
		b.do(chromedp.KeyEvent(kb.Tab))
		require.NotEqual(t, "none", eval[string](b, `getComputedStyle(document.activeElement).outlineStyle`), "the focus is seen")
	}
	require.Less(t, stops, 60, "the slider is reached")
	const value, said = `Number(document.activeElement.value)`, `document.activeElement.getAttribute("aria-valuetext")`
	first, words := eval[float64](b, value), eval[string](b, said)
	b.do(chromedp.KeyEvent(kb.ArrowRight))
	second := eval[float64](b, value)
	require.Greater(t, second, first)
	require.NotEqual(t, words, eval[string](b, said), "what is read is said")
	b.do(chromedp.KeyEvent(kb.PageUp))
	require.Greater(t, eval[float64](b, value), second)
	require.Regexp(t, `^[\d.]+\x{a0}s, .*p50 .*; .*p99`, eval[string](b, said))
	b.do(chromedp.KeyEvent(kb.Escape))
	b.quiet()
}

// hostile: text from a target runs nothing, also when it is hovered and zoomed.
func hostile(t *testing.T, browser context.Context) {
	b := open(t, browser, golden(t, "hostile.html"), desktop())
	const headings = `[...document.querySelectorAll("h1,h2,h3")].map((n) => n.tagName).join(" ")`
	before := eval[string](b, headings)
	n := eval[int](b, `document.querySelectorAll(".plot").length`)
	require.Positive(t, n)
	for i := range min(n, 6) {
		p := b.boxOf(".plot", i)
		b.mouse(chromedp.MouseMoved, p.X+p.W/3, p.Y+p.H/2)
	}
	b.do(chromedp.Click(chromedp.CSS(`.charts button[aria-pressed="false"]`)), chromedp.KeyEvent(kb.Escape))
	require.Equal(t, before, eval[string](b, headings))
	require.Zero(t, eval[int](b, `document.querySelectorAll("img,iframe,object,embed").length`))
	b.quiet()
}

// blocked: what an attacker would try, should text ever get through, is stopped
// by the policy. These are controls: without the policy each would succeed.
func blocked(t *testing.T, browser context.Context) {
	b := open(t, browser, golden(t, "mixed.html"), desktop())
	tried := eval[map[string]bool](b, `(async () => {
		const out = {}, seen = [];
		document.addEventListener("securitypolicyviolation", (e) => seen.push(e.violatedDirective));
		const attempt = async (name, f) => { const n = seen.length; let threw = false; try { await f(); } catch { threw = true; } await new Promise((r) => setTimeout(r, 50)); out[name] = threw || seen.length > n; };
		await attempt("script", () => { const s = document.createElement("script"); s.textContent = "window.ran = 1"; document.body.append(s); });
		await attempt("handler", () => { const d = document.createElement("div"); d.setAttribute("onclick", "window.ran = 1"); document.body.append(d); d.click(); });
		await attempt("style", () => { const d = document.createElement("div"); d.setAttribute("style", "color: red"); document.body.append(d); });
		await attempt("image", () => new Promise((r) => { const i = new Image(); i.onload = i.onerror = r; i.src = "http://127.0.0.1:9/x.png"; }));
		await attempt("fetch", () => fetch("http://127.0.0.1:9/x"));
		await attempt("innerHTML", () => { document.body.innerHTML = "<b>x</b>"; });
		await attempt("eval", () => { (0, window.eval)("window.ran = 1"); });
		out["nothing ran"] = window.ran === undefined;
		return out;
	})()`)
	require.Len(t, tried, 8)
	for name, stopped := range tried {
		require.True(t, stopped, name)
	}
}
