package task

import (
	"bytes"
	"fmt"
	"maps"
	"slices"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"holdfast.dev/holdfast/harness/standing"
)

// Counters that a target may have on its page; one that is not there is not held.
const (
	counterAttempts = "task_attempts_total"
	counterRetries  = "task_retries_total"
	counterFailed   = "task_failed_total"
)

// countersFinding holds the counters of the target's /metrics against the tasks, by
// kind: attempts, those that went well, retries and failures by class. They are those
// of one process: it must not have been restarted, and all tasks must be known.
func countersFinding(records []record, page []byte, curl func(string) string) standing.Finding {
	found := standing.Finding{Check: "task-counters", About: "the counters of /metrics are those of the tasks"}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(page))
	if err != nil {
		found.Unseen = "the metrics page cannot be read: " + err.Error()
		return found
	}
	want, ok := counted(records)
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
			found.Add(standing.Example{At: -1, What: fmt.Sprintf("%s is %.0f, and the tasks tell of %.0f", key, got, want[key]), Repeat: curl("/metrics")})
		}
	}
	return found
}

// counter is a counter of one kind of tasks; label and value are a further label.
type counter struct{ name, kind, label, value string }

func (c counter) String() string {
	text := c.name + `{kind="` + c.kind + `"`
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
		if labels["kind"] == c.kind && (c.label == "" || labels[c.label] == c.value) {
			sum += m.GetCounter().GetValue()
		}
	}
	return sum
}

// counted are the counters as the tasks have them, false where one is not known.
func counted(records []record) (map[counter]float64, bool) {
	all := map[counter]float64{}
	for _, kind := range []string{kindNotify, kindBatch} {
		for _, name := range []string{counterAttempts, counterRetries, counterFailed} {
			all[counter{name: name, kind: kind}] = 0
		}
		all[counter{counterAttempts, kind, "outcome", "ok"}] = 0
		for _, class := range []string{temporary, permanent, unknown} {
			all[counter{counterFailed, kind, "class", class}] = 0
		}
	}
	for _, r := range records {
		switch {
		case !r.stored():
			continue
		case !r.accepted || !r.told || !r.over():
			return nil, false
		}
		all[counter{name: counterAttempts, kind: r.kind}] += float64(r.attempts)
		all[counter{name: counterRetries, kind: r.kind}] += float64(r.attempts - 1)
		if r.state == succeeded {
			all[counter{counterAttempts, r.kind, "outcome", "ok"}]++
		} else {
			all[counter{name: counterFailed, kind: r.kind}]++
			all[counter{counterFailed, r.kind, "class", r.class}]++
		}
	}
	return all, true
}
