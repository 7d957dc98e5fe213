package task

import (
	"fmt"
	"time"

	"holdfast.dev/holdfast/adapter"
	"holdfast.dev/holdfast/fakes/emailapi"
	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
	"holdfast.dev/holdfast/reference/schema"
	"holdfast.dev/holdfast/scenarios/profile"
	"holdfast.dev/holdfast/scenarios/search"
)

// apiDown takes the API away for good, from tasks that all fail together.
func apiDown(p profile.Profile) harness.Scenario {
	t := p.Brief()
	t.Drain = 8 * time.Second // without an end to retries there is none to the drain
	// Long enough that River's own moments do not blur the pauses.
	const countdown = 300 * time.Millisecond
	mails := steady("mail", 100/t.Total().Seconds(), t.Total()) // at once would be too much for a small machine's generator
	return withMail(p, harness.Scenario{
		Name:        "task/api-down",
		Claim:       "While the API is down each task is tried four times, later each time and not all at once, and then fails where everybody can see it.",
		Protections: []string{"task.max-retries", "task.backoff", "task.jitter"},
		Settings:    compressedSettings(countdown, nil),
		Compressed:  compressedTimes(countdown),
		Timeline:    t,
		Faults:      []harness.Fault{adapter.Always("down", mailAPI, "status 503")},
		Measures:    pauses(),
		Checks: []verdict.Check{
			verdict.Metric("mail_api.attempts.max").Equals(verdict.Count(maxAttempts)).AsPrimary().Because("max 3 retries, as the fake counted them").Guarding("task.max-retries"),
			verdict.Metric("tasks.attempts.max").Equals(verdict.Count(maxAttempts)).Because("max 3 retries, as the queue counted them").Guarding("task.max-retries"),
			verdict.Metric("tasks.attempts.min").Equals(verdict.Count(maxAttempts)).Because("an outage may pass: each is tried again"),
			nothing("mail.unfailed_tasks"), nothing("ledger.failed_permanent"),
			nothing("tasks.too_late").Because("each attempt comes within its countdown, its spread and a second"),
			verdict.Metric("mail_api.gap.growth").AtLeast(verdict.Times(2)).Because("the third pause is four times the first, but that River may add a quarter of a second to each").Guarding("task.backoff"),
			verdict.Metric("mail_api.gap.spread").AtLeast(verdict.Percent(15)).Because("a spread of 20 % to both sides has 80 % of the pauses within 32 %").Guarding("task.jitter"),
			verdict.Metric("tasks.waits.short").AtLeast(verdict.Percent(10)).Because("half of the countdowns are spread to the shorter side, but that the target looks at what is due every tenth of a second").Guarding("task.jitter"),
		},
	}, emailapi.Config{}, mails)
}

// apiHeals takes the API away for a while.
func apiHeals(p profile.Profile) harness.Scenario {
	t := p.Outage()
	countdown := min(t.Inject/3, sourceCountdown) // four attempts take seven of them
	t.Drain = 6*countdown + 5*time.Second
	return withMail(p, harness.Scenario{
		Name:       "task/api-heals",
		Claim:      fmt.Sprintf("An outage of the API of %s delays mail, and costs none.", t.Inject),
		Settings:   compressedSettings(countdown, nil),
		Compressed: compressedTimes(countdown),
		Timeline:   t,
		Faults:     []harness.Fault{adapter.Misbehave("down", mailAPI, "status 503")},
		Checks: []verdict.Check{
			nothing("ledger.failed_exhausted").AsPrimary().Because("the outage is shorter than four attempts take"),
			nothing("ledger.failed_permanent"), nothing("tasks.too_late"),
			verdict.Metric("mail_api.attempts.max").Between(verdict.Count(2), verdict.Count(maxAttempts)).Because("somebody must have met the outage"),
			verdict.Metric("drain.duration").AtMost(verdict.Duration(5*countdown + 2*time.Second)).Because("the longest countdown and its spread, after the last phase"),
		},
	}, emailapi.Config{}, steady("mail", 60, t.Total()), steady("notify", 20, t.Total()).about(1))
}

