package task

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"holdfast.dev/holdfast/adapter"
	"holdfast.dev/holdfast/fakes/emailapi"
	"holdfast.dev/holdfast/fault"
	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
	"holdfast.dev/holdfast/scenarios/contract"
	"holdfast.dev/holdfast/scenarios/profile"
)

// costOfTask is how much of a machine a task takes, as [harness.Needs] counts it:
// 620 a second took 30 % of two processors that could send 47,000 requests a second
// to a target that does nothing, 44 % of the same two when others had half of them.
const costOfTask = 20

// refusedKey is the source's crash, and its third recommended test: a permanent
// error that was retried for ever, until the queue was full of it.
func refusedKey(p profile.Profile, s *service) harness.Scenario {
	rate, beside := s.flood()
	length := time.Duration(float64(p.Refused) / rate * float64(time.Second))
	t := harness.Timeline{Baseline: length}
	s.compress(compressedCountdown)
	var (
		bounded  []verdict.Check
		measures []harness.Measure
	)
	if s.NoAttempts {
		measures = []harness.Measure{s.triedAgain("refused")}
	}
	if s.Memory > 0 {
		bounded = []verdict.Check{verdict.Metric(s.Worker + ".rss_peak.max").Below(verdict.Bytes(s.Memory)).Because("what a task needs is given back when it is over")}
	}
	return s.withMail(harness.Scenario{
		Name:        "task/refused-key",
		Claim:       fmt.Sprintf("Of %d tasks whose API key is refused each is tried once and fails visibly; the healthy ones among them are not delayed.", p.Refused),
		Protections: []string{"task.classify-errors"},
		Headline:    true,
		Needs:       harness.Needs{Cost: costOfTask},
		Timeline:    t,
		Faults:      []harness.Fault{adapter.Always("refused", s.Far, s.refusing()+" key=refused-*")},
		Measures:    measures,
		Checks: append([]verdict.Check{
			nothing(s.far("retries")).AsPrimary().Because("the source's own recommended test: permanent errors are never tried again").Guarding("task.classify-errors"),
			verdict.Metric(s.far("calls_per_task")).Equals(verdict.Times(1)).Because("one attempt each, as the fake counted it").Guarding("task.classify-errors"),
			s.triedOnce(),
			nothing("refused.unfailed_tasks").Because("each has failed where everybody can see it"),
			verdict.Metric("drain.duration").AtMost(verdict.Duration(30 * time.Second)).Because("the queue is empty of them soon"),
			verdict.Metric("healthy.delay.p99").AtMost(verdict.Duration(2 * time.Second)).Because("of the same kind and queue, and not held up"),
			verdict.Metric("notify.delay.p99").AtMost(verdict.Duration(2 * time.Second)),
			verdict.Metric("queue.oldest.max").AtMost(verdict.Duration(2 * time.Second)).Because("nobody waits behind those that are refused"),
			nothing("healthy.failed_tasks"), nothing("notify.failed_tasks"),
			nothing("refused.failed"), nothing("healthy.failed"),
		}, bounded...),
	}, emailapi.Config{},
		steady("refused", rate, length), steady("healthy", beside, length), steady("notify", beside, length).about(1))
}

// triedOnce is that no task was tried twice, as the queue counted it; where it tells no
// attempts, that none came again which had been refused. No want of time makes one more of
// an attempt that was answered.
func (s *service) triedOnce() verdict.Check {
	metric, counted := "tasks.attempts.max", "as the queue counted it"
	if s.NoAttempts {
		metric, counted = s.far("refused_attempts.max"), "of those that were refused, as they came"
	}
	return verdict.Metric(metric).Equals(verdict.Count(1)).Because("one attempt each, " + counted).Guarding("task.classify-errors")
}

// flood is how many tasks are refused each second, and how many of each other sort come
// beside them. Of another service than ours nobody knows that it does so many in time, and
// what waits for a worker is no witness against those that are refused.
func (s *service) flood() (refused, beside float64) {
	if s.OnlyTo {
		return 100, 12
	}
	return 500, 60
}

