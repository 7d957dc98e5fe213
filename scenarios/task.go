package scenarios

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"holdfast/fakes/emailapi"
	"holdfast/fakes/journal"
	"holdfast/harness"
	"holdfast/harness/load"
	"holdfast/harness/probe"
	"holdfast/harness/result"
	"holdfast/harness/verdict"
	"holdfast/reference/schema"
)

// Numbers of the source, and of the target's own configuration.
const (
	maxAttempts     = 4                // MAX_RETRIES_TASKS = 3, after the first
	sourceCountdown = 60 * time.Second // after an error of the network or the database
	taskWorkers     = 16               // of each queue
	// hurry is what the countdowns are compressed to.
	hurry = 300 * time.Millisecond
)

func taskScenarios(p Profile) []harness.Scenario {
	return []harness.Scenario{
		refusedKey(p),
		parked(p),
		keyRotated(p),
		invalidMessage(p),
		projectNotFound(p),
		apiDown(p),
		apiHeals(p),
		errorNames(p),
		retryAfter(p),
		quotaSpent(p),
		replyLost(p),
		retryStorm(p),
		poison(p),
		mixed(p),
		killed(p),
		killedOften(p),
		stoppedUnderLoad(p),
		databaseGone(p),
		commitRepliesLost(p),
		backendsTerminated(p),
		literalCountdown(p),
	}
}

// tasks completes a scenario about these mailings: the projects and the e-mail
// API that they need, the load, when it is done, and the two-sided ledger, in
// which nothing may be lost and nothing doubled.
func (p Profile) tasks(s harness.Scenario, api emailapi.Config, mailings ...mailing) harness.Scenario {
	s.World = world(p.Projects)
	replaced := slices.ContainsFunc(s.Faults, func(f harness.Fault) bool { return f.Kind == keyRevoked{} })
	s.World.Outside = []harness.Outside{mailFake(api, replaced)}
	s.World.Furnish = func(ctx context.Context, o harness.Observed) error { return furnishOwners(ctx, o, mailings) }
	var streams []load.Stream
	for _, m := range mailings {
		streams = append(streams, m.stream())
	}
	s.Load = append(streams, s.Load...)
	if s.Settled == nil {
		s.Settled = settled
	}
	s.Account = func(ctx context.Context, o harness.Observed) (result.Ledger, error) { return account(ctx, o, mailings) }
	s.Measures = append(taskMeasures(mailings), s.Measures...)
	s.Watch = append(s.Watch, depth("pending"), depth("retrying"),
		probe.Metric{Series: probe.Series{Name: "queue.oldest", Unit: result.UnitSeconds}, Name: "queue_oldest_job_age_seconds"})
	s.Holds = append([]verdict.Check{
		nothing("ledger.lost").Because("what was answered 202 is done, or has failed where everybody can see it").Guarding(guarded(s, "task.durable-enqueue")...),
		nothing("ledger.duplicated").Because("nobody gets the same mail twice").Guarding(guarded(s, "task.idempotency-key")...),
		nothing("tasks.unfinished").Because("the queue drains").Guarding(guarded(s, "task.rescue-crashed", "task.max-retries")...),
	}, s.Holds...)
	return s
}

// depth is how many tasks are in a state, as the target tells it.
func depth(state string) probe.Metric {
	return probe.Metric{Series: probe.Series{Name: "queue." + state, Unit: result.UnitCount}, Name: "queue_jobs", Labels: map[string]string{"state": state}}
}

// guarded are those of the protections that the scenario is about.
func guarded(s harness.Scenario, protections ...string) []string {
	return slices.DeleteFunc(protections, func(name string) bool { return !slices.Contains(s.Guards, name) })
}

func nothing(metric string) verdict.Check { return verdict.Metric(metric).Equals(verdict.Count(0)) }

// hurried are settings with the source's countdowns compressed, and more.
func hurried(countdown time.Duration, more map[string]string) map[string]string {
	settings := map[string]string{
		"TASK_NETWORK_COUNTDOWN": countdown.String(), "TASK_DB_COUNTDOWN": countdown.String(), "TASK_RESCUE_AFTER": "1s",
	}
	maps.Copy(settings, more)
	return settings
}

// inAHurry says what hurried compresses.
func inAHurry(countdown time.Duration) []result.Compressed {
	return []result.Compressed{
		shortened("countdown before a retry", sourceCountdown, countdown),
		shortened("silence after which a worker is taken for dead", 30*time.Second, time.Second),
	}
}