// retryAfter has the API ask for patience in every form.
func retryAfter(p profile.Profile) harness.Scenario {
	t := p.Brief()
	const countdown, most = 100 * time.Millisecond, time.Second
	forms := []struct {
		name, text string
		obeyed     bool
	}{
		{"seconds", "status 429 retry-after=1", true},
		{"date", "status 503 retry-after=date+2s", true}, // dates have whole seconds
		{"decimal", "status 429 retry-after=1.0", true},
		{"endless", "status 429 retry-after=99999999999", true},
		{"past", "status 503 retry-after=date-1h", false},
		{"zero", "status 429 retry-after=0", false},
		{"negative", "status 429 retry-after=-5", false},
		{"words", "status 429 retry-after=soon", false},
	}
	var faults []harness.Fault
	var prefixes []string
	s := harness.Scenario{
		Name:        "task/retry-after",
		Claim:       "No retry comes before the Retry-After of an answer, in seconds, whole or decimal, or as a date; one that asks for too much is cut, and one that makes no sense is left aside.",
		Protections: []string{"task.honour-retry-after"},
		Settings:    compressedSettings(countdown, map[string]string{"TASK_MAX_RETRY_AFTER": most.String()}),
		Compressed:  append(compressedTimes(countdown), profile.Compressed("longest Retry-After that is followed", 10*time.Minute, most)),
		Timeline:    t,
	}
	for _, f := range forms {
		prefixes = append(prefixes, f.name)
		faults = append(faults, adapter.Always(f.name, mailAPI, fmt.Sprintf("%s nth=1 key=%s-*", f.text, f.name)))
		s.Measures = append(s.Measures, pause(f.name, "min"), pause(f.name, "max"))
		if f.obeyed {
			s.Checks = append(s.Checks, verdict.Metric(f.name+".pause.min").AtLeast(verdict.Duration(990*time.Millisecond)).
				Because("asked for a second, but for what the answer was under way").Guarding("task.honour-retry-after"))
		}
		s.Checks = append(s.Checks, verdict.Metric(f.name+".pause.max").AtMost(verdict.Duration(most*12/10+time.Second)).
			Because("no longer than its ceiling and the spread, and the machine's second"))
	}
	s.Faults = faults
	s.Checks = append(s.Checks, nothing("ledger.failed_exhausted"), nothing("ledger.failed_permanent"))
	return withMail(p, s, emailapi.Config{}, steady("mail", 70, t.Total()).each(prefixes...))
}

// replyLost has the API take mail on without its client hearing of it.
func replyLost(p profile.Profile) harness.Scenario {
	t := p.Brief()
	ways := []struct{ name, text string }{
		{"reset", "lost reset"}, {"close", "lost close"}, {"hang", "lost hang"}, {"half", "reset body"},
		{"gateway", "status 504 html carried-out"}, {"unreadable", "json malformed"},
	}
	var faults []harness.Fault
	var prefixes []string
	for _, w := range ways {
		prefixes = append(prefixes, w.name)
		faults = append(faults, adapter.Always(w.name, mailAPI, fmt.Sprintf("%s nth=1 key=%s-*", w.text, w.name)))
	}
	return withMail(p, harness.Scenario{
		Name:        "task/reply-lost",
		Claim:       "When the API took a mail on and its answer was lost, in any of six ways, the task is tried again and nobody gets a second mail.",
		Protections: []string{"task.idempotency-key"},
		Settings:    compressedSettings(compressedCountdown, map[string]string{"TASK_SEND_TIMEOUT": "300ms"}),
		Compressed:  append(compressedTimes(compressedCountdown), profile.Compressed("timeout of a call", 10*time.Second, 300*time.Millisecond)),
		Timeline:    t,
		Faults:      faults,
		Checks: []verdict.Check{
			verdict.Metric("tasks.attempts.min").Equals(verdict.Count(2)).Because("what may not have been done is tried again"),
			nothing("ledger.failed_permanent"), nothing("ledger.failed_exhausted"),
		},
	}, emailapi.Config{}, steady("mail", 60, t.Total()).each(prefixes...))
}

// retryStorm has an API that buckles under load, as one that its clients' retries keep down.
func retryStorm(p profile.Profile) harness.Scenario {
	t := p.Outage()
	return withMail(p, harness.Scenario{
		Name:       "task/retry-storm",
		Claim:      "An API that buckles under load gets no storm of retries on top: attempts stay within four a task, and it recovers with nothing lost.",
		Settings:   compressedSettings(compressedCountdown, nil),
		Compressed: compressedTimes(compressedCountdown),
		Timeline:   t,
		Faults:     []harness.Fault{adapter.Misbehave("overrun", mailAPI, "overload base=20ms slope=5ms shed=6")},
		Checks: []verdict.Check{
			verdict.Metric("mail_api.calls_per_task").AtMost(verdict.Times(2)).AsPrimary().Because("its Retry-After is obeyed, so most get through at their second attempt"),
			verdict.Metric("mail_api.attempts.max").Between(verdict.Count(2), verdict.Count(maxAttempts)),
			nothing("ledger.failed_permanent"),
			verdict.Metric("mail_api.in_flight").In(result.Heal).FallsTo(verdict.Count(taskWorkers), time.Second),
		},
	}, emailapi.Config{}, steady("mail", 200, t.Total()))
}