// parked has the key refused for a while, and a target that waits for another.
func parked(p profile.Profile, s *service) harness.Scenario {
	s.wordedAPI()
	t := p.Outage()
	t.Inject = max(t.Inject, 1600*time.Millisecond) // so long that waiting for a second shows
	s.compress(compressedCountdown)
	s.park()
	return s.withMail(harness.Scenario{
		Name:        "task/parked",
		Claim:       "Where it is configured, a refused key stops the mail queue: nothing is hammered, nothing is lost, and all is delivered once the key is replaced.",
		Protections: []string{"task.park-refused-key"},
		Timeline:    t,
		Faults: []harness.Fault{
			{ID: "revoked", On: s.Far, Kind: fault.RevokeKey{}},
			adapter.Always("slow", s.Far, "delay 30ms"), // so that several are at it when it is refused
		},
		Checks: []verdict.Check{
			verdict.Metric(s.far("key_refused")).AtMost(verdict.Count(int64(s.Workers))).AsPrimary().Because("no more than were at it when the first was refused").Guarding("task.park-refused-key"),
			nothing("ledger.failed_permanent").Because("they wait for a key").Guarding("task.park-refused-key"),
			nothing("ledger.failed_exhausted"),
			verdict.Metric("drain.duration").AtMost(verdict.Duration(5 * time.Second)),
		},
	}, emailapi.Config{}, steady("mail", 200, t.Total()))
}

// keyRotated has the key revoked in mid-run and replaced, as the source has it:
// who comes meanwhile fails.
func keyRotated(p profile.Profile, s *service) harness.Scenario {
	s.wordedAPI()
	t := p.Outage()
	s.compress(compressedCountdown)
	return s.withMail(harness.Scenario{
		Name:        "task/key-rotated",
		Claim:       "A key that is revoked in mid-run fails those that come meanwhile, once and visibly; with the next key in its file mail flows again, without a restart.",
		Protections: []string{"task.classify-errors"},
		Timeline:    t,
		Faults:      []harness.Fault{{ID: "revoked", On: s.Far, Kind: fault.RevokeKey{}}},
		Checks: []verdict.Check{
			nothing(s.far("retries")).AsPrimary().Because("a refused key is a permanent error").Guarding("task.classify-errors"),
			verdict.Metric("ledger.failed_permanent").AtLeast(verdict.Count(1)).Because("somebody must have come meanwhile").OrNotExercised(),
			verdict.Metric("mail.delay.p90").In(result.Heal).AtMost(verdict.Duration(time.Second)).Because("the key is read anew for each call"),
		},
	}, emailapi.Config{}, steady("mail", 60, t.Total()))
}

// keyAway has the file with the key gone for a while, as a mounted secret is while it is
// replaced.
func keyAway(p profile.Profile, s *service) harness.Scenario {
	s.wordedAPI()
	t := p.Outage()
	countdown, last := s.outlasting(t.Inject)
	t.Drain = last*3/2 + 5*time.Second
	s.compress(countdown)
	return s.withMail(harness.Scenario{
		Name:     "task/key-away",
		Claim:    "While the file with the API key is gone, and while it is empty, tasks wait and try again: that delays mail, and costs none.",
		Timeline: t,
		Faults:   inTurn(t.Inject, s.Far, fault.HideKey{}, fault.HideKey{Empty: true}),
		Checks: []verdict.Check{
			nothing("ledger.failed_permanent").AsPrimary().Because("a file that is gone is put back"), nothing("ledger.failed_exhausted"),
			verdict.Metric("mail.attempts.max").AtLeast(verdict.Count(2)).Because("somebody must have looked for it in vain").OrNotExercised(),
			verdict.Metric("mail.delay.p90").In(result.Heal).AtMost(verdict.Duration(time.Second)).Because("the key is read anew for each call"),
		},
	}, emailapi.Config{}, steady("mail", 60, t.Total()).counted(
		attemptsOf("mail")))
}

