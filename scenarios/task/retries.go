package task

import (
	"fmt"
	"math"
	"time"

	"holdfast.dev/holdfast/adapter"
	"holdfast.dev/holdfast/fakes/emailapi"
	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
	"holdfast.dev/holdfast/scenarios/contract"
	"holdfast.dev/holdfast/scenarios/profile"
)

// apiDown takes the API away for good, from tasks that all fail together.
func apiDown(p profile.Profile, s *service) harness.Scenario {
	t := p.Brief()
	// Long enough that River's own moments do not blur the pauses.
	const countdown = 300 * time.Millisecond
	t.Drain = s.givenUp(countdown)
	mails := steady("mail", 100/t.Total().Seconds(), t.Total()) // at once would be too much for a small machine's generator
	s.compress(countdown)
	checks, how := s.spread()
	return s.withMail(harness.Scenario{
		Name:        "task/api-down",
		Claim:       fmt.Sprintf("While the API is down each task is tried %s times%s, and then fails where everybody can see it.", spelt(s.attempts()), how),
		Protections: []string{"task.max-retries", "task.backoff", "task.jitter"},
		Timeline:    t,
		Faults:      []harness.Fault{adapter.Always("down", s.Far, s.down())},
		Measures:    s.pauses(),
		Checks: append([]verdict.Check{
			verdict.Metric(s.far("attempts.max")).Equals(verdict.Count(int64(s.attempts()))).AsPrimary().Because(fmt.Sprintf("max %d retries, as the fake counted them", s.Retries)).Guarding("task.max-retries"),
			verdict.Metric("tasks.attempts.max").Equals(verdict.Count(int64(s.attempts()))).Because(fmt.Sprintf("max %d retries, as the queue counted them", s.Retries)).Guarding("task.max-retries"),
			verdict.Metric("tasks.attempts.min").Equals(verdict.Count(int64(s.attempts()))).Because("an outage may pass: each is tried again"),
			nothing("mail.unfailed_tasks"), nothing("ledger.failed_permanent"),
			nothing("tasks.too_late").Because("each attempt comes within its countdown, its spread and a second"),
		}, checks...),
	}, emailapi.Config{}, mails)
}

// leastGrowth is by how much the last pause must be longer than the first for that to be
// told from a machine's own moments.
const leastGrowth = 1.4

// spread are the checks that the pauses of tasks that fail together grow, and are spread, as
// far as the service is told to, and how they do in a sentence.
func (s *service) spread() (all []verdict.Check, how string) {
	switch _, whole := s.pausesInAll(); { // by which the last pause is longer than the first
	case whole >= leastGrowth:
		how += ", later each time"
		all = append(all, verdict.Metric(s.far("gap.growth")).AtLeast(verdict.Times(1+(whole-1)/3)).
			Because(s.growing(whole)).Guarding("task.backoff"))
	case whole > 1:
		s.leave(fmt.Sprintf("whether pauses grow (the last is %.3g times the first, as a machine's own moments could make it)", whole))
	}
	if s.Spread > 0 {
		if how == "" {
			how = ","
		} else {
			how += " and"
		}
		how += " not all at once"
		all = append(all, verdict.Metric(s.far("gap.spread")).AtLeast(verdict.Percent(75*s.Spread)).
			Because(fmt.Sprintf("a spread of %.0f %% to both sides has 80 %% of the pauses within %.0f %%", 100*s.Spread, 160*s.Spread)).Guarding("task.jitter"))
	}
	if s.Spread > 0 && !s.OnlyTo {
		all = append(all, verdict.Metric("tasks.waits.short").AtLeast(verdict.Percent(10)).
			Because("half of the countdowns are spread to the shorter side, but that the target looks at what is due every tenth of a second").Guarding("task.jitter"))
	}
	return all, how
}

// growing is why the last pause is longer than the first, whole times by the service's own
// numbers.
func (s *service) growing(whole float64) string {
	if s.OnlyTo {
		return fmt.Sprintf("the last pause is %g times the first, but that %s has moments of its own", whole, s.Engine)
	}
	return "the third pause is four times the first, but that " + s.Engine + " may add a quarter of a second to each"
}