// shortened is a time that is real in production and used here.
func shortened(name string, real, used time.Duration) result.Compressed {
	return result.Compressed{Name: name, RealS: real.Seconds(), UsedS: used.Seconds(), FactorBy: real.Seconds() / used.Seconds()}
}

// untilDone lays a fault on the e-mail API until the last task is done: what is
// tried again meets it again.
func untilDone(id, text string) harness.Fault {
	f := misbehave(id, mailAPI, text)
	f.During = harness.ToTheEnd
	return f
}

// refusedKey is the source's crash, and its third recommended test: a permanent
// error that was retried for ever, until the queue was full of it.
func refusedKey(p Profile) harness.Scenario {
	const rate = 500
	length := time.Duration(p.Doomed) * time.Second / rate
	t := harness.Timeline{Baseline: length}
	return p.tasks(harness.Scenario{
		Name:       "task/refused-key",
		Proves:     fmt.Sprintf("Of %d tasks whose API key is refused each is tried once and fails visibly; the healthy ones among them are not delayed.", p.Doomed),
		Guards:     []string{"task.classify-errors"},
		Headline:   true,
		Settings:   hurried(hurry, nil),
		Compressed: inAHurry(hurry),
		Timeline:   t,
		Faults:     []harness.Fault{untilDone("refused", "status 403 name=invalid_api_key key=doomed-*")},
		Holds: []verdict.Check{
			nothing("mail_api.retries").Decisive().Because("the source's own recommended test: permanent errors are never tried again").Guarding("task.classify-errors"),
			verdict.Metric("mail_api.key_refused").Equals(verdict.Count(int64(p.Doomed))).Because("one attempt each, as the fake counted it").Guarding("task.classify-errors"),
			verdict.Metric("tasks.attempts.max").Equals(verdict.Count(1)).Because("one attempt each, as the queue counted it"),
			verdict.Metric("ledger.failed_permanent").Equals(verdict.Count(int64(p.Doomed))).Because("each has failed where everybody can see it"),
			verdict.Metric("drain.duration").AtMost(verdict.Duration(30 * time.Second)).Because("the queue is empty of them soon"),
			verdict.Metric("healthy.delay.p99").AtMost(verdict.Duration(2 * time.Second)).Because("of the same kind and queue, and not held up"),
			verdict.Metric("notify.delay.p99").AtMost(verdict.Duration(2 * time.Second)),
			verdict.Metric("queue.oldest.max").AtMost(verdict.Quantity{Value: 2, Unit: result.UnitSeconds}).Because("nobody waits behind the doomed"),
			nothing("healthy.failed_tasks"), nothing("notify.failed_tasks"),
			nothing("doomed.failed"), nothing("healthy.failed"),
		},
	}, emailapi.Config{},
		steady("doomed", rate, length), steady("healthy", 60, length), steady("notify", 60, length).about(1))
}

// parked has the key refused for a while, and a target that waits for another.
func parked(p Profile) harness.Scenario {
	t := p.outage()
	return p.tasks(harness.Scenario{
		Name:       "task/parked",
		Proves:     "Where it is configured, a refused key stops the mail queue: nothing is hammered, nothing is lost, and all is delivered once the key is replaced.",
		Guards:     []string{"task.park-refused-key"},
		Settings:   hurried(hurry, map[string]string{"TASK_PARK_REFUSED_KEY": "true"}),
		Compressed: inAHurry(hurry),
		Timeline:   t,
		Faults: []harness.Fault{
			{ID: "revoked", On: mailAPI, Kind: keyRevoked{}},
			untilDone("slow", "delay 30ms"), // so that several are at it when it is refused
		},
		Holds: []verdict.Check{
			verdict.Metric("mail_api.key_refused").AtMost(verdict.Count(taskWorkers)).Decisive().Because("no more than were at it when the first was refused").Guarding("task.park-refused-key"),
			nothing("ledger.failed_permanent").Because("they wait for a key").Guarding("task.park-refused-key"),
			nothing("ledger.failed_exhausted"),
			verdict.Metric("drain.duration").AtMost(verdict.Duration(5 * time.Second)),
		},
	}, emailapi.Config{}, steady("mail", 200, t.Total()))
}

