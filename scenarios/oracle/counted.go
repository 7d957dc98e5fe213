package oracle

import (
	"context"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"

	"holdfast.dev/holdfast/harness/probe"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/standing"
	"holdfast.dev/holdfast/scenarios/contract"
)

// counted holds what the target counts of its calls against what its answers told of them.
// It may have counted more than that: whoever hung up was told nothing, and a call may end
// after the answer that did not wait for it.
func (a *audit) counted(ctx context.Context, by contract.CallCounter) standing.Finding {
	found := standing.Finding{Check: "oracles-counted", About: "the target's own counter has each call, and each that was spared, as the answers told of it"}
	least := a.toldOf(by)
	if len(least) == 0 {
		found.Unseen = "no answer told of a call"
		return found
	}
	if by.FromStart {
		for _, label := range by.Labels() {
			least[label] += 0
		}
	}
	labels := slices.Sorted(maps.Keys(least))
	page := probe.PrometheusConfig{URL: a.target + by.Page.Path, Present: true}
	for _, label := range labels {
		page.Metrics = append(page.Metrics, ended(by, label))
	}
	if by.Timed != "" {
		page.Metrics = append(page.Metrics, metric("timed", by.Timed), metric("all", by.Name))
		for _, label := range by.Spared {
			page.Metrics = append(page.Metrics, ended(by, label))
		}
	}
	values, err := sampled(ctx, page)
	if err != nil {
		found.Unseen = "the metrics page cannot be read: " + err.Error()
		return found
	}
	for i, label := range labels {
		found.Looked++
		what := fmt.Sprintf("%s{%s=%q} is ", by.Name, by.Label, label)
		switch got := values[i]; {
		case math.IsNaN(got) && by.FromStart:
			what += "not on the page, and was to be there from the start"
		case got < float64(least[label]):
			what += fmt.Sprintf("%.0f, and answers told of %d", got, least[label])
		default:
			continue
		}
		found.Add(standing.Example{At: -1, What: what, Repeat: standing.Curl(a.target, by.Page)})
	}
	if by.Timed != "" {
		timed(&found, by, values[len(labels):], standing.Curl(a.target, by.Page))
	}
	return found
}

// timed holds how many calls had their time taken against how many were made: all, but
// those that were spared. The page has both from one moment.
func timed(found *standing.Finding, by contract.CallCounter, values []float64, repeat string) {
	took, made := values[0], values[1]
	for _, spared := range values[2:] {
		if !math.IsNaN(spared) {
			made -= spared
		}
	}
	if math.IsNaN(took) || math.IsNaN(made) {
		return // it is not on the page
	}
	found.Looked++
	if took != made {
		found.Add(standing.Example{At: -1, What: fmt.Sprintf("%s is %.0f, and by %s %.0f calls were made", by.Timed, took, by.Name, made), Repeat: repeat})
	}
}

func metric(series, name string) probe.Metric {
	return probe.Metric{Series: probe.Series{Name: series, Unit: result.UnitCount}, Name: name}
}

// ended are the calls that ended so.
func ended(by contract.CallCounter, label string) probe.Metric {
	m := metric(label, by.Name)
	m.Labels = map[string]string{by.Label: label}
	return m
}

// sampled reads a page once.
func sampled(ctx context.Context, page probe.PrometheusConfig) ([]float64, error) {
	p, err := probe.Prometheus(page)
	if err != nil {
		return nil, err
	}
	if c, ok := p.(io.Closer); ok {
		defer c.Close()
	}
	return p.Sample(ctx)
}

// toldOf is of how many calls answers told, by the label that they are counted under. One
// that had not ended by the deadline of its answer may be counted as anything.
func (a *audit) toldOf(by contract.CallCounter) map[string]int {
	told := map[string]int{}
	for _, h := range a.heard {
		if h.aged || !h.told() {
			continue
		}
		atDeadline := a.deadline > 0 && h.End-h.Sent >= a.deadline*9/10
		for _, r := range h.answer.Results {
			label := ""
			switch {
			case r.OK:
				label = by.OK
			case r.Spared != "":
				label = by.Spared[r.Spared]
			case r.Failed && !(r.Class == contract.TimedOut && atDeadline):
				label = by.Failed[r.Class]
			}
			if label != "" {
				told[label]++
			}
		}
	}
	// Where a host was full, the time of some may have run out while they waited for it.
	timeout := by.Failed[contract.TimedOut]
	told[timeout] = max(0, told[timeout]-told[by.Spared[contract.SparedBusy]])
	if told[timeout] == 0 {
		delete(told, timeout)
	}
	return told
}
