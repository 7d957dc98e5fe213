package task

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/standing"
	"holdfast.dev/holdfast/scenarios/contract"
)

// countersFinding holds the counters of the target's metrics against the tasks, by
// kind: attempts, those that went well, retries and failures by class. They are those
// of one process: it must not have been restarted, and all tasks must be known.
func countersFinding(of contract.Counters, records []record, page []byte, curl func(load.Request) string) standing.Finding {
	found := standing.Finding{Check: "task-counters", About: "the counters of the target's metrics are those of the tasks"}
	families, err := familiesOf(page)
	if err != nil {
		found.Unseen = "the metrics page cannot be read: " + err.Error()
		return found
	}
	want, ok := counted(of, records)
	if !ok {
		found.Unseen = "not every task is known to its end"
		return found
	}
	for _, key := range slices.SortedFunc(maps.Keys(want), counter.compare) {
		family := families[key.name]
		if family == nil || !key.labelled(family) {
			continue // it is not shown
		}
		found.Looked++
		switch got, there := key.read(family); {
		case !there && of.FromStart:
			found.Add(standing.Example{At: -1, What: key.String() + " is not on the page, and was to be there from the start", Repeat: curl(of.Page)})
		case got != want[key]:
			found.Add(standing.Example{At: -1, What: fmt.Sprintf("%s is %.0f, and the tasks tell of %.0f", key, got, want[key]), Repeat: curl(of.Page)})
		}
	}
	return found
}

// beatFinding holds what the target tells of its worker's signs of life against the clock.
// A worker that gives none is taken for dead, and an alert is about this gauge. The target
// has been there since began at the latest.
func beatFinding(of contract.Counters, page []byte, began, now time.Time, curl func(load.Request) string) standing.Finding {
	found := standing.Finding{Check: "task-beat", About: "the target's metrics tell of a sign of life of its worker, given lately"}
	families, err := familiesOf(page)
	if err != nil {
		found.Unseen = "the metrics page cannot be read: " + err.Error()
		return found
	}
	what := of.Beat + " is not on the page, and the worker works"
	all := families[of.Beat].GetMetric()
	if len(all) == 0 && now.Sub(began) < of.BeatWithin {
		found.Unseen = "the first sign need not have been given yet"
		return found
	}
	found.Looked++
	if len(all) > 0 {
		at := time.UnixMicro(int64(all[0].GetGauge().GetValue() * 1e6))
		age := now.Sub(at)
		if age <= of.BeatWithin && age >= -of.BeatWithin {
			return found
		}
		what = fmt.Sprintf("%s tells of %s, which is %.1f s ago, and may be at most %.0f s", of.Beat, at.UTC().Format(time.RFC3339), age.Seconds(), of.BeatWithin.Seconds())
	}
	found.Add(standing.Example{At: -1, What: what, Repeat: curl(of.Page)})
	return found
}

// familiesOf reads a page in Prometheus's text format.
func familiesOf(page []byte) (map[string]*dto.MetricFamily, error) {
	parser := expfmt.NewTextParser(model.UTF8Validation)
	return parser.TextToMetricFamilies(bytes.NewReader(page))
}

// counter is a counter of one kind of tasks, which the label by has; label and value are
// a further one.
type counter struct{ name, by, kind, label, value string }

// with is the counter where a further label has a value.
func (c counter) with(label, value string) counter { c.label, c.value = label, value; return c }

func (c counter) String() string {
	text := c.name + "{" + c.by + `="` + c.kind + `"`
	if c.label != "" {
		text += "," + c.label + `="` + c.value + `"`
	}
	return text + "}"
}

func (c counter) compare(other counter) int {
	return bytes.Compare([]byte(c.String()), []byte(other.String()))
}

// labelled reports whether a family tells its label apart.
func (c counter) labelled(family *dto.MetricFamily) bool {
	return c.label == "" || slices.ContainsFunc(family.GetMetric(), func(m *dto.Metric) bool {
		return slices.ContainsFunc(m.GetLabel(), func(l *dto.LabelPair) bool { return l.GetName() == c.label })
	})
}

// read adds up what a family has of it; there is false where it has nothing.
func (c counter) read(family *dto.MetricFamily) (sum float64, there bool) {
	for _, m := range family.GetMetric() {
		labels := map[string]string{}
		for _, l := range m.GetLabel() {
			labels[l.GetName()] = l.GetValue()
		}
		if labels[c.by] == c.kind && (c.label == "" || labels[c.label] == c.value) {
			sum, there = sum+m.GetCounter().GetValue(), true
		}
	}
	return sum, there
}

// counted are the counters as the tasks have them, false where one is not known.
func counted(of contract.Counters, records []record) (map[counter]float64, bool) {
	all := map[counter]float64{}
	named := func(name string, kind contract.Kind) counter {
		return counter{name: name, by: of.Kind, kind: of.Kinds[kind]}
	}
	for kind := range of.Kinds {
		for _, name := range []string{of.Attempts, of.Retries, of.Succeeded, of.Failed} {
			all[named(name, kind)] = 0
		}
		attempts, failed := named(of.Attempts, kind), named(of.Failed, kind)
		all[attempts.with(of.Outcome, of.OK)] = 0
		for _, class := range []contract.Class{contract.Temporary, contract.Permanent, contract.Unknown} {
			all[failed.with(of.Class, string(class))] = 0
		}
	}
	for _, r := range records {
		switch {
		case !r.stored():
			continue
		case !r.accepted || !r.told || !r.Over():
			return nil, false
		}
		attempts, failed := named(of.Attempts, r.kind), named(of.Failed, r.kind)
		all[attempts] += float64(r.Attempts)
		all[named(of.Retries, r.kind)] += float64(r.Attempts - 1)
		if r.State == contract.Succeeded {
			all[named(of.Succeeded, r.kind)]++
			all[attempts.with(of.Outcome, of.OK)]++
		} else {
			all[failed]++
			all[failed.with(of.Class, string(r.Class))]++
		}
	}
	return all, true
}
