package k6

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"holdfast.dev/holdfast/importer"
)

// thresholds makes checks of what must hold.
func (r *reader) thresholds(n *importer.Node) {
	for metric := range n.Parts() {
		switch metric.Kind {
		case importer.List:
			for one := range metric.Parts() {
				r.threshold(metric.Name, one)
			}
		default:
			r.threshold(metric.Name, metric)
		}
	}
}

var (
	metricForm = regexp.MustCompile(`^(\w+)(?:\{(.*)\})?$`)
	limitForm  = regexp.MustCompile(`^\s*(p\(\s*(\d+(?:\.\d+)?)\s*\)|\w+)\s*(<=|<|>=|>|===|==|!=)\s*(\d+(?:\.\d+)?)\s*$`)
)

// threshold makes a check of one, or tells why not.
func (r *reader) threshold(metric string, n *importer.Node) {
	expression := n
	if n.Is(importer.Mapping) {
		expression = n.Get("threshold")
		if stop, _ := n.Get("abortOnFail").Truth(); stop {
			r.report.Leave(at(n).Left(n.Path()+".abortOnFail", "here a scenario ends early only on a check that nothing to come can win, and a share of all of a scenario is known at its end", "abort: true at a check on a phase, or on the number of what fails"))
			n.Get("delayAbortEval").Use()
		}
	}
	said := expression.Peek()
	m, of := limitForm.FindStringSubmatch(said), metricForm.FindStringSubmatch(metric)
	leave := func(why, instead string) {
		r.report.Leave(at(n).Left(fmt.Sprintf("threshold %s: %s", metric, said), why, instead))
		expression.Use()
	}
	if m == nil || of == nil {
		leave("it is not METRIC OPERATOR LIMIT", "write a check by hand")
		return
	}
	ofWhom, latency, why := r.selected(of[2])
	if why != "" {
		leave(why, "write a check by hand")
		return
	}
	check, limit, why := checkOf(of[1], m, latency)
	if check == "" {
		leave(why, "choose a metric of docs/scenarios.md")
		return
	}
	if why != "" {
		r.report.Leave(at(n).Left(fmt.Sprintf("threshold %s: %s as it stands", metric, said), why, "look at the limit"))
	}
	expression.Use()
	r.load.Check(ofWhom, check, limit, fmt.Sprintf("the threshold %s: %s of the script", metric, said))
	r.report.Carry("%s: threshold %s: %s is a check on %s of %s", at(n), metric, said, check, strings.Join(ofWhom, ", "))
}

// checkOf is the metric and the limit of a threshold; an empty one is none, and why. A
// metric with a reason is not quite the same.
func checkOf(metric string, m []string, latency string) (check, limit, why string) {
	value, _ := strconv.ParseFloat(m[4], 64) // it is made of digits
	op := strings.Replace(m[3], "===", "==", 1)
	switch metric {
	case "http_req_duration":
		name, otherwise, ok := percentile(m[1], m[2])
		if !ok || op != "<" && op != "<=" || value == 0 {
			return "", "", fmt.Sprintf("%s %s is not measured here", m[1], op)
		}
		return latency + "." + name, op + " " + importer.Milliseconds(value), otherwise
	case "http_req_failed":
		if m[1] != "rate" || value > 1 {
			return "", "", "it is a share between 0 and 1"
		}
		turned := map[string]string{"<": ">", "<=": ">=", "==": "=="}[op]
		if turned == "" {
			return "", "", "a check asks for few failures, not for many"
		}
		return "ok_ratio", turned + " " + percent(1-value), ""
	case "checks":
		if m[1] != "rate" || value > 1 || op == "<" || op == "<=" || op == "!=" {
			return "", "", "it is a share between 0 and 1 that is reached"
		}
		return "ok_ratio", op + " " + percent(value), "k6 counts checks; ok_ratio counts answers that are as ok says, and of checks those on a status are carried over"
	}
	return "", "", fmt.Sprintf("%s is not measured here", metric)
}

// percentile is how a number of k6's distributions is called here.
func percentile(text, percent string) (name, otherwise string, ok bool) {
	switch text {
	case "avg":
		return "mean", "", true
	case "med":
		return "p50", "", true
	case "max":
		return "max", "", true
	}
	f, err := strconv.ParseFloat(percent, 64)
	if err != nil {
		return "", "", false
	}
	return importer.Percentile(f)
}

// percent is a share as a check has it.
func percent(share float64) string {
	return strconv.FormatFloat(share*100, 'f', -1, 32) + "%"
}

// selected are whose answers a threshold is about, and which of their latencies.
func (r *reader) selected(tags string) (metrics []string, latency, why string) {
	latency = "latency"
	var wants []func(streamed, answered) bool
	for tag := range strings.SplitSeq(tags, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(tag), ":")
		value = strings.Trim(strings.TrimSpace(value), `"'`)
		switch strings.TrimSpace(name) {
		case "":
		case "scenario":
			wants = append(wants, func(s streamed, _ answered) bool { return s.scenario == value })
		case "name":
			wants = append(wants, func(_ streamed, a answered) bool { return a.name == value })
		case "group":
			wants = append(wants, func(_ streamed, a answered) bool { return a.group == strings.TrimPrefix(value, "::") && a.group != "" })
		case "method":
			wants = append(wants, func(_ streamed, a answered) bool { return a.method == value })
		case "expected_response":
			if value != "true" {
				return nil, "", "unexpected answers have no latency of their own"
			}
			latency = "latency_ok"
		default:
			return nil, "", fmt.Sprintf("answers have no tag %s here", name)
		}
	}
	for _, s := range r.streams {
		for _, a := range s.responses {
			all := true
			for _, want := range wants {
				all = all && want(s, a)
			}
			if all {
				metrics = append(metrics, a.metric)
			}
		}
	}
	if len(metrics) == 0 {
		return nil, "", fmt.Sprintf("no request that was carried over has the tags %s", tags)
	}
	return metrics, latency, ""
}
