package lint

import (
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"holdfast.dev/holdfast/alerts/replay"
	"holdfast.dev/holdfast/alerts/rulefile"
	"holdfast.dev/holdfast/nearest"
)

// names are the metrics that rules can name: those of the page, those that rules record,
// and those that Prometheus adds.
type names struct {
	series map[string][]labels.Labels // of the page, by metric
	told   map[string]bounds          // the least and the most that the page has, by metric
	types  map[string]model.MetricType
	made   map[string]bool        // by rules and by Prometheus
	rules  map[string]parser.Expr // that record, by what they record
}

// added are the series that Prometheus itself adds to each scrape, and those of alerts.
func added() []string {
	return []string{"up", "scrape_duration_seconds", "scrape_samples_scraped", "scrape_samples_post_metric_relabeling", "scrape_series_added", "ALERTS", "ALERTS_FOR_STATE"}
}

func namesOf(f *rulefile.File, page []replay.Sample) names {
	n := names{series: map[string][]labels.Labels{}, told: map[string]bounds{}, types: map[string]model.MetricType{}, made: map[string]bool{}, rules: map[string]parser.Expr{}}
	for _, s := range page {
		name := s.Name()
		b, there := n.told[name]
		if !there {
			b = bounds{math.Inf(1), math.Inf(-1)}
		}
		n.told[name] = bounds{min(b.lo, s.Value), max(b.hi, s.Value)}
		n.series[name], n.types[name] = append(n.series[name], s.Labels), s.Type
	}
	for _, name := range added() {
		n.made[name] = true
	}
	for _, g := range f.Groups {
		for _, r := range g.Rules {
			if r.Record != "" {
				n.made[r.Record], n.rules[r.Record] = true, r.Expr
			}
		}
	}
	return n
}

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// metrics looks at whether what the rule selects is there.
func (l *linter) metrics() {
	for _, v := range rulefile.Selectors(l.rule.Expr) {
		metric := rulefile.Metric(v)
		if metric == "" || l.names.made[metric] {
			continue
		}
		series := l.names.series[metric]
		if len(series) == 0 {
			l.add(Error, "metric", "it names %s, which the service does not tell%s", metric, nearest.Hint(metric, sorted(l.names.series)))
			continue
		}
		l.labels(v, metric, series)
	}
}

// labels looks at whether some series has what the selector asks for.
func (l *linter) labels(v *parser.VectorSelector, metric string, series []labels.Labels) {
	for _, m := range v.LabelMatchers {
		switch {
		case m.Name == model.MetricNameLabel, m.Name == model.JobLabel, m.Name == model.InstanceLabel, m.Matches(""):
			continue
		case !slices.ContainsFunc(series, func(s labels.Labels) bool { return s.Has(m.Name) }):
			l.add(Error, "label", "no series of %s has a label %s, by which it is selected", metric, m.Name)
		case !slices.ContainsFunc(series, func(s labels.Labels) bool { return s.Has(m.Name) && m.Matches(s.Get(m.Name)) }):
			l.add(Warning, "label", "no series of %s has %s yet: those that there are have %s", metric, m, valuesOf(series, m.Name))
		}
	}
}

func valuesOf(series []labels.Labels, label string) string {
	all := map[string]bool{}
	for _, s := range series {
		all[s.Get(label)] = true
	}
	return strings.Join(sorted(all), ", ")
}

// topBound is the greatest finite bound of a histogram's buckets; NaN where there is none.
func (n names) topBound(bucket string) float64 {
	top := math.NaN()
	for _, s := range n.series[bucket] {
		if v, err := strconv.ParseFloat(s.Get(model.BucketLabel), 64); err == nil && !math.IsInf(v, 0) && !(v <= top) {
			top = v
		}
	}
	return top
}