// keyBack has the key refused for a while and good again, as where an account was
// suspended: nobody touches the key's file.
func keyBack(p profile.Profile, s *service) harness.Scenario {
	s.wordedAPI()
	t := p.Outage()
	const probe = 200 * time.Millisecond
	probes := int64(t.Inject/probe) + 2
	s.compress(compressedCountdown)
	s.park()
	s.bound(contract.ParkProbe, probe)
	tasks := []mailing{steady("mail", 100, t.Total())}
	if s.Subjects.Count > 0 { // a trial may fall on one that comes as far as no call
		tasks = append(tasks, s.unknownProject(20, t.Total()))
	}
	return s.withMail(harness.Scenario{
		Name:     "task/key-back",
		Claim:    "A key that is refused for a while and good again, with its file untouched, stops the mail queue for as long: single tasks try it now and then, and all are delivered.",
		Timeline: t,
		Faults: []harness.Fault{
			adapter.Misbehave("suspended", s.Far, "status 403 name=suspended_api_key"),
			adapter.Always("slow", s.Far, "delay 30ms"), // so that several are at it when it is refused
		},
		Checks: []verdict.Check{
			verdict.Metric(s.far("key_refused")).AtMost(verdict.Count(int64(s.Workers) + probes)).AsPrimary().Because("those that were at it when the first was refused, and one for each probe"),
			verdict.Metric(s.far("key_refused")).AtLeast(verdict.Count(1)).Because("somebody must have been refused").OrNotExercised(),
			nothing("mail.failed_tasks").Because("they wait until the key is good"), nothing("ledger.failed_exhausted"),
			verdict.Metric("drain.duration").AtMost(verdict.Duration(5 * time.Second)),
		},
	}, emailapi.Config{}, tasks...)
}

// invalidMessage has messages that the API refuses among those that it takes.
func invalidMessage(p profile.Profile, s *service) harness.Scenario {
	s.wordedAPI()
	t := p.Brief()
	bad := s.large("bad", 12, t.Total())
	whole := bad.to
	bad.to = func(n int64) []string {
		// What the API says of it is long, and wherever it is cut, it is so within a letter now and then.
		nobody := fmt.Sprintf("nobody %d %s%s", n, strings.Repeat("-", int(n%2)), strings.Repeat("é", 160))
		return append([]string{fmt.Sprintf("bad-%d@tasks.example", n), nobody}, whole(n)...)
	}
	good := steady("good", 40, t.Total())
	var faults []harness.Fault
	var more []verdict.Check
	mailings := []mailing{bad.counted(attemptsOf("bad")), good}
	if s.Batch > 1 {
		later := s.refusedLater(6, t.Total())
		mailings = append(mailings, later)
		faults = append(faults, adapter.Always("passing", s.Far, "status 503 nth=1 key=again-*"))
		more = append(more, nothing("later.unfailed_tasks").Because("that a later call had to be made again changes nothing"))
	}
	s.compress(compressedCountdown)
	s.stopsForKeysOnly()
	return s.withMail(harness.Scenario{
		Name:        "task/invalid-message",
		Claim:       "A batch with a message that cannot be sent fails visibly after one attempt, all of its other messages are sent, and other batches are not held up.",
		Protections: []string{"task.classify-errors"},
		Timeline:    t,
		Faults:      faults,
		Checks: append([]verdict.Check{
			verdict.Metric("bad.attempts.max").Equals(verdict.Count(1)).AsPrimary().Because("another try would not make it an address").Guarding("task.classify-errors"),
			nothing("bad.unfailed_tasks"),
			nothing("tasks.unserved").Because("all others of the batch are sent, in further calls, too"),
			nothing("good.failed_tasks"),
			verdict.Metric("good.delay.p90").AtMost(verdict.Duration(time.Second)),
		}, more...),
	}, emailapi.Config{Echo: true}, mailings...)
}

// refusedLater are tasks of three calls each: a message of the second cannot be sent, and
// the third is to somebody whose name begins with again.
func (s *service) refusedLater(rate float64, length time.Duration) mailing {
	m := steady("later", rate, length)
	m.to = func(n int64) []string {
		to := addresses("later", n, 2*s.Batch)
		to[s.Batch+int(n)%s.Batch] = fmt.Sprintf("nobody %d", n)
		return append(to, fmt.Sprintf("again-%d@tasks.example", n))
	}
	return m
}