// keyRotated has the key revoked in mid-run and replaced, as the source has it:
// who comes meanwhile fails.
func keyRotated(p Profile) harness.Scenario {
	t := p.outage()
	return p.tasks(harness.Scenario{
		Name:       "task/key-rotated",
		Proves:     "A key that is revoked in mid-run fails those that come meanwhile, once and visibly; with the next key in its file mail flows again, without a restart.",
		Guards:     []string{"task.classify-errors"},
		Settings:   hurried(hurry, nil),
		Compressed: inAHurry(hurry),
		Timeline:   t,
		Faults:     []harness.Fault{{ID: "revoked", On: mailAPI, Kind: keyRevoked{}}},
		Holds: []verdict.Check{
			nothing("mail_api.retries").Decisive().Because("a refused key is a permanent error").Guarding("task.classify-errors"),
			verdict.Metric("ledger.failed_permanent").AtLeast(verdict.Count(1)),
			verdict.Metric("mail.delay.p90").In(result.Heal).AtMost(verdict.Duration(time.Second)).Because("the key is read anew for each call"),
		},
	}, emailapi.Config{}, steady("mail", 60, t.Total()))
}

// invalidMessage has messages that the API refuses among those that it takes.
func invalidMessage(p Profile) harness.Scenario {
	t := p.brief()
	bad := steady("bad", 40, t.Total())
	bad.to = func(n int64) []string {
		return []string{fmt.Sprintf("bad-%d@tasks.example", n), fmt.Sprintf("nobody %d", n), fmt.Sprintf("bad-%d-too@tasks.example", n)}
	}
	return p.tasks(harness.Scenario{
		Name:     "task/invalid-message",
		Proves:   "A batch with a message that cannot be sent fails visibly after one attempt, its other messages are sent, and other batches are not held up.",
		Guards:   []string{"task.classify-errors"},
		Settings: hurried(hurry, nil), Compressed: inAHurry(hurry),
		Timeline: t,
		Holds: []verdict.Check{
			verdict.Metric("tasks.attempts.max").Equals(verdict.Count(1)).Decisive().Because("another try would not make it an address").Guarding("task.classify-errors"),
			verdict.Metric("bad.failed_tasks").Equals(verdict.Count(load.Planned(bad.profile))),
			nothing("tasks.unserved").Because("two of three are sent"),
			nothing("good.failed_tasks"),
			verdict.Metric("good.delay.p90").AtMost(verdict.Duration(time.Second)),
		},
	}, emailapi.Config{}, bad, steady("good", 40, t.Total()))
}

// projectNotFound tells owners of projects that there are not.
func projectNotFound(p Profile) harness.Scenario {
	t := p.brief()
	ghost := steady("ghost", 40, t.Total()).about(noProject)
	ghost.to = func(int64) []string { return []string{"nobody"} }
	return p.tasks(harness.Scenario{
		Name:     "task/project-not-found",
		Proves:   "A task about a project that does not exist fails visibly after one attempt and sends nothing; others are not held up.",
		Guards:   []string{"task.classify-errors"},
		Settings: hurried(hurry, nil), Compressed: inAHurry(hurry),
		Timeline: t,
		Holds: []verdict.Check{
			verdict.Metric("tasks.attempts.max").Equals(verdict.Count(1)).Decisive().Because("another try would not find it").Guarding("task.classify-errors"),
			verdict.Metric("ghost.failed_tasks").Equals(verdict.Count(load.Planned(ghost.profile))),
			nothing("good.failed_tasks"), nothing("tasks.unserved"),
			verdict.Metric("good.delay.p90").AtMost(verdict.Duration(time.Second)),
		},
	}, emailapi.Config{}, ghost, steady("good", 40, t.Total()).about(1))
}

