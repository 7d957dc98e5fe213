package task

import (
	"bytes"
	"fmt"
	"maps"
	"slices"

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
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(page))
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
			continue
		}
		found.Looked++
		if got := key.read(family); got != want[key] {
			found.Add(standing.Example{At: -1, What: fmt.Sprintf("%s is %.0f, and the tasks tell of %.0f", key, got, want[key]), Repeat: curl(of.Page)})
		}
	}
	return found
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

// read adds up what a family has of it.
func (c counter) read(family *dto.MetricFamily) float64 {
	sum := 0.0
	for _, m := range family.GetMetric() {
		labels := map[string]string{}
		for _, l := range m.GetLabel() {
			labels[l.GetName()] = l.GetValue()
		}
		if labels[c.by] == c.kind && (c.label == "" || labels[c.label] == c.value) {
			sum += m.GetCounter().GetValue()
		}
	}
	return sum
}

// counted are the counters as the tasks have them, false where one is not known.
func counted(of contract.Counters, records []record) (map[counter]float64, bool) {
	all := map[counter]float64{}
	ofKind := func(kind contract.Kind) (attempts, retries, failed counter) {
		one := counter{by: of.Kind, kind: of.Kinds[kind]}
		attempts, retries, failed = one, one, one
		attempts.name, retries.name, failed.name = of.Attempts, of.Retries, of.Failed
		return attempts, retries, failed
	}
	for kind := range of.Kinds {
		attempts, retries, failed := ofKind(kind)
		all[attempts], all[retries], all[failed] = 0, 0, 0
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
		attempts, retries, failed := ofKind(r.kind)
		all[attempts] += float64(r.Attempts)
		all[retries] += float64(r.Attempts - 1)
		if r.State == contract.Succeeded {
			all[attempts.with(of.Outcome, of.OK)]++
		} else {
			all[failed]++
			all[failed.with(of.Class, string(r.Class))]++
		}
	}
	return all, true
}