// projectNotFound tells owners of projects that there are not.
func projectNotFound(p profile.Profile, s *service) harness.Scenario {
	s.notifications()
	t := p.Brief()
	s.compress(compressedCountdown)
	s.stopsForKeysOnly()
	return s.withMail(harness.Scenario{
		Name:        "task/project-not-found",
		Claim:       "A task about a project that does not exist fails visibly after one attempt and sends nothing; others are not held up.",
		Protections: []string{"task.classify-errors"},
		Timeline:    t,
		Checks: []verdict.Check{
			verdict.Metric("tasks.attempts.max").Equals(verdict.Count(1)).AsPrimary().Because("another try would not find it").Guarding("task.classify-errors"),
			nothing("unknown_project.unfailed_tasks"),
			nothing("good.failed_tasks"), nothing("tasks.unserved"),
			verdict.Metric("good.delay.p90").AtMost(verdict.Duration(time.Second)),
		},
	}, emailapi.Config{}, s.unknownProject(40, t.Total()), steady("good", 40, t.Total()).about(1))
}

// unknownProject tells owners of projects that there are not.
func (s *service) unknownProject(rate float64, length time.Duration) mailing {
	m := steady("unknown_project", rate, length).about(s.Subjects.None)
	m.to = func(int64) []string { return []string{"nobody"} }
	return m
}

// errorNames has the API answer each of its errors for good.
func errorNames(p profile.Profile, s *service) harness.Scenario {
	s.wordedAPI()
	t := p.Brief()
	catalogue := append(emailapi.Errors(), nameless()...)
	var faults []harness.Fault
	var cut []string // prefixes of those whose answers end before their end
	prefixes := make([]string, len(catalogue))
	for i, e := range catalogue {
		prefixes[i] = fmt.Sprintf("e%d", i)
		keys := prefixes[i] + "-*"
		how := "html" // as a gateway answers, which knows no names
		switch {
		case e.Name != "":
			how = "name=" + e.Name
		case e.Class == emailapi.Permanent && e.Status >= 400 && !s.OnlyTo: // nobody says what others make of it
			cut = append(cut, fmt.Sprintf("cut%d", e.Status))
			keys += "," + cut[len(cut)-1] + "-*"
		}
		faults = append(faults, adapter.Always(errorFault(e), s.Far, fmt.Sprintf("status %d %s key=%s", e.Status, how, keys)))
	}
	lasting := catalogue[slices.IndexFunc(catalogue, func(e emailapi.Error) bool { return e.Class == emailapi.Permanent })]
	faults = append(faults, adapter.Always("passing-then-lasting", s.Far, fmt.Sprintf("503 -> status %d name=%s key=both-*", lasting.Status, lasting.Name)))
	mailings := []mailing{
		steady("mail", 2*float64(len(catalogue))/p.Brief().Total().Seconds(), t.Total()).each(prefixes...).counted(wrongClasses(catalogue)),
		steady("both", 12, t.Total()),
	}
	if len(cut) > 0 {
		faults = append(faults, adapter.Always("cut", s.Far, "cut length key=cut*"))
		mailings = append(mailings, steady("cut", float64(len(cut))/p.Brief().Total().Seconds(), t.Total()).each(cut...))
	}
	s.compress(briefCountdown)
	return s.withMail(harness.Scenario{
		Name:        "task/error-names",
		Claim:       fmt.Sprintf("Each of the API's %d errors, with a name and without, is taken for what it is by its name and status: one attempt for a permanent one, %s for one that may pass.", len(catalogue), spelt(s.attempts())),
		Protections: []string{"task.classify-errors", "task.max-retries"},
		Timeline:    profile.WithDrain(t, 8*time.Second),
		Faults:      faults,
		Measures:    []harness.Measure{s.wrongAttempts(catalogue)},
		Checks: []verdict.Check{
			nothing(s.far("wrong_attempts")).AsPrimary().Because("by the class that the fake's own catalogue gives the error").Guarding("task.classify-errors", "task.max-retries"),
			nothing("tasks.wrong_classes").Because("the queue tells the class of a failure"),
			nothing("ledger.delivered"),
		},
	}, emailapi.Config{}, mailings...)
}

