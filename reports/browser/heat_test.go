package browser

import (
	"context"
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// heats: the latencies over time are drawn within their panel, each cell as high as a
// bucket, with the limit over them; wide and narrow, light and dark, without scripts.
func heats(t *testing.T, browser context.Context) {
	without := desktop()
	without.noScript = true
	for _, l := range []look{desktop(), desktop().in("dark"), phone(), phone().in("dark"), without} {
		b := open(t, browser, golden(t, "mixed.html"), l)
		const plot = `[...document.querySelectorAll(".scenario .plot")].find((n) => n.querySelector(".heat"))`
		require.True(t, eval[bool](b, `!!(`+plot+`).querySelector(".limit")`))
		shades := eval[[]string](b, `[...(`+plot+`).querySelectorAll(".heat")].map((n) => getComputedStyle(n).stroke)`)
		require.Len(t, shades, 5)
		require.Len(t, unique(shades), 5, "each shade is its own")
		outside := eval[[]string](b, `(() => { const plot = `+plot+`, box = plot.getBoundingClientRect(); return [...plot.querySelectorAll(".heat")].map((n) => n.getBoundingClientRect()).filter((r) => r.width < 2 || r.left < box.left - 1 || r.right > box.right + 1 || r.top < box.top - 1 || r.bottom > box.bottom + 1).map((r) => JSON.stringify(r)) })()`)
		require.Empty(t, outside, l.String())
		shot, err := chromedp.Run(b.ctx, chromedp.Screenshot(chromedp.CSS(`.panel:has(.plot .heat)`)))
		require.NoError(t, err)
		b.keep(fmt.Sprintf("heat-%s-scripts-%t.png", l, !l.noScript), shot)
		b.quiet()
	}
}

func unique(all []string) map[string]bool {
	set := map[string]bool{}
	for _, one := range all {
		set[one] = true
	}
	return set
}