// apiDown takes the API away for good, from tasks that all fail together.
func apiDown(p Profile) harness.Scenario {
	t := p.brief()
	t.Drain = 8 * time.Second // without an end to retries there is none to the drain
	mails := mailing{name: "mail", profile: load.Bursts(100, t.Total(), t.Total())}
	return p.tasks(harness.Scenario{
		Name:       "task/api-down",
		Proves:     "While the API is down each task is tried four times, later each time and not all at once, and then fails where everybody can see it.",
		Guards:     []string{"task.max-retries", "task.backoff", "task.jitter"},
		Settings:   hurried(hurry, nil),
		Compressed: inAHurry(hurry),
		Timeline:   t,
		Faults:     []harness.Fault{untilDone("down", "status 503")},
		Holds: []verdict.Check{
			verdict.Metric("mail_api.attempts.max").Equals(verdict.Count(maxAttempts)).Decisive().Because("max 3 retries, as the fake counted them").Guarding("task.max-retries"),
			verdict.Metric("tasks.attempts.max").Equals(verdict.Count(maxAttempts)).Because("max 3 retries, as the queue counted them").Guarding("task.max-retries"),
			verdict.Metric("tasks.attempts.min").Equals(verdict.Count(maxAttempts)).Because("an outage may pass: each is tried again"),
			verdict.Metric("ledger.failed_exhausted").Equals(verdict.Count(load.Planned(mails.profile))),
			verdict.Metric("mail_api.gap.growth").AtLeast(verdict.Times(2)).Because("the third pause is four times the first, and that is River's own quarter of a second longer").Guarding("task.backoff"),
			verdict.Metric("mail_api.gap.spread").AtLeast(verdict.Percent(15)).Because("a spread of 20 % to both sides has 80 % of the pauses within 32 %").Guarding("task.jitter"),
		},
	}, emailapi.Config{}, mails)
}

// apiHeals takes the API away for a while.
func apiHeals(p Profile) harness.Scenario {
	t := p.outage()
	countdown := min(t.Inject/3, sourceCountdown) // four attempts take seven of them
	t.Drain = 6*countdown + 5*time.Second
	return p.tasks(harness.Scenario{
		Name:       "task/api-heals",
		Proves:     fmt.Sprintf("An outage of the API of %s delays mail, and costs none.", t.Inject),
		Settings:   hurried(countdown, nil),
		Compressed: inAHurry(countdown),
		Timeline:   t,
		Faults:     []harness.Fault{misbehave("down", mailAPI, "status 503")},
		Holds: []verdict.Check{
			nothing("ledger.failed_exhausted").Decisive().Because("the outage is shorter than four attempts take"),
			nothing("ledger.failed_permanent"),
			verdict.Metric("mail_api.attempts.max").Between(verdict.Count(2), verdict.Count(maxAttempts)).Because("somebody must have met the outage"),
			verdict.Metric("drain.duration").AtMost(verdict.Duration(5*countdown + 2*time.Second)).Because("the longest countdown and its spread, after the last phase"),
		},
	}, emailapi.Config{}, steady("mail", 60, t.Total()), steady("notify", 20, t.Total()).about(1))
}

// errorNames has the API answer each of its errors for good.
func errorNames(p Profile) harness.Scenario {
	t := p.brief()
	catalogue := emailapi.Errors()
	var faults []harness.Fault
	prefixes := make([]string, len(catalogue))
	for i, e := range catalogue {
		prefixes[i] = fmt.Sprintf("e%d", i)
		faults = append(faults, untilDone(fmt.Sprintf("%d-%s", e.Status, strings.ReplaceAll(e.Name, "_", "-")),
			fmt.Sprintf("status %d name=%s key=%s-* id=%s", e.Status, e.Name, prefixes[i], prefixes[i])))
	}
	return p.tasks(harness.Scenario{
		Name:       "task/error-names",
		Proves:     fmt.Sprintf("Each of the API's %d errors is taken for what it is by its name and status: one attempt for a permanent one, four for one that may pass.", len(catalogue)),
		Guards:     []string{"task.classify-errors", "task.max-retries"},
		Settings:   hurried(hurry, nil),
		Compressed: inAHurry(hurry),
		Timeline:   withDrain(t, 8*time.Second),
		Faults:     faults,
		Measures:   []harness.Measure{wrongAttempts(catalogue), wrongClasses(catalogue)},
		Holds: []verdict.Check{
			nothing("mail_api.wrong_attempts").Decisive().Because("by the class that the fake's own catalogue gives the error").Guarding("task.classify-errors", "task.max-retries"),
			nothing("tasks.wrong_classes").Because("the queue tells the class of a failure"),
			nothing("ledger.delivered"),
		},
	}, emailapi.Config{}, steady("mail", 120, t.Total()).each(prefixes...))
}

func withDrain(t harness.Timeline, most time.Duration) harness.Timeline { t.Drain = most; return t }

