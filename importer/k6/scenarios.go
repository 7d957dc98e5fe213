package k6

import (
	"fmt"
	"strconv"
	"time"

	"holdfast.dev/holdfast/importer"
	"holdfast.dev/holdfast/manifest"
)

// defaultLength is how long a load lasts that does not say so.
const defaultLength = 30 * time.Second

// scenarios makes a stream of each scenario of the options, and checks of thresholds.
func (r *reader) scenarios(options *importer.Node) {
	if scenarios := options.Get("scenarios"); scenarios.Len() > 0 {
		for s := range scenarios.Parts() {
			r.scenario(s)
		}
	} else {
		r.shortcut(options)
	}
	if agent := options.Get("userAgent"); agent != nil {
		agent.Leave("a header is of a request", "write it under headers")
	}
	if len(r.load.Streams) > 0 {
		r.thresholds(options.Get("thresholds"))
	}
}

// at is the place of a node.
func at(n *importer.Node) importer.Place { return importer.Place{File: n.File, Line: n.Line} }

// of finds what a scenario asks; false where it is said already that this is nothing.
func (r *reader) of(n *importer.Node, function string) (*journey, bool) {
	if r.box == nil {
		return nil, true
	}
	j := r.journeys[function]
	if j == nil || len(j.steps) == 0 {
		place := importer.Place{File: r.file.Name, Line: r.box.lineOf(function)}
		if n != nil {
			place = at(n)
		}
		r.report.Leave(place.Left(function+"()", "it asks nothing that could be carried over", "write a stream by hand"))
		return nil, false
	}
	return j, true
}

// scenario makes a stream of one.
func (r *reader) scenario(n *importer.Node) {
	function := n.Get("exec").Plain()
	if function == "" {
		function = "default"
	}
	j, ok := r.of(n, function)
	if !ok {
		return
	}
	s := manifest.Stream{}
	start := time.Duration(0)
	if text := n.Get("startTime"); text != nil {
		d, ok := duration(text.Peek())
		if ok {
			text.Use()
			start = d
		}
	}
	s.StartAt = manifest.Duration(start)
	executor := n.Get("executor")
	switch executor.Peek() {
	case "constant-arrival-rate":
		r.constant(n, &s, start)
	case "ramping-arrival-rate":
		r.ramping(n, &s, start)
	case "constant-vus", "ramping-vus", "per-vu-iterations", "shared-iterations", "externally-controlled":
		r.closed(n, closedOf(n), j, &s, start)
		return
	default:
		n.Leave(fmt.Sprintf("k6 has no executor %q", executor.Peek()), "mend it")
		return
	}
	executor.Use()
	r.atMost(n, &s)
	if s.Rate.Text == "" && len(s.Stages) == 0 {
		n.Leave("its rate or its length cannot be read", "write a stream by hand")
		return
	}
	i := r.addStream(n.Name, s, j)
	r.report.Carry("%s: scenario %s is the stream %s, %s", at(n), n.Name, r.load.Streams[i].Name, rateOf(s))
}

// rateOf names the rate of a stream.
func rateOf(s manifest.Stream) string {
	if len(s.Stages) > 0 {
		return fmt.Sprintf("%d stages from %s", len(s.Stages), s.Rate.Text)
	}
	return s.Rate.Text
}

// perSecond is a rate with its unit of time.
func perSecond(n *importer.Node, rate *importer.Node) (float64, bool) {
	unit := time.Second
	if text := n.Get("timeUnit"); text != nil {
		d, ok := duration(text.Peek())
		if !ok {
			return 0, false
		}
		text.Use()
		unit = d
	}
	value, ok := rate.Number()
	return value / unit.Seconds(), ok && value >= 0 && value/unit.Seconds() < 1e7
}

// text is a rate that a person can read.
func text(rate float64) string {
	f, _ := strconv.ParseFloat(strconv.FormatFloat(rate, 'g', 6, 64), 64)
	return importer.Rate(f)
}

// lasts makes the load last until a stream is over.
func (r *reader) lasts(start, d time.Duration) bool {
	if start+d > 24*time.Hour || d <= 0 {
		return false
	}
	r.load.Length = max(r.load.Length, start+d)
	return true
}

// constant reads constant-arrival-rate.
func (r *reader) constant(n *importer.Node, s *manifest.Stream, start time.Duration) {
	rate, ok := perSecond(n, n.Get("rate"))
	d, said := duration(n.Get("duration").Peek())
	if !ok || !said || !r.lasts(start, d) {
		return
	}
	n.Get("duration").Use()
	s.Rate = manifest.Rate{Text: fmt.Sprintf("%s for %s", text(rate), manifest.Duration(d))}
}

// ramping reads ramping-arrival-rate.
func (r *reader) ramping(n *importer.Node, s *manifest.Stream, start time.Duration) {
	from, ok := perSecond(n, n.Get("startRate"))
	if !ok && n.Get("startRate") != nil {
		return
	}
	var total time.Duration
	var stages []manifest.Stage
	for stage := range n.Get("stages").Parts() {
		target, ok := perSecond(n, stage.Get("target"))
		d, said := duration(stage.Get("duration").Peek())
		if !said && stage.Get("duration").Peek() == "0" || stage.Get("duration").Peek() == "0s" {
			said = true
		}
		if !ok || !said {
			stage.Leave("it is no stage with a duration and a target", "write it under stages by hand")
			continue
		}
		stage.Get("duration").Use()
		stages = append(stages, manifest.Stage{Duration: manifest.Duration(d), Target: text(target)})
		total += d
	}
	if r.lasts(start, total) {
		s.Rate, s.Stages = manifest.Rate{Text: text(from)}, stages
	}
}

// atMost reads how many may be under way at once.
func (r *reader) atMost(n *importer.Node, s *manifest.Stream) {
	most := n.Get("maxVUs")
	if most == nil {
		most = n.Get("preAllocatedVUs")
	}
	if count, ok := most.Number(); ok && count >= 1 && count < 1e6 {
		s.MaxInFlight = int(count)
	}
}