// nameless are statuses that come without a name, as from what stands before the API,
// each with the class that the contract gives it.
func nameless() []emailapi.Error {
	var all []emailapi.Error
	for _, status := range []int{
		307, 400, 401, 402, 404, 408, 409, 410, 418, 421, 425, 429, 431, 499, 500, 501, 502, 503, 504, 505, 507, 508, 511,
		520, 521, 522, 523, 524, 525, 526, 527, 530, 599,
	} {
		all = append(all, emailapi.Error{Status: status, Class: emailapi.Class(statusClass(status))})
	}
	return all
}

// errorFault is the id of the fault that answers one of the API's errors.
func errorFault(e emailapi.Error) string {
	return fmt.Sprintf("%d-%s", e.Status, strings.ReplaceAll(cmp.Or(e.Name, "nameless"), "_", "-"))
}

// wrongClasses counts the tasks that failed under another class than the fake's
// catalogue has for their error.
func wrongClasses(catalogue []emailapi.Error) tally {
	return counting("tasks.wrong_classes", func(t record) bool { return t.accepted && t.mailing == "mail" }, func(t record) bool {
		want := catalogue[t.n%int64(len(catalogue))].Class
		if want == emailapi.Parked {
			want = emailapi.Permanent
		}
		return t.Class != contract.Class(want)
	})
}

// redirectedMail has the API say that it is elsewhere, in a circle or at another host: who
// follows sends a mail, and perhaps the key, to whoever is named.
func redirectedMail(p profile.Profile, s *service) harness.Scenario {
	s.wordedAPI()
	t := p.Brief()
	s.compress(briefCountdown)
	return s.withMail(harness.Scenario{
		Name:        "task/redirected",
		Claim:       "A redirect of the API, in a circle or to another host, is not followed: each such task fails visibly after one call.",
		Protections: []string{"task.classify-errors"},
		Timeline:    profile.WithDrain(t, 8*time.Second),
		Faults: []harness.Fault{
			adapter.Always("loop", s.Far, "redirect loop key=loop-*"),
			adapter.Always("away", s.Far, "redirect host location="+nowhere+" key=away-*"),
		},
		Checks: []verdict.Check{
			verdict.Metric(s.far("calls_per_task")).Equals(verdict.Times(1)).AsPrimary().Because("a mail is not sent after a redirect").Guarding("task.classify-errors"),
			verdict.Metric("tasks.attempts.max").Equals(verdict.Count(1)).Because("the API is elsewhere, and will be"),
			nothing("mail.unfailed_tasks").Because("each has failed where everybody can see it"),
			nothing("ledger.delivered"),
		},
	}, emailapi.Config{}, steady("mail", 30, t.Total()).each("loop", "away"))
}

// nowhere is an address of this machine at which nobody is.
const nowhere = "http://127.0.0.1:9"

// quotaSpent lets the API's own quota run out.
func quotaSpent(p profile.Profile, s *service) harness.Scenario {
	s.wordedAPI()
	t := p.Brief()
	const quota = 15
	s.compress(compressedCountdown)
	s.bound(contract.LongestRetryAfter, compressedCountdown)
	return s.withMail(harness.Scenario{
		Name:        "task/quota",
		Claim:       "When the quota is spent, the rest fails visibly after one attempt each: a 429 by its status, but none that waiting helps.",
		Protections: []string{"task.classify-errors"},
		// The quota's own Retry-After is until tomorrow.
		Timeline: profile.WithDrain(t, 8*time.Second),
		Checks: []verdict.Check{
			nothing(s.far("retries")).AsPrimary().Because("daily_quota_exceeded is told from rate_limit_exceeded by its name").Guarding("task.classify-errors"),
			verdict.Metric("ledger.delivered").Equals(verdict.Count(quota)),
			verdict.Metric("ledger.failed_permanent").AtLeast(verdict.Count(1)),
		},
	}, emailapi.Config{DailyQuota: quota}, steady("mail", 60, t.Total()))
}