// wrongAttempts counts the calls that were tried another number of times than
// the class of their error asks for, as the fake counted them: once if it is
// permanent, else four times. The fault e3 answers the third error.
func wrongAttempts(catalogue []emailapi.Error) harness.Measure {
	return harness.Measure{
		Descriptor: verdict.Descriptor{Name: "mail_api.wrong_attempts", Unit: result.UnitCount},
		Read: func(o harness.Observed, _ verdict.Window) verdict.Reading {
			j := o.Fakes[mailAPI].(*mailStand).api.Journal()
			var r verdict.Reading
			for i, e := range catalogue {
				want := maxAttempts
				if e.Class == emailapi.Permanent || e.Class == emailapi.Parked {
					want = 1
				}
				for _, n := range j.Attempts(journal.Filter{Where: brokenBy(fmt.Sprintf("e%d", i))}) {
					r.Samples++
					r.Value += float64(toInt(n != want))
				}
			}
			return r
		},
	}
}

// brokenBy picks what a fault of that name acted on.
func brokenBy(fault string) func(journal.Entry) bool {
	return func(e journal.Entry) bool {
		for _, f := range e.Faults {
			if f == fault {
				return true
			}
		}
		return false
	}
}

// wrongClasses counts the tasks that failed under another class than the fake's
// catalogue has for their error.
func wrongClasses(catalogue []emailapi.Error) harness.Measure {
	accepted := func(t taskRecord) bool { return t.accepted }
	return overTasks("tasks.wrong_classes", accepted, func(ts []taskRecord) float64 {
		return counting(ts, func(t taskRecord) int {
			want := catalogue[t.n%int64(len(catalogue))].Class
			if want == emailapi.Parked {
				want = emailapi.Permanent
			}
			return toInt(t.class != string(want))
		})
	})
}

// retryAfter has the API ask for patience in every form.
func retryAfter(p Profile) harness.Scenario {
	t := p.brief()
	const countdown, most = 100 * time.Millisecond, time.Second
	forms := []struct {
		name, text string
		obeyed     bool
	}{
		{"seconds", "status 429 retry-after=1", true},
		{"date", "status 503 retry-after=date+2s", true}, // dates have whole seconds
		{"endless", "status 429 retry-after=99999999999", true},
		{"past", "status 503 retry-after=date-1h", false},
		{"zero", "status 429 retry-after=0", false},
		{"negative", "status 429 retry-after=-5", false},
		{"words", "status 429 retry-after=soon", false},
	}
	var faults []harness.Fault
	var prefixes []string
	s := harness.Scenario{
		Name:       "task/retry-after",
		Proves:     "No retry comes before the Retry-After of an answer, in seconds or as a date; one that asks for too much is cut, and one that makes no sense is left aside.",
		Guards:     []string{"task.honour-retry-after"},
		Settings:   hurried(countdown, map[string]string{"TASK_MAX_RETRY_AFTER": most.String()}),
		Compressed: append(inAHurry(countdown), shortened("longest Retry-After that is followed", 10*time.Minute, most)),
		Timeline:   t,
	}
	for _, f := range forms {
		prefixes = append(prefixes, f.name)
		faults = append(faults, untilDone(f.name, fmt.Sprintf("%s nth=1 key=%s-* id=%s", f.text, f.name, f.name)))
		s.Measures = append(s.Measures, pause(f.name, "min"), pause(f.name, "max"))
		if f.obeyed {
			s.Holds = append(s.Holds, verdict.Metric(f.name+".pause.min").AtLeast(verdict.Duration(990*time.Millisecond)).
				Because("asked for a second, but for what the answer was under way").Guarding("task.honour-retry-after"))
		}
		s.Holds = append(s.Holds, verdict.Metric(f.name+".pause.max").AtMost(verdict.Duration(most*12/10+time.Second)).
			Because("no longer than its ceiling and the spread, and the machine's second"))
	}
	s.Faults = faults
	s.Holds = append(s.Holds, nothing("ledger.failed_exhausted"), nothing("ledger.failed_permanent"))
	return p.tasks(s, emailapi.Config{}, steady("mail", 70, t.Total()).each(prefixes...))
}