// poison are tasks that fail whenever they are tried.
func poison(p profile.Profile) harness.Scenario {
	t := p.Brief()
	return withMail(p, harness.Scenario{
		Name:        "task/poison",
		Claim:       "Tasks over which the API fails each time are given up after four attempts, and hold nobody up.",
		Protections: []string{"task.max-retries"},
		Settings:    compressedSettings(briefCountdown, nil),
		Compressed:  compressedTimes(briefCountdown),
		Timeline:    profile.WithDrain(t, 8*time.Second),
		Faults:      []harness.Fault{adapter.Always("poisoned", mailAPI, "status 500 key=poison-*")},
		Checks: []verdict.Check{
			verdict.Metric("mail_api.attempts.max").Equals(verdict.Count(maxAttempts)).AsPrimary().Because("max 3 retries").Guarding("task.max-retries"),
			verdict.Metric("mail.delay.p90").AtMost(verdict.Duration(500 * time.Millisecond)),
			nothing("mail.failed_tasks"),
		},
	}, emailapi.Config{}, steady("poison", 10, t.Total()), steady("mail", 60, t.Total()))
}

// mixed has trouble with the mail of one kind of task.
func mixed(p profile.Profile) harness.Scenario {
	t := p.Outage()
	t.Inject = p.Phase // several times the timeout of a call, and so long that a queue grows
	const timeout = 300 * time.Millisecond
	searches := search.Of(p.Projects)
	return searches.In(withMail(p, harness.Scenario{
		Name:        "task/mixed",
		Claim:       "While the API never answers one kind of task, each call is given up in time, the other kind is sent as quickly as ever, and so are searches answered.",
		Protections: []string{"task.queue-isolation", "task.send-timeout"},
		Settings:    compressedSettings(compressedCountdown, map[string]string{"TASK_SEND_TIMEOUT": timeout.String()}),
		Compressed:  append(compressedTimes(compressedCountdown), profile.Compressed("timeout of a call", 10*time.Second, timeout)),
		Timeline:    t,
		Load:        []load.Stream{searches.Served("search", load.Throughout(20).Over(t.Phases()), search.Around(schema.TermTwoHundred))},
		Faults:      []harness.Fault{adapter.Misbehave("hang", mailAPI, "hang headers key=slow-*")},
		Checks: []verdict.Check{
			verdict.Metric("notify.delay.p90").In(result.Inject).AtMost(verdict.Duration(400 * time.Millisecond)).AsPrimary().
				Because("its queue and its workers are its own").Guarding("task.queue-isolation"),
			verdict.Metric("mail_api.call.max").AtMost(verdict.Duration(2 * timeout)).Because("a call has a timeout, to its last byte").Guarding("task.send-timeout"),
			nothing("notify.failed_tasks"), nothing("search.failed"),
			verdict.Metric("search.latency.p90").In(result.Inject).AtMost(verdict.Duration(200 * time.Millisecond)),
		},
	}, emailapi.Config{}, steady("slow", 150, t.Total()), steady("notify", 40, t.Total()).about(1)))
}

// literalCountdown waits for the source's own 60 s.
func literalCountdown(p profile.Profile) harness.Scenario {
	t := harness.Timeline{Inject: time.Second, Heal: 100 * time.Millisecond, Drain: 90 * time.Second}
	return withMail(p, harness.Scenario{
		Name:     "task/literal-countdown",
		Claim:    "With the source's own countdown, a task that meets an outage is tried again after 60 s, give or take a fifth, and delivered.",
		Slow:     true,
		Timeline: t,
		Faults:   []harness.Fault{adapter.Misbehave("down", mailAPI, "status 503")},
		Measures: []harness.Measure{pause("down", "min"), pause("down", "max")},
		Checks: []verdict.Check{
			verdict.Metric("down.pause.min").AtLeast(verdict.Duration(48 * time.Second)).AsPrimary().Because("60 s, less the spread"),
			verdict.Metric("down.pause.max").AtMost(verdict.Duration(72*time.Second + 6*time.Second)).Because("60 s, and the spread, and River's look at what is due every 5 s"),
			nothing("ledger.failed_exhausted"), nothing("ledger.failed_permanent"),
			verdict.Metric("tasks.attempts.min").Equals(verdict.Count(2)),
		},
	}, emailapi.Config{}, steady("mail", 100, t.Inject*9/10))
}