// longestCountdown is the source's own: no scenario waits for longer.
const longestCountdown = time.Minute

// pausesInAll is how many countdowns all the pauses of a task take together, and how many the
// last of them.
func (s *service) pausesInAll() (all, last float64) { return s.pausesOf(s.Retries) }

// pausesOf is the same of the first so many pauses.
func (s *service) pausesOf(n int) (all, last float64) {
	for i := range n {
		last = math.Pow(s.Growth, float64(i))
		all += last
	}
	return all, last
}

// givenUp is a drain in which tasks that fail each time are given up: without an end to
// retries there is none to it.
func (s *service) givenUp(countdown time.Duration) time.Duration {
	all, _ := s.pausesInAll()
	return max(8*time.Second, 5*time.Second+time.Duration(float64(countdown)*all*(1+s.Spread)))
}

// apiHeals takes the API away for a while.
func apiHeals(p profile.Profile, s *service) harness.Scenario {
	t := p.Outage()
	countdown, last := s.outlasting(t.Inject)
	t.Drain = last*3/2 + 5*time.Second
	s.compress(countdown)
	return s.withMail(harness.Scenario{
		Name:     "task/api-heals",
		Claim:    fmt.Sprintf("An outage of the API of %s delays mail, and costs none.", t.Inject),
		Timeline: t,
		Faults:   []harness.Fault{adapter.Misbehave("down", s.Far, s.down())},
		Checks: []verdict.Check{
			nothing("ledger.failed_exhausted").AsPrimary().Because(fmt.Sprintf("the outage is shorter than %s attempts take", spelt(s.attempts()))),
			nothing("ledger.failed_permanent"), nothing("tasks.too_late"),
			verdict.Metric(s.far("attempts.max")).AtMost(verdict.Count(int64(s.attempts()))),
			verdict.Metric(s.far("attempts.max")).AtLeast(verdict.Count(2)).Because("somebody must have met the outage").OrNotExercised(),
			verdict.Metric("drain.duration").AtMost(verdict.Duration(last*5/4 + 2*time.Second)).Because("the longest countdown and its spread, after the last phase"),
		},
	}, emailapi.Config{}, steady("mail", 60, t.Total()), steady("notify", 20, t.Total()).about(1))
}

// outlasting is a countdown with which the attempts of a task take longer than an outage,
// and the last pause between them. By the source's numbers four attempts take seven
// countdowns, more than twice the outage.
func (s *service) outlasting(outage time.Duration) (countdown, last time.Duration) {
	all, longest := s.pausesInAll()
	countdown = time.Duration(float64(min(outage/3, longestCountdown)) * 7 / all)
	return countdown, time.Duration(float64(countdown) * longest)
}

// retryAfter has the API ask for patience in every form.
func retryAfter(p profile.Profile, s *service) harness.Scenario {
	s.api("has no Retry-After")
	t := p.Brief()
	const countdown, most = 100 * time.Millisecond, time.Second
	forms := []struct {
		name, text string
		least      time.Duration // that it asks for, within the ceiling; 0: it is left aside
	}{
		{"seconds", "status 429 retry-after=1", time.Second},
		{"date", "status 503 retry-after=date+2s", time.Second}, // dates have whole seconds
		{"decimal", "status 429 retry-after=0.6", 600 * time.Millisecond},
		{"endless", "status 429 retry-after=99999999999", most},
		{"past", "status 503 retry-after=date-1h", 0},
		{"zero", "status 429 retry-after=0", 0},
		{"negative", "status 429 retry-after=-5", 0},
		{"words", "status 429 retry-after=soon", 0},
	}
	var faults []harness.Fault
	var prefixes []string
	s.compress(countdown)
	s.bound(contract.LongestRetryAfter, most)
	sc := harness.Scenario{
		Name:        "task/retry-after",
		Claim:       "No retry comes before the Retry-After of an answer, in seconds, whole or decimal, or as a date; one that asks for too much is cut, and one that makes no sense is left aside.",
		Protections: []string{"task.honour-retry-after"},
		Timeline:    t,
	}
	for _, f := range forms {
		prefixes = append(prefixes, f.name)
		faults = append(faults, adapter.Always(f.name, s.Far, fmt.Sprintf("%s nth=1 key=%s-*", f.text, f.name)))
		sc.Measures = append(sc.Measures, s.pause(f.name, "min"), s.pause(f.name, "max"))
		if f.least > 0 {
			sc.Checks = append(sc.Checks, verdict.Metric(f.name+".pause.min").AtLeast(verdict.Duration(f.least-10*time.Millisecond)).
				Because(fmt.Sprintf("asked for %s, but for what the answer was under way", f.least)).Guarding("task.honour-retry-after"))
		}
		sc.Checks = append(sc.Checks, verdict.Metric(f.name+".pause.max").AtMost(verdict.Duration(most*12/10+time.Second)).
			Because("no longer than its ceiling and the spread, and the machine's second"))
	}
	sc.Faults = faults
	sc.Checks = append(sc.Checks, nothing("ledger.failed_exhausted"), nothing("ledger.failed_permanent"))
	return s.withMail(sc, emailapi.Config{}, steady("mail", 70, t.Total()).each(prefixes...))
}