// pause is the shortest or longest pause after an answer that a fault gave:
// NAME.pause.min, NAME.pause.max.
func pause(name, which string) harness.Measure {
	return harness.Measure{
		Descriptor: verdict.Descriptor{Name: name + ".pause." + which, Unit: result.UnitMS, About: "between the answer and the next attempt"},
		Read: func(o harness.Observed, _ verdict.Window) verdict.Reading {
			j := o.Fakes[mailAPI].(*mailStand).api.Journal()
			hit := j.Attempts(journal.Filter{Where: brokenBy(name)})
			var all []time.Duration
			for _, g := range j.Gaps(journal.Filter{}) {
				if hit[g.Name] > 0 && g.Attempt == 2 {
					all = append(all, g.FromEnd)
				}
			}
			if len(all) == 0 {
				return verdict.Reading{}
			}
			q := 0.0
			if which == "max" {
				q = 1
			}
			return verdict.Reading{Value: milliseconds(quantile(all, q)), Samples: int64(len(all))}
		},
	}
}

// quotaSpent lets the API's own quota run out.
func quotaSpent(p Profile) harness.Scenario {
	t := p.brief()
	const quota = 15
	return p.tasks(harness.Scenario{
		Name:   "task/quota",
		Proves: "When the quota is spent, the rest fails visibly after one attempt each: a 429 by its status, but none that waiting helps.",
		Guards: []string{"task.classify-errors"},
		// The quota's own Retry-After is until tomorrow.
		Settings:   hurried(hurry, map[string]string{"TASK_MAX_RETRY_AFTER": hurry.String()}),
		Compressed: append(inAHurry(hurry), shortened("longest Retry-After that is followed", 10*time.Minute, hurry)),
		Timeline:   withDrain(t, 8*time.Second),
		Holds: []verdict.Check{
			nothing("mail_api.retries").Decisive().Because("daily_quota_exceeded is told from rate_limit_exceeded by its name").Guarding("task.classify-errors"),
			verdict.Metric("ledger.delivered").Equals(verdict.Count(quota)),
			verdict.Metric("ledger.failed_permanent").AtLeast(verdict.Count(1)),
		},
	}, emailapi.Config{DailyQuota: quota}, steady("mail", 60, t.Total()))
}

// replyLost has the API take mail on without its client hearing of it.
func replyLost(p Profile) harness.Scenario {
	t := p.brief()
	kinds := map[string]string{
		"reset": "lost reset", "close": "lost close", "hang": "lost hang", "half": "reset body",
		"gateway": "status 504 html carried-out", "unreadable": "json malformed",
	}
	var faults []harness.Fault
	var prefixes []string
	for name, text := range kinds {
		prefixes = append(prefixes, name)
		faults = append(faults, untilDone(name, fmt.Sprintf("%s nth=1 key=%s-* id=%s", text, name, name)))
	}
	return p.tasks(harness.Scenario{
		Name:       "task/reply-lost",
		Proves:     "When the API took a mail on and its answer was lost, in any of six ways, the task is tried again and nobody gets a second mail.",
		Guards:     []string{"task.idempotency-key"},
		Settings:   hurried(hurry, map[string]string{"TASK_SEND_TIMEOUT": "300ms"}),
		Compressed: append(inAHurry(hurry), shortened("timeout of a call", 10*time.Second, 300*time.Millisecond)),
		Timeline:   t,
		Faults:     faults,
		Holds: []verdict.Check{
			verdict.Metric("tasks.attempts.min").Equals(verdict.Count(2)).Because("what may not have been done is tried again"),
			nothing("ledger.failed_permanent"), nothing("ledger.failed_exhausted"),
		},
	}, emailapi.Config{}, steady("mail", 60, t.Total()).each(prefixes...))
}

// retryStorm has an API that buckles under load, as one that its clients' retries keep down.
func retryStorm(p Profile) harness.Scenario {
	t := p.outage()
	return p.tasks(harness.Scenario{
		Name:       "task/retry-storm",
		Proves:     "An API that buckles under load gets no storm of retries on top: attempts stay within four a task, and it recovers with nothing lost.",
		Settings:   hurried(hurry, nil),
		Compressed: inAHurry(hurry),
		Timeline:   t,
		Faults:     []harness.Fault{misbehave("overrun", mailAPI, "overload base=20ms slope=5ms shed=6")},
		Holds: []verdict.Check{
			verdict.Metric("mail_api.calls_per_task").AtMost(verdict.Times(2)).Decisive().Because("its Retry-After is obeyed, so most get through at their second attempt"),
			verdict.Metric("mail_api.attempts.max").Between(verdict.Count(2), verdict.Count(maxAttempts)),
			nothing("ledger.failed_permanent"),
			verdict.Metric("mail_api.in_flight").In(result.Heal).FallsTo(verdict.Count(taskWorkers), time.Second),
		},
	}, emailapi.Config{}, steady("mail", 200, t.Total()))
}

