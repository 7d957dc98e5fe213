package scaffold

import (
	"fmt"
	"time"

	"holdfast.dev/holdfast/harness/verdict"
	"holdfast.dev/holdfast/manifest"
)

const second = manifest.Duration(time.Second)

// The scenarios of a draft are short: what they show is where to look first.
const (
	steadyFor = 10 // seconds
	eachFault = 3 * second
	between   = second / 2 // faults: the end of one is read back before the next begins
	mostJudge = 3          // streams that are judged beside a fault
)

// scenarios writes the steady load, and for each dependency what it may do to the service.
func (d *draft) scenarios() {
	d.file.Scenarios = append(d.file.Scenarios, d.steady())
	for _, t := range d.things {
		d.file.Scenarios = append(d.file.Scenarios, d.beside(t))
	}
}

// steady is load while all is well.
func (d *draft) steady() manifest.Scenario {
	s := manifest.Scenario{
		Name: d.file.Name + "/steady", Claim: "While all is well, each request is answered as it should be, and soon.",
		Timeline: manifest.Timeline{WarmUp: 2 * second, Baseline: steadyFor * second},
	}
	for i, one := range d.streams {
		s.Load = append(s.Load, d.stream(fmt.Sprintf("scenarios[0].load[%d]", i), one, true))
	}
	for _, one := range d.streams {
		s.Checks = append(s.Checks, manifest.Check{Text: one.name + ".ok_ratio >= 99%"}, one.soon())
	}
	d.say("scenarios[0].checks", "guess: all limits are; make them what you promise")
	return s
}

// soon is the check on how long a stream's answers take: on the percentile for which
// there are enough of them, also where the machine does not stand all of the load.
func (s stream) soon() manifest.Check {
	p, planned := "p90", int64(s.rate*steadyFor)
	switch {
	case planned >= 2*verdict.SamplesFor(99):
		p = "p99"
	case planned >= 2*verdict.SamplesFor(95):
		p = "p95"
	}
	if s.latency == nil || s.latency.Count < 100 {
		return manifest.Check{Text: fmt.Sprintf("%s.latency.%s <= 500ms", s.name, p)}
	}
	limit := max((2 * s.latency.P99).Round(10*time.Millisecond), 20*time.Millisecond)
	why := fmt.Sprintf("guess: %s has a p99 of %s, and this is twice that", shown(s.source), s.latency.P99.Round(time.Millisecond))
	return manifest.Check{Check: fmt.Sprintf("%s.latency.%s <= %dms", s.name, p, limit.Milliseconds()), Because: why}
}

// trouble is what a dependency may do: slow, down, and doing its work without a reply.
func trouble(kind string) [3]string {
	switch kind {
	case "http", "resend", "smtp":
		return [3]string{"delay 3s", "refuse cut", "lost"}
	}
	return [3]string{"delay 200ms", "refuse cut", "black-hole down lose"} // bytes, by a proxy: a request waits as often as it asks
}

// beside is what becomes of the requests while a dependency is slow, then down, then
// loses its replies.
func (d *draft) beside(t thing) manifest.Scenario {
	at := fmt.Sprintf("scenarios[%d]", len(d.file.Scenarios))
	s := manifest.Scenario{
		Name:  d.file.Name + "/" + t.named,
		Claim: fmt.Sprintf("While %s is slow, then down, then loses its replies, no request waits longer than 5 s; a moment later all is well again.", t.named),
		Timeline: manifest.Timeline{
			WarmUp: second, Baseline: 3 * second, Inject: 3*eachFault + 2*between, Heal: 6 * second,
		},
	}
	for _, one := range d.streams {
		s.Load = append(s.Load, d.stream(at, one, false))
	}
	for i, fault := range trouble(t.Kind) {
		f := manifest.Fault{ID: []string{"slow", "down", "replies-lost"}[i], At: t.named, Fault: fault, After: manifest.Duration(i) * (eachFault + between)}
		if i < 2 {
			f.For = eachFault
		}
		s.Faults = append(s.Faults, f)
	}
	for _, one := range d.streams[:min(mostJudge, len(d.streams))] {
		s.Checks = append(s.Checks,
			manifest.Check{Text: one.name + ".latency.max in inject <= 5s"},
			manifest.Check{Text: one.name + ".ok_ratio in heal >= 95%"})
	}
	if len(d.file.Scenarios) > 1 {
		return s // it was said at the first
	}
	d.say(at+".faults", "not exercised means that the load above does not use "+t.named+" at all, here and below: ask for something that does")
	d.say(at+".checks", "guess: what a request may cost meanwhile, and how soon it is over; a fallback would also keep "+d.streams[0].name+".ok_ratio in inject high")
	return s
}
