package harness

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"holdfast.dev/holdfast/harness/load"
)

// What may be done to a service that somebody else runs, unless [Launch.AllowLoad]
// says more.
const (
	// PoliteRate is how many requests a second all streams together may send there.
	PoliteRate = 10.0
	// runawayAfter is for how long most requests may fail before the run ends.
	runawayAfter = 5 * time.Second
	// runawayLeast is how many must have ended in that time for it to mean anything.
	runawayLeast = 10
)

// validateHosts reports hosts of somebody else's that nobody named on purpose, each
// once.
func (c Config) validateHosts(scenarios []Scenario) error {
	var p problems
	if c.Target.URL != "" {
		c.Target.mayCall(&p, "the target is "+hostOfURL(c.Target.URL), hostOfURL(c.Target.URL))
	}
	seen := map[string]bool{}
	for _, s := range scenarios {
		for _, d := range s.World.Dependencies {
			if d.Elsewhere != "" && !seen[d.Name] {
				c.Target.mayCall(&p, fmt.Sprintf("the dependency %s is %s", d.Name, d.Elsewhere), d.Elsewhere)
			}
			if !seen[d.Name] {
				c.Target.mayReplace(&p, d)
			}
			seen[d.Name] = true
		}
	}
	if len(p) == 0 {
		return nil
	}
	return &InvalidError{Subject: "the run", Problems: p}
}

// validateElsewhere reports what is to be done to somebody else's services and may
// not be: more than reading now and then.
func (c Config) validateElsewhere(s Scenario) error {
	var p problems
	if c.Target.URL != "" && !c.Target.AllowLoad {
		polite(&p, s)
	}
	for _, d := range s.World.Dependencies {
		if d.Elsewhere == "" {
			continue
		}
		for _, step := range slices.Concat(s.World.Once, s.World.Each) {
			if slices.Contains(step.Writes, d.Name) {
				p.say("%s would write to %s, which is somebody else's: it is never migrated or seeded", step, d.Name)
			}
		}
	}
	if len(p) == 0 {
		return nil
	}
	return &InvalidError{Subject: "scenario " + s.Name, Problems: p}
}

// mayCall reports a host that was not named.
func (l Launch) mayCall(p *problems, what, address string) {
	if !l.Allows(address) {
		p.say("%s, a service that somebody else runs: to call it, name its host with --allow-host %s", what, withoutPort(address))
	}
}

// Allows reports whether the host of host:port was named in AllowHosts: with its port, or
// without for all ports.
func (l Launch) Allows(address string) bool {
	return slices.ContainsFunc(l.AllowHosts, func(host string) bool {
		return strings.EqualFold(host, address) || strings.EqualFold(host, withoutPort(address))
	})
}

// withoutPort is the host of host:port.
func withoutPort(address string) string {
	if host, _, err := net.SplitHostPort(address); err == nil {
		return host
	}
	return strings.Trim(address, "[]")
}

// hostOfURL is the host, with its port if it has one, of an address; the text itself
// where it is none.
func hostOfURL(text string) string {
	if u, err := url.Parse(text); err == nil && u.Host != "" {
		return u.Host
	}
	return text
}

// polite reports load that somebody else's service should not get.
func polite(p *problems, s Scenario) {
	const more = "; --allow-load lifts that, for who runs the service too"
	rate := 0.0
	for _, stream := range s.Load {
		if stream.Profile != nil {
			rate += stream.Peak()
		}
		if m := changing(stream); m != "" {
			p.say("stream %q sends %s to a service that somebody else runs: GET and HEAD alone are sent there"+more, stream.Name, m)
		}
	}
	if rate > PoliteRate {
		p.say("%.3g requests a second would be sent to a service that somebody else runs: %.3g at most are"+more, rate, PoliteRate)
	}
	for _, step := range slices.Concat(s.World.Once, s.World.Each) {
		if r := step.Request; r != nil && !reads(r.Method) {
			p.say("%s would change a service that somebody else runs"+more, step)
		}
	}
}

// changing is the first method of a stream that may change something; empty: none.
func changing(s load.Stream) string {
	var methods []string
	if s.Template != nil {
		methods = append(methods, s.Template.Method)
	}
	steps := s.Steps
	if s.Sessions != nil {
		steps = slices.Concat(steps, s.Sessions.Steps)
	}
	for _, step := range steps {
		methods = append(methods, step.Template.Method)
	}
	if s.Next != nil && s.Profile != nil { // code: the first of its requests stand for all
		if next, err := load.Requests(0, s); err == nil {
			for n := range min(load.Planned(s.Profile), looked) {
				methods = append(methods, next(n).Method)
			}
		}
	}
	for _, m := range methods {
		if !reads(m) {
			return m
		}
	}
	return ""
}

// looked is how many requests of a stream that is code are looked at.
const looked = 1000

func reads(method string) bool {
	return method == "" || method == http.MethodGet || method == http.MethodHead
}

// errRunaway ends the load on somebody else's service that does not stand it.
var errRunaway = errors.New("most requests to a service that somebody else runs fail: the load was ended, so as to do no harm")

// spare ends the load on somebody else's service, and with it the run, when most
// requests fail.
func (l *live) spare(how *ending) {
	if l.session.cfg.Target.URL == "" || how.interrupted != nil || !l.runaway.look(l.now(), l.attack.Live()) {
		return
	}
	how.interrupted = errRunaway
	l.session.breach.noteRunaway()
	l.attack.Abort()
}

// runaway tells when most requests have failed for a while.
type runaway struct{ seen []progress }

// progress is how many requests have ended by a time of the clock.
type progress struct {
	at            time.Duration
	ended, failed int64
}

// look takes note of how the streams stand, and reports whether they fail for too long.
func (r *runaway) look(at time.Duration, streams []load.Snapshot) bool {
	now := progress{at: at}
	for _, s := range streams {
		now.ended += s.OK + s.Failed + s.ShedByTarget
		now.failed += s.Failed
	}
	r.seen = append(r.seen, now)
	for len(r.seen) > 2 && at-r.seen[1].at >= runawayAfter { // the newest that is old enough is the first
		r.seen = r.seen[1:]
	}
	first := r.seen[0]
	ended, failed := now.ended-first.ended, now.failed-first.failed
	return at-first.at >= runawayAfter && ended >= runawayLeast && 2*failed > ended
}