// poison are tasks that fail whenever they are tried.
func poison(p Profile) harness.Scenario {
	t := harness.Timeline{Baseline: p.Phase}
	return p.tasks(harness.Scenario{
		Name:       "task/poison",
		Proves:     "Tasks over which the API fails each time are given up after four attempts, and hold nobody up.",
		Guards:     []string{"task.max-retries"},
		Settings:   hurried(hurry, nil),
		Compressed: inAHurry(hurry),
		Timeline:   withDrain(t, 8*time.Second),
		Faults:     []harness.Fault{untilDone("poisoned", "status 500 key=poison-*")},
		Holds: []verdict.Check{
			verdict.Metric("mail_api.attempts.max").Equals(verdict.Count(maxAttempts)).Decisive().Because("max 3 retries").Guarding("task.max-retries"),
			verdict.Metric("mail.delay.p90").AtMost(verdict.Duration(500 * time.Millisecond)),
			nothing("mail.failed_tasks"),
		},
	}, emailapi.Config{}, steady("poison", 5, t.Total()), steady("mail", 60, t.Total()))
}

// mixed has trouble with the mail of one kind of task.
func mixed(p Profile) harness.Scenario {
	t := p.outage()
	const timeout = 300 * time.Millisecond
	return p.tasks(harness.Scenario{
		Name:       "task/mixed",
		Proves:     "While the API never answers one kind of task, each call is given up in time, the other kind is sent as quickly as ever, and so are searches answered.",
		Guards:     []string{"task.queue-isolation", "task.send-timeout"},
		Settings:   hurried(hurry, map[string]string{"TASK_SEND_TIMEOUT": timeout.String()}),
		Compressed: append(inAHurry(hurry), shortened("timeout of a call", 10*time.Second, timeout)),
		Timeline:   t,
		Load:       []load.Stream{{Name: "search", Profile: load.Constant(20, t.Total()), Next: searching(schema.TermTwoHundred), Expect: load.Status(200)}},
		Faults:     []harness.Fault{misbehave("hang", mailAPI, "hang headers key=slow-*")},
		Holds: []verdict.Check{
			verdict.Metric("notify.delay.p90").In(result.Inject).AtMost(verdict.Duration(400 * time.Millisecond)).Decisive().
				Because("its queue and its workers are its own").Guarding("task.queue-isolation"),
			verdict.Metric("mail_api.call.max").AtMost(verdict.Duration(2 * timeout)).Because("a call has a timeout, to its last byte").Guarding("task.send-timeout"),
			nothing("notify.failed_tasks"), nothing("search.failed"),
			verdict.Metric("search.latency.p90").In(result.Inject).AtMost(verdict.Duration(200 * time.Millisecond)),
		},
	}, emailapi.Config{}, steady("slow", 150, t.Total()), steady("notify", 40, t.Total()).about(1))
}

// literalCountdown waits for the source's own 60 s.
func literalCountdown(p Profile) harness.Scenario {
	t := harness.Timeline{Inject: time.Second, Heal: 100 * time.Millisecond, Drain: 90 * time.Second}
	return p.tasks(harness.Scenario{
		Name:     "task/literal-countdown",
		Proves:   "With the source's own countdown, a task that meets an outage is tried again after 60 s, give or take a fifth, and delivered.",
		Slow:     true,
		Timeline: t,
		Faults:   []harness.Fault{misbehave("down", mailAPI, "status 503 id=down")},
		Measures: []harness.Measure{pause("down", "min"), pause("down", "max")},
		Holds: []verdict.Check{
			verdict.Metric("down.pause.min").AtLeast(verdict.Duration(48 * time.Second)).Decisive().Because("60 s, less the spread"),
			verdict.Metric("down.pause.max").AtMost(verdict.Duration(72*time.Second + 6*time.Second)).Because("60 s, and the spread, and River's look at what is due every 5 s"),
			nothing("ledger.failed_exhausted"), nothing("ledger.failed_permanent"),
			verdict.Metric("tasks.attempts.min").Equals(verdict.Count(2)),
		},
	}, emailapi.Config{}, steady("mail", 100, t.Inject*9/10))
}
