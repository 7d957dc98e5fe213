package matrix

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/prometheus/common/model"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/scrapes"
)

// fewestPages are how many pages must have been read for anything to be shown by them.
const fewestPages = 10

// good is how many pages were read: what failed is none.
func good(p played) (n int) {
	for _, page := range p.Scrapes.Pages {
		if page.Error == "" {
			n++
		}
	}
	return n
}

// evidence is that enough pages were read, to the end.
func evidence(p played) result.Check {
	n := float64(good(p))
	c := result.Check{Name: "scrapes were recorded", Metric: "scrapes", Op: ">=", Threshold: fewestPages, Unit: result.UnitCount, Value: &n, Samples: int64(n), Verdict: result.Pass, Reason: fmt.Sprintf("%.0f pages", n)}
	switch {
	case p.Scrapes.Torn != "":
		c.Verdict, c.Reason = result.Inconclusive, "the recording is not whole: "+p.Scrapes.Torn
	case n < c.Threshold:
		c.Verdict, c.Reason = result.Inconclusive, fmt.Sprintf("%.0f pages were read, fewer than %d", n, fewestPages)
	}
	return c
}

// lookback is how long Prometheus takes the last value of a series for its value.
const lookback = 5 * time.Minute

// uneasy is why a recording does not show that nothing was wrong; empty: it does. That the
// experiment itself was inconclusive, as when its load was a little late, is no such reason:
// what calm needs is that the pages are whole, without a gap in which nobody looked.
func uneasy(p played, factor float64) string {
	switch n := good(p); {
	case p.Scrapes.Torn != "":
		return "the recording is not whole: " + p.Scrapes.Torn
	case p.Scenario.Verdict == result.NotExercised:
		return "nothing was tried: " + p.Scenario.Reason
	case p.Scenario.Verdict == result.Fail:
		return "the service was not as it should be: " + p.Scenario.Reason
	case n < fewestPages:
		return fmt.Sprintf("%d pages were read, fewer than %d", n, fewestPages)
	}
	program, gap := longestGap(p.Scrapes.Pages)
	if on := result.Seconds(gap * factor); on > lookback {
		return fmt.Sprintf("no page of %s was read for %s, longer than %s", program, model.Duration(on.Round(time.Second)), model.Duration(lookback))
	}
	return ""
}

// longestGap is the longest time of the recording in which no page of a program was read,
// in seconds on the recording's clock, and whose it was.
func longestGap(pages []scrapes.Page) (program string, gap float64) {
	last := map[string]float64{} // by program, when its page was last read
	first, end := math.Inf(1), math.Inf(-1)
	for _, page := range pages {
		first, end = min(first, page.AtS), max(end, page.AtS)
	}
	look := func(name string, at float64) {
		if at-last[name] > gap {
			program, gap = name, at-last[name]
		}
		last[name] = at
	}
	for _, page := range pages {
		if _, known := last[page.Instance]; !known {
			last[page.Instance] = first
		}
	}
	inOrder := slices.SortedStableFunc(slices.Values(pages), func(a, b scrapes.Page) int { return cmp.Compare(a.AtS, b.AtS) })
	for _, page := range inOrder {
		if page.Error == "" {
			look(page.Instance, page.AtS)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(last)) {
		look(name, end)
	}
	return program, gap
}