// replyLost has the API take mail on without its client hearing of it.
func replyLost(p profile.Profile, s *service) harness.Scenario {
	s.api("cannot tell a mail that it had before")
	t := p.Brief()
	type way struct{ name, text string }
	ways := []way{
		{"reset", "lost reset"}, {"close", "lost close"}, {"hang", "lost hang"}, {"half", "reset body"},
		{"gateway", "status 504 html carried-out"}, {"unreadable", "json malformed"}, {"drip", "drip gap=500ms"},
	}
	if s.Mail != nil && !s.SMTP { // what an answer tells of each message is known
		ways = append(ways, way{"impossible", "wrong impossible"})
	}
	var faults []harness.Fault
	var prefixes []string
	for _, w := range ways {
		prefixes = append(prefixes, w.name)
		faults = append(faults, adapter.Always(w.name, s.Far, fmt.Sprintf("%s nth=1 key=%s-*", w.text, w.name)))
	}
	// Of a task that takes more than one call only the last is lost.
	faults = append(faults, adapter.Always("last", s.Far, "lost reset nth=1 key=last-*"))
	several := s.large("several", 12, t.Total())
	whole := several.to
	several.to = func(n int64) []string { return append(whole(n)[1:], fmt.Sprintf("last-%d@tasks.example", n)) }
	s.compress(compressedCountdown)
	const timeout = 300 * time.Millisecond
	s.bound(contract.SendTimeout, timeout)
	var bounded []verdict.Check
	if !s.OnlyTo { // nobody measures it elsewhere
		bounded = append(bounded, verdict.Metric(s.far("call.max")).AtMost(verdict.Duration(2*timeout)).Because("a call has a timeout, to its last byte"))
	}
	return s.withMail(harness.Scenario{
		Name:        "task/reply-lost",
		Claim:       fmt.Sprintf("When the API took a mail on and its answer was lost, in any of %s ways, the task is tried again and nobody gets a second mail.", spelt(len(ways))),
		Protections: []string{"task.idempotency-key"},
		Timeline:    t,
		Faults:      faults,
		Checks: append([]verdict.Check{
			verdict.Metric("tasks.attempts.min").Equals(verdict.Count(2)).Because("what may not have been done is tried again"),
			nothing("ledger.failed_permanent"), nothing("ledger.failed_exhausted"),
		}, bounded...),
	}, emailapi.Config{}, steady("mail", 60, t.Total()).each(prefixes...).severalOf("impossible"), several)
}

// mostShed is how many calls at once the API of a retry storm stands.
const mostShed = 6

