package reevaluate

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"
	"strings"

	hdr "github.com/HdrHistogram/hdrhistogram-go"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/result/latency"
	"holdfast.dev/holdfast/harness/verdict"
)

// metric is what a file has of a metric that the run did not judge.
type metric struct {
	unit    string
	timed   bool
	needs   int64 // samples
	reading verdict.Reading
}

// percentileOf reads latency.p99 and the like: the numbers that a phase has, or any
// percentile of one phase or of all after the warm-up from the histograms behind
// them. ok is false when name is no such metric.
func percentileOf(st result.Stream, name, phase string) (m metric, ok bool, err error) {
	which, word, _ := strings.Cut(name, ".")
	d, ok := distributionOf(which)
	if !ok {
		return metric{}, false, nil
	}
	p, named := verdict.PercentileOf(word)
	percent, some := percentOf(word)
	if !named && !some {
		return metric{}, false, nil
	}
	spans, err := spansOf(st, phase)
	if err != nil {
		return metric{}, true, err
	}
	m = metric{unit: result.UnitMS, timed: true, needs: p.Needs}
	h, err := merged(spans, d)
	q := latency.Completed(d.Of(spans[0].Counts), d.Histogram(spans[0].Histograms))
	older := named && q != nil && p.Of(*q) == nil // was not measured when it was written
	switch {
	case named && phase != "" && !older: // the file has it, whether or not it has what is behind it
		m.reading = p.Read(q)
	case err != nil:
		return metric{}, true, err
	case named:
		m.reading = p.Read(latency.Quantiles(h))
	default:
		m.needs = verdict.SamplesFor(percent)
		if h != nil {
			m.reading = verdict.Reading{Value: latency.Percentile(h, percent), Samples: h.TotalCount()}
		}
	}
	if h != nil && m.reading.Samples < m.needs && (!named || p.Percent > 0) {
		least := latency.Least(h, cmp.Or(p.Percent, percent), max(m.needs, planned(spans)))
		m.reading.Least = &least
	}
	return m, true, nil
}

func planned(spans []result.StreamPhase) (n int64) {
	for _, s := range spans {
		n += s.Planned
	}
	return n
}

func distributionOf(name string) (verdict.Distribution, bool) {
	for _, d := range verdict.Distributions() {
		if d.Name == name {
			return d, true
		}
	}
	return verdict.Distribution{}, false
}

// percentOf reads p95 or p99_95.
func percentOf(word string) (float64, bool) {
	digits, ok := strings.CutPrefix(word, "p")
	if !ok || strings.Trim(digits, "0123456789_") != "" || strings.Count(digits, "_") > 1 {
		return 0, false
	}
	v, err := strconv.ParseFloat(strings.Replace(digits, "_", ".", 1), 64)
	return v, err == nil && v > 0 && v < 100
}

// spansOf are the phases that a limit speaks of; the empty name is all that follow
// the warm-up, as in the run itself.
func spansOf(st result.Stream, phase string) ([]result.StreamPhase, error) {
	var spans []result.StreamPhase
	for _, p := range st.Phases {
		if p.Phase == phase || phase == "" && p.Phase != result.WarmUp {
			spans = append(spans, p)
		}
	}
	if len(spans) == 0 {
		return nil, fmt.Errorf("the phase %s did not take place", phase)
	}
	return spans, nil
}

// merged is the distribution of some phases together, nil where nothing was
// measured. A file of an older version has no histograms by phase.
func merged(spans []result.StreamPhase, d verdict.Distribution) (*hdr.Histogram, error) {
	var all *hdr.Histogram
	for _, p := range spans {
		q := d.Of(p.Counts)
		if q == nil || q.N == 0 {
			continue
		}
		h, err := latency.Decode(d.Histogram(p.Histograms))
		if err != nil {
			return nil, err
		}
		if h == nil || h.TotalCount() != q.N {
			return nil, errors.New("the file has no histograms by phase: name a phase, and one of p50, p90, p99, p99_9, max, mean")
		}
		latency.Merge(&all, h)
	}
	return all, nil
}
