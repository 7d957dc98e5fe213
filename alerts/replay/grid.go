package replay

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"

	"holdfast.dev/holdfast/alerts/rulefile"
	"holdfast.dev/holdfast/harness/scrapes"
)

// Grid is a recording as series of equal steps, on the rules' clock.
type Grid struct {
	Step   time.Duration
	Series []Series // in the order of their labels
}

// Series has a value for each step of its grid; NaN: none.
type Series struct {
	Labels labels.Labels // with its name, job and instance
	Values []float64
}

// Sampled puts what was recorded of some metrics, and up, on a grid: at each step stands
// what the scrape before it told.
func Sampled(rec *scrapes.Recording, c Clock, step time.Duration, of map[string]bool) (*Grid, error) {
	if len(rec.Pages) == 0 {
		return nil, fmt.Errorf("%s: no page was recorded", rec.Scenario)
	}
	last := c.moment(rec.Pages[len(rec.Pages)-1].AtS).Sub(c.zero())
	steps := int(last/step) + 1
	g := &Grid{Step: step}
	byLabels := map[uint64]int{}
	put := func(l labels.Labels, from int, v float64) {
		i, there := byLabels[l.Hash()]
		if !there {
			i = len(g.Series)
			byLabels[l.Hash()] = i
			s := Series{Labels: l, Values: make([]float64, steps)}
			for n := range s.Values {
				s.Values[n] = math.NaN()
			}
			g.Series = append(g.Series, s)
		}
		g.Series[i].Values[from] = v
	}
	s := &store{clock: c, job: DefaultJob}
	for n := range steps {
		for _, p := range latest(rec.Pages, c, time.Duration(n)*step) {
			up := 0.0
			if p.Error == "" {
				samples, err := ParsePage(p.Text, p.Type)
				if err == nil {
					up = 1
				} else {
					samples = nil
				}
				for _, one := range samples {
					if name := one.Name(); of[name] {
						put(s.labelled(one.Labels, p.Instance), n, c.value(c.kindOf(name, one.Type), one.Value, rec.Started))
					}
				}
			}
			if of["up"] {
				put(s.labelled(labels.FromStrings(model.MetricNameLabel, "up"), p.Instance), n, up)
			}
		}
	}
	slices.SortFunc(g.Series, func(a, b Series) int { return labels.Compare(a.Labels, b.Labels) })
	return g, nil
}

// latest is of each program the last page at or before a moment since the zero, or where
// there is none yet its first.
func latest(pages []scrapes.Page, c Clock, at time.Duration) []scrapes.Page {
	var all []scrapes.Page
	index := map[string]int{}
	for _, p := range pages {
		i, there := index[p.Instance]
		switch when := c.moment(p.AtS).Sub(c.zero()); {
		case !there:
			index[p.Instance] = len(all)
			all = append(all, p)
		case when <= at:
			all[i] = p
		}
	}
	return all
}

// PlaySeries plays a grid through the rules of a file, as [Play] does a recording. The
// grid has job and instance, and is on the rules' clock already.
func PlaySeries(ctx context.Context, f *rulefile.File, g *Grid, c Config) (*Replay, error) {
	rec := &scrapes.Recording{Head: scrapes.Head{Scenario: "grid"}}
	if len(g.Series) == 0 {
		return nil, fmt.Errorf("nothing was recorded that the rules of %s select", f.Name)
	}
	for n := range g.Series[0].Values {
		var b strings.Builder
		for _, s := range g.Series {
			if v := s.Values[n]; !math.IsNaN(v) {
				fmt.Fprintf(&b, "%s %v\n", exposition(s.Labels), v)
			}
		}
		rec.Pages = append(rec.Pages, scrapes.Page{AtS: float64(n) * g.Step.Seconds(), Instance: "grid", Type: "text/plain", Text: b.String()})
	}
	c.asTold = true
	return Play(ctx, f, rec, c)
}

// exposition is a series as a line of a metrics page begins.
func exposition(l labels.Labels) string {
	name := l.Get(model.MetricNameLabel)
	rest := labels.NewBuilder(l).Del(model.MetricNameLabel).Labels()
	return name + rest.String()
}
