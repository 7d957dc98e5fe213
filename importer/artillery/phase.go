package artillery

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/importer"
)

// phase is a time in which users arrive.
type phase struct {
	from, to float64 // a second
	lasts    time.Duration
}

var duration = regexp.MustCompile(`^\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*$`)

// length is a time as Artillery has it: seconds, or 5m, 10min, 1h.
func length(text string) (time.Duration, bool) {
	m := duration.FindStringSubmatch(strings.ToLower(text))
	if m == nil {
		return 0, false
	}
	units := map[string]time.Duration{
		"": time.Second, "s": time.Second, "sec": time.Second, "second": time.Second, "seconds": time.Second, "ms": time.Millisecond,
		"m": time.Minute, "min": time.Minute, "minute": time.Minute, "minutes": time.Minute, "h": time.Hour, "hour": time.Hour, "hours": time.Hour,
	}
	unit, known := units[m[2]]
	n, err := strconv.ParseFloat(m[1], 64)
	d := n * float64(unit)
	return time.Duration(d), known && err == nil && d <= float64(24*time.Hour)
}

// mostRate is more than any generator sends.
const mostRate = 1e7

// phase reads one.
func (r *reader) phase(n *importer.Node) {
	n.Get("name").Use()
	key := n.Get("duration", "pause")
	lasts, ok := length(key.Peek())
	if !ok {
		n.Leave("it does not say how long it lasts, in seconds or as 5m, and at most a day", "write it under rate by hand")
		return
	}
	key.Use()
	p := phase{lasts: lasts}
	switch {
	case key.Name == "pause":
	case n.Get("arrivalCount") != nil:
		count, ok := n.Get("arrivalCount").Number()
		if !ok || count < 0 || lasts == 0 {
			n.Leave("it does not say how many arrive", "write it under rate by hand")
			return
		}
		p.from, p.to = count/lasts.Seconds(), count/lasts.Seconds()
	default:
		p.from, ok = n.Get("arrivalRate").Number()
		p.to = p.from
		if to, ramps := n.Get("rampTo").Number(); ramps {
			p.to = to
			ok = true
		}
		if !ok {
			n.Leave("it does not say how many arrive in a second", "write it under rate by hand")
			return
		}
	}
	if p.from < 0 || p.to < 0 || p.from > mostRate || p.to > mostRate {
		n.Leave("as many do not arrive", "write it under rate by hand")
		return
	}
	r.atMost(n.Get("maxVusers"))
	r.phases = append(r.phases, p)
	r.load.Length += p.lasts
}

// atMost reads how many users there are at once, which is one number for all phases.
func (r *reader) atMost(n *importer.Node) {
	most, said := n.Number()
	switch {
	case !said:
	case most != float64(int(most)) || most < 1 || most > 1e6 || r.most != 0 && r.most != int(most):
		r.load.Report.Leave(importer.Place{File: n.File, Line: n.Line}.Left(n.Path(), "max_in_flight is one number for all phases", "write it by hand"))
	default:
		r.most = int(most)
	}
}

// defaultLength is how long a script without phases lasts here.
const defaultLength = 30 * time.Second

// rate is the share of the arrivals that a scenario has, as a text.
func (r *reader) rate(share float64) string {
	if len(r.phases) == 0 {
		r.load.Length = defaultLength
		return importer.Rate(10 * share)
	}
	constant := true
	var parts []load.Profile
	for _, p := range r.phases {
		constant = constant && p.from == p.to && p.from == r.phases[0].from
		if p.lasts > 0 {
			parts = append(parts, load.Ramp(rounded(p.from*share), rounded(p.to*share), p.lasts))
		}
	}
	if constant || len(parts) == 0 {
		return importer.Rate(rounded(r.phases[0].from * share))
	}
	return load.Sequence(parts...).String()
}

// rounded is a rate that a person can read.
func rounded(rate float64) float64 {
	f, _ := strconv.ParseFloat(strconv.FormatFloat(rate, 'g', 6, 64), 64)
	return f
}

// limit makes a check of a limit on a metric.
func (r *reader) limit(n *importer.Node, metric string) {
	limit, ok := n.Number()
	if !ok {
		return
	}
	r.check(n, metric, "<=", limit)
}

var condition = regexp.MustCompile(`^\s*(http\.response_time\.\w+)\s*(<=|<)\s*(\d+(?:\.\d+)?)\s*$`)

// expression makes a check of a condition such as http.response_time.p95 < 250.
func (r *reader) expression(n *importer.Node) {
	m := condition.FindStringSubmatch(n.Peek())
	if m == nil {
		n.Leave("a check is of one metric, METRIC <= LIMIT, and this metric or this combination is not measured", "write checks by hand")
		return
	}
	n.Use()
	limit, _ := strconv.ParseFloat(m[3], 64) // it is made of digits
	r.check(n, m[1], m[2], limit)
}

// check adds one on all answers.
func (r *reader) check(n *importer.Node, metric, op string, limit float64) {
	at := importer.Place{File: n.File, Line: n.Line}
	which, of := strings.CutPrefix(metric, "http.response_time.")
	name, otherwise, ok := percentile(which)
	if !of || !ok || limit <= 0 {
		r.load.Report.Leave(at.Left(n.Path(), fmt.Sprintf("%s is not measured here", metric), "choose a metric of docs/scenarios.md"))
		return
	}
	if otherwise != "" {
		r.load.Report.Leave(at.Left(metric, otherwise, "look at the limit"))
	}
	r.load.Check(r.load.Responses(), "latency."+name, op+" "+importer.Milliseconds(limit), fmt.Sprintf("%s %s %v of the script", metric, op, limit))
	r.load.Report.Carry("%s: %s %s %v is a check on latency.%s, which counts from when a request was due", at, metric, op, limit, name)
}

// percentile is how a number of Artillery's distributions is called here.
func percentile(text string) (name, otherwise string, ok bool) {
	switch text {
	case "max", "mean":
		return text, "", true
	case "median":
		return "p50", "", true
	case "p999":
		return "p99_9", "", true
	}
	percent, err := strconv.ParseFloat(strings.TrimPrefix(text, "p"), 64)
	if err != nil || !strings.HasPrefix(text, "p") {
		return "", "", false
	}
	return importer.Percentile(percent)
}
