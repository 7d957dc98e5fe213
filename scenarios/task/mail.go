package task

import (
	"context"
	"maps"
	"slices"

	"holdfast.dev/holdfast/adapter"
	"holdfast.dev/holdfast/fakes/emailapi"
	"holdfast.dev/holdfast/fault"
	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/probe"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
	"holdfast.dev/holdfast/scenarios/profile"
)

// withMail completes a scenario about these mailings: the projects and the e-mail
// API that they need, the load, when it is done, and the two-sided ledger, in
// which nothing may be lost and nothing doubled.
func withMail(p profile.Profile, s harness.Scenario, api emailapi.Config, mailings ...mailing) harness.Scenario {
	s.World = profile.World(p.Projects)
	key := adapter.KeyInEnvironment
	if slices.ContainsFunc(s.Faults, func(f harness.Fault) bool { return f.Kind == fault.RevokeKey{} }) {
		key = adapter.KeyInFile
	}
	s.World.Dependencies = []harness.Dependency{adapter.EmailAPI(mailAPI, api, key)}
	s.World.Prepare = func(ctx context.Context, o harness.State) error { return giveOwners(ctx, o, mailings) }
	s.World.Precondition = func(ctx context.Context, o harness.State) error { return ownersMissing(ctx, o, mailings) }
	var streams []load.Stream
	for _, m := range mailings {
		streams = append(streams, m.stream())
	}
	s.Load = append(streams, s.Load...)
	if s.Drained == nil {
		s.Drained = drained
	}
	s.Settings = withSender(s.Settings)
	b := newBooks(s, api, mailings)
	s.Reconciled, s.Reconcile, s.Companion = descriptors(b.metrics), b.reconcile, newCompanion
	s.Watch = append(s.Watch, depth("pending"), depth("retrying"),
		probe.Metric{Series: probe.Series{Name: "queue.oldest", Unit: result.UnitSeconds}, Name: "queue_oldest_job_age_seconds"})
	s.Checks = append([]verdict.Check{
		nothing("ledger.lost").Because("what was answered 202 is done, or has failed where everybody can see it").Guarding(claimed(s, "task.durable-enqueue")...),
		nothing("ledger.duplicated").Because("nobody gets the same mail twice").Guarding(claimed(s, "task.idempotency-key")...),
		nothing("tasks.too_early").Because("no attempt comes before its countdown, which doubles, nor before a Retry-After").Guarding(claimed(s, "task.backoff", "task.honour-retry-after")...),
		nothing("tasks.unfinished").Because("the queue drains").Guarding(claimed(s, "task.rescue-crashed", "task.max-retries")...),
	}, s.Checks...)
	return s
}

// newBooks are what a scenario's tasks are reconciled by. Its settings and its faults
// are complete.
func newBooks(s harness.Scenario, api emailapi.Config, mailings []mailing) books {
	t := newTeller(s, api)
	return books{
		mailings: mailings, metrics: tallies(mailings), pace: newPace(s, t),
		fates: fates{teller: t, exact: undisturbed(s) && t.timeout >= patientCall},
	}
}

// undisturbed reports whether nothing but the answers of the API decides what becomes
// of a task: nobody stops, kills or starves the target, and it does not wait for a key.
func undisturbed(s harness.Scenario) bool {
	return s.Settings["TASK_PARK_REFUSED_KEY"] != "true" &&
		!slices.ContainsFunc(s.Faults, func(f harness.Fault) bool { return f.On != mailAPI })
}

// withSender are settings with a sender of the scenarios' own.
func withSender(settings map[string]string) map[string]string {
	all := map[string]string{"EMAIL_FROM": sender}
	maps.Copy(all, settings)
	return all
}

// depth is how many tasks are in a state, as the target tells it.
func depth(state string) probe.Metric {
	return probe.Metric{Series: probe.Series{Name: "queue." + state, Unit: result.UnitCount}, Name: "queue_jobs", Labels: map[string]string{"state": state}}
}

// claimed are those of the protections that the scenario is about.
func claimed(s harness.Scenario, protections ...string) []string {
	return slices.DeleteFunc(protections, func(name string) bool { return !slices.Contains(s.Protections, name) })
}

func nothing(metric string) verdict.Check { return verdict.Metric(metric).Equals(verdict.Count(0)) }