// retryStorm has an API that buckles under load, as one that its clients' retries keep down:
// it stands fewer calls at once than the service makes.
func retryStorm(p profile.Profile, s *service) harness.Scenario {
	s.api("has no Retry-After")
	t := p.Outage()
	stands := max(1, min(mostShed, s.Workers/2))
	s.compress(compressedCountdown)
	return s.withMail(harness.Scenario{
		Name:     "task/retry-storm",
		Claim:    fmt.Sprintf("An API that buckles under load gets no storm of retries on top: attempts stay within %s a task, and it recovers with nothing lost.", spelt(s.attempts())),
		Timeline: t,
		Faults:   []harness.Fault{adapter.Misbehave("overrun", s.Far, fmt.Sprintf("overload base=20ms slope=5ms shed=%d", stands))},
		Measures: []harness.Measure{s.turnedAway("overrun")},
		Checks: []verdict.Check{
			verdict.Metric(s.far("calls_per_task")).AtMost(verdict.Times(2)).AsPrimary().Because("its Retry-After is obeyed, so most get through at their second attempt"),
			verdict.Metric("overrun.tries.min").AtLeast(verdict.Count(2)).Because("whatever it turned away is tried again"),
			verdict.Metric(s.far("attempts.max")).AtMost(verdict.Count(int64(s.attempts()))),
			nothing("ledger.failed_permanent"),
			verdict.Metric(s.far("in_flight")).In(result.Heal).FallsTo(verdict.Count(int64(s.Workers)), time.Second),
		},
	}, emailapi.Config{}, steady("mail", 200, t.Total()))
}

// poison are tasks that fail whenever they are tried.
func poison(p profile.Profile, s *service) harness.Scenario {
	t := p.Brief()
	s.compress(briefCountdown)
	return s.withMail(harness.Scenario{
		Name:        "task/poison",
		Claim:       fmt.Sprintf("Tasks over which the API fails each time are given up after %s attempts, and hold nobody up.", spelt(s.attempts())),
		Protections: []string{"task.max-retries"},
		Timeline:    profile.WithDrain(t, s.givenUp(briefCountdown)),
		Faults:      []harness.Fault{adapter.Always("poisoned", s.Far, s.broken()+" key=poison-*")},
		Checks: []verdict.Check{
			verdict.Metric(s.far("attempts.max")).Equals(verdict.Count(int64(s.attempts()))).AsPrimary().Because(fmt.Sprintf("max %d retries", s.Retries)).Guarding("task.max-retries"),
			verdict.Metric("mail.delay.p90").AtMost(verdict.Duration(500 * time.Millisecond)),
			nothing("mail.failed_tasks"),
		},
	}, emailapi.Config{}, steady("poison", 10, t.Total()), steady("mail", 60, t.Total()))
}

// apiSlow has the API take its time over each call, of whichever kind of task.
func apiSlow(p profile.Profile, s *service) harness.Scenario {
	t := p.Outage()
	t.Inject = p.Phase
	const rate, quick = 40, 200 * time.Millisecond
	s.compress(compressedCountdown)
	return s.withMail(harness.Scenario{
		Name:     "task/api-slow",
		Claim:    "While the API takes its time over each call, tasks are taken on as quickly as ever, and done by and by.",
		Timeline: profile.WithDrain(t, 10*time.Second),
		Faults:   []harness.Fault{adapter.Misbehave("slow", s.Far, "delay 500ms")},
		Checks: []verdict.Check{
			verdict.Metric("mail.latency.p90").In(result.Inject).AtMost(verdict.Duration(quick)).AsPrimary().Because("who takes a task on waits for nobody who does one"),
			verdict.Metric("notify.latency.p90").In(result.Inject).AtMost(verdict.Duration(quick)),
			verdict.Metric("mail.ok_ratio").In(result.Inject).AtLeast(verdict.Percent(98)).Because("a call that is under way holds nothing that taking on needs, a connection to the database for one"),
			verdict.Metric("notify.ok_ratio").In(result.Inject).AtLeast(verdict.Percent(98)),
			nothing("ledger.failed_permanent"), nothing("ledger.failed_exhausted"),
		},
	}, emailapi.Config{}, steady("mail", rate, t.Total()), steady("notify", rate, t.Total()).about(1))
}

