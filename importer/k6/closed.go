package k6

import (
	"fmt"
	"time"

	"holdfast.dev/holdfast/importer"
	"holdfast.dev/holdfast/manifest"
)

// closed is a load of users who go round in a loop: k6 says how many, and the service
// how many requests come of it.
type closed struct {
	vus, iterations float64
	each            bool // iterations are of each user
	duration        time.Duration
	stages          []userStage
}

// userStage is a time in which the number of users changes.
type userStage struct {
	lasts time.Duration
	users float64
}

// closedOf reads what a scenario, or the shortcuts of the options, say of users. Nothing of
// it is used: it is told as a whole.
func closedOf(n *importer.Node) closed {
	number := func(n *importer.Node) (f float64) {
		_, _ = fmt.Sscan(n.Peek(), &f)
		return min(max(f, 0), 1e6)
	}
	c := closed{vus: number(n.Get("vus", "startVUs")), iterations: number(n.Get("iterations")), each: n.Get("executor").Peek() == "per-vu-iterations"}
	c.duration, _ = duration(n.Get("duration").Peek())
	for stage := range n.Get("stages").Parts() {
		d, _ := duration(stage.Get("duration").Peek())
		c.stages = append(c.stages, userStage{d, number(stage.Get("target"))})
	}
	return c
}

// shortcut reads vus, duration, iterations and stages of the options themselves.
func (r *reader) shortcut(options *importer.Node) {
	j, ok := r.of(options, "default")
	if !ok {
		return
	}
	var s manifest.Stream
	r.closed(options, closedOf(options), j, &s, 0)
}

// closed makes a stream with a rate like that of users in a loop, as a guess, and tells
// that they are not carried over.
func (r *reader) closed(n *importer.Node, c closed, j *journey, s *manifest.Stream, start time.Duration) {
	period, of := 1.0, "one turn a second, as no wait is in the script"
	if j != nil && j.period > 0 {
		period, of = j.period, fmt.Sprintf("one turn in %v s, which is what they wait in the script", j.period)
	}
	said := c.like(s, period)
	length := c.duration
	for _, stage := range c.stages {
		length += stage.lasts
	}
	if c.iterations > 0 && c.duration == 0 {
		turns := c.iterations
		if !c.each {
			turns /= max(1, c.vus)
		}
		length = time.Duration(min(turns*period, 86400) * float64(time.Second)).Round(time.Second)
	}
	if !r.lasts(start, max(length, time.Second)) || length == 0 {
		r.load.Length = max(r.load.Length, start+defaultLength)
	}
	name := "users"
	place := importer.Place{File: r.file.Name, Line: 1}
	if n != nil {
		place = at(n)
	}
	if n != nil && n.Name != "" {
		name = n.Name
	}
	i := r.addStream(name, *s, j)
	r.load.Guesses[fmt.Sprintf("load[%d].rate", i)] = fmt.Sprintf("%s, %s", said, of)
	what := "options"
	if n != nil && n.Path() != "" {
		what = n.Path()
	}
	r.report.Leave(place.Left(what+" ("+said+" in a loop)", "they wait for the service, so that they ask less when it is slow and hide how slow it is",
		fmt.Sprintf("a rate like theirs stands in the file as a guess: %s", rateOf(*s))))
	r.report.Carry("%s: what %s ask is the stream %s", place, said, r.load.Streams[i].Name)
	r.useOfUsers(n)
}

// useOfUsers takes what is said of users as told.
func (r *reader) useOfUsers(n *importer.Node) {
	for _, key := range []string{"executor", "vus", "startVUs", "maxVUs", "iterations", "duration", "maxDuration"} {
		n.Get(key).Use()
	}
	for stage := range n.Get("stages").Parts() {
		stage.Get("duration").Use()
		stage.Get("target").Use()
	}
}

// like gives a stream a rate like that of users, and names them.
func (c closed) like(s *manifest.Stream, period float64) string {
	if len(c.stages) == 0 {
		users := max(1, c.vus)
		s.Rate = manifest.Rate{Text: text(users / period)}
		return fmt.Sprintf("%v users", users)
	}
	s.Rate = manifest.Rate{Text: text(c.vus / period)}
	most := c.vus
	for _, stage := range c.stages {
		most = max(most, stage.users)
		s.Stages = append(s.Stages, manifest.Stage{Duration: manifest.Duration(stage.lasts), Target: text(stage.users / period)})
	}
	return fmt.Sprintf("up to %v users", most)
}
