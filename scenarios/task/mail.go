package task

import (
	"slices"
	"strings"

	"holdfast.dev/holdfast/adapter"
	"holdfast.dev/holdfast/fakes/emailapi"
	"holdfast.dev/holdfast/fault"
	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/verdict"
	"holdfast.dev/holdfast/scenarios/contract"
)

// withMail completes a scenario about these mailings: the projects and the e-mail
// API that they need, the load, when it is done, and the two-sided ledger, in
// which nothing may be lost and nothing doubled.
func (s *service) withMail(sc harness.Scenario, api emailapi.Config, mailings ...mailing) harness.Scenario {
	if len(s.untold) > 0 {
		return s.in(sc)
	}
	sc.World = s.World()
	sc, mailings = s.told(sc, mailings)
	key := adapter.KeyInEnvironment
	if slices.ContainsFunc(sc.Faults, func(f harness.Fault) bool { return adapter.OfKey(f.Kind) }) {
		key = adapter.KeyInFile
	}
	if s.Mail != nil {
		sc.World.Dependencies = []harness.Dependency{s.Mail(s.Far, api, key)}
		sc.World.Prepare, sc.World.Precondition = s.own(mailings, s.Subjects.Give), s.own(mailings, s.Subjects.Missing)
	}
	var streams []load.Stream
	for _, m := range mailings {
		streams = append(streams, s.stream(m))
	}
	sc.Load = append(streams, sc.Load...)
	if sc.Drained == nil {
		sc.Drained = s.drained
	}
	s.give(contract.Sender, sender)
	b := s.newBooks(sc, api, mailings)
	sc.Reconciled, sc.Reconcile, sc.Companion = descriptors(b.metrics), b.reconcile, newCompanion(&s.Tasks, mailings)
	if s.Depth != nil {
		sc.Watch = append(sc.Watch, s.Depth(contract.Pending), s.Depth(contract.Retrying), s.Oldest)
	}
	all := []verdict.Check{
		nothing("ledger.lost").Because("what was answered " + s.Answered + " is done, or has failed where everybody can see it").Guarding(claimed(sc, "task.durable-enqueue")...),
	}
	if s.tells(sc) {
		all = append(all, nothing("ledger.duplicated").Because("nobody gets the same mail twice").Guarding(claimed(sc, "task.idempotency-key")...))
	} else {
		s.leave("ledger.duplicated")
	}
	all = append(all,
		nothing("tasks.too_early").Because("no attempt comes before its countdown, which doubles, nor before a Retry-After").Guarding(claimed(sc, "task.backoff", "task.honour-retry-after")...),
		nothing("tasks.unfinished").Because("the queue drains").Guarding(claimed(sc, "task.rescue-crashed", "task.max-retries")...),
	)
	sc.Checks = append(all, sc.Checks...)
	return s.in(sc)
}

// told leaves out of a scenario what the service tells nothing of: its notifications where
// it has none, the depth of its queue, and how often it says that it tried a task. Each check
// that goes is taken note of.
func (s *service) told(sc harness.Scenario, mailings []mailing) (harness.Scenario, []mailing) {
	var without []string // that metrics begin with
	var kept []mailing
	for _, m := range mailings {
		if m.notify && s.Subjects.Count == 0 {
			without = append(without, m.name+".")
		} else {
			kept = append(kept, m)
		}
	}
	if s.Depth == nil {
		without = append(without, "queue.")
	}
	if s.NoAttempts {
		without = append(without, "tasks.attempts.max") // it would be the far side's count once more
	}
	var checks []verdict.Check
	for _, c := range sc.Checks {
		if slices.ContainsFunc(without, func(begin string) bool { return strings.HasPrefix(c.Metric, begin) }) {
			s.leave(c.Metric)
		} else {
			checks = append(checks, c)
		}
	}
	sc.Checks = checks
	return sc, kept
}

// newBooks are what a scenario's tasks are reconciled by. What it sets and its faults
// are complete.
func (s *service) newBooks(sc harness.Scenario, api emailapi.Config, mailings []mailing) books {
	t := newTeller(sc, api, s.time(contract.SendTimeout))
	t.smtp = s.SMTP
	return books{
		service: s, mailings: mailings, metrics: tallies(mailings, s.attempts(), s.Far),
		fates: fates{limits: s.limits(), of: &s.Tasks, pace: newPace(s, t), exact: !s.OnlyTo && s.undisturbed(sc) && t.timeout >= patientCall},
	}
}

// undisturbed reports whether nothing but the answers of the API decides what becomes
// of a task: nobody stops, kills or starves the target, and it does not wait for a key.
func (s *service) undisturbed(sc harness.Scenario) bool {
	return !s.parks && !slices.ContainsFunc(sc.Faults, func(f harness.Fault) bool { return f.On != s.Far || f.Kind.Name() == (fault.HideKey{}).Name() })
}

// claimed are those of the protections that the scenario is about.
func claimed(s harness.Scenario, protections ...string) []string {
	return slices.DeleteFunc(protections, func(name string) bool { return !slices.Contains(s.Protections, name) })
}

func nothing(metric string) verdict.Check { return verdict.Metric(metric).Equals(verdict.Count(0)) }