// mixed has trouble with the mail of one kind of task.
func mixed(p profile.Profile, s *service) harness.Scenario {
	s.notifications()
	t := p.Outage()
	t.WarmUp, t.Baseline = p.Phase/2, 0 // the sessions that a load is done with are opened before it is measured
	t.Inject = p.Phase                  // several times the timeout of a call, and so long that a queue grows
	// The limit is less than what it costs to wait for a call that hangs to be given up.
	const timeout, limit = 400 * time.Millisecond, 200 * time.Millisecond
	searches, some := s.search()
	s.compress(compressedCountdown)
	s.bound(contract.SendTimeout, timeout)
	return searches.In(s.withMail(harness.Scenario{
		Name:        "task/mixed",
		Claim:       "While the API never answers one kind of task, each call is given up in time, the other kind is sent as quickly as ever, and so are searches answered.",
		Protections: []string{"task.queue-isolation", "task.send-timeout"},
		Needs:       harness.Needs{Alone: true, Sessions: 30},
		Timeline:    t,
		Load:        []load.Stream{searches.Served("search", load.Throughout(20).Over(t.Phases()), contract.Around(some))},
		Faults:      []harness.Fault{adapter.Misbehave("hang", s.Far, "hang headers key=slow-*")},
		Checks: []verdict.Check{
			verdict.Metric("notify.delay.p90").In(result.Inject).AtMost(verdict.Duration(limit)).AsPrimary().
				Because("its queue, its workers and its connections are its own").Guarding("task.queue-isolation"),
			verdict.Metric(s.far("call.max")).AtMost(verdict.Duration(2 * timeout)).Because("a call has a timeout, to its last byte").Guarding("task.send-timeout"),
			nothing("notify.failed_tasks"), nothing("search.failed"),
			verdict.Metric("search.latency.p90").In(result.Inject).AtMost(verdict.Duration(200 * time.Millisecond)),
		},
	}, emailapi.Config{}, steady("slow", 150, t.Total()), steady("notify", 40, t.Total()).about(1)))
}

// literalCountdown waits for as long as nobody sets it: the source's own 60 s. Where it is not
// known what it is then, it is set to that.
func literalCountdown(p profile.Profile, s *service) harness.Scenario {
	countdown := s.time(contract.NetworkCountdown)
	if countdown == 0 {
		s.needs("settings."+string(contract.NetworkCountdown), "60s, or what it is where nobody sets it")
	}
	whose := "its own countdown"
	switch {
	case !s.OnlyTo:
		whose = "the source's own countdown"
	case s.Settings[contract.NetworkCountdown].Settable():
		whose = "a countdown that was set"
		s.bound(contract.NetworkCountdown, countdown)
	}
	spread := time.Duration(float64(countdown) * s.Spread)
	t := harness.Timeline{Inject: time.Second, Heal: 100 * time.Millisecond, Drain: countdown * 3 / 2}
	return s.withMail(harness.Scenario{
		Name:     "task/literal-countdown",
		Claim:    fmt.Sprintf("With %s, a task that meets an outage is tried again after %g s, give or take %s, and delivered.", whose, countdown.Seconds(), s.share()),
		Slow:     true,
		Timeline: t,
		Faults:   []harness.Fault{adapter.Misbehave("down", s.Far, s.down())},
		Measures: []harness.Measure{s.pause("down", "min"), s.pause("down", "max")},
		Checks: []verdict.Check{
			verdict.Metric("down.pause.min").AtLeast(verdict.Duration(countdown - spread)).AsPrimary().Because(fmt.Sprintf("%g s, less the spread", countdown.Seconds())),
			verdict.Metric("down.pause.max").AtMost(verdict.Duration(countdown + spread + 6*time.Second)).Because(fmt.Sprintf("%g s, and the spread, and %s's look at what is due every 5 s", countdown.Seconds(), s.Engine)),
			nothing("ledger.failed_exhausted"), nothing("ledger.failed_permanent"),
			verdict.Metric("tasks.attempts.min").Equals(verdict.Count(2)),
		},
	}, emailapi.Config{}, steady("mail", 100, t.Inject*9/10))
}
