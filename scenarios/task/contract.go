package task

import (
	"time"

	"holdfast.dev/holdfast/adapter"
	"holdfast.dev/holdfast/fakes/emailapi"
	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/verdict"
	"holdfast.dev/holdfast/scenarios/contract"
	"holdfast.dev/holdfast/scenarios/profile"
)

// AsMappedName is the name of [AsMapped].
const AsMappedName = "task/contract"

// AsMapped asks a service for tasks of each fate, calmly: one that is done, one that is
// tried again and one that is given up. So all its states are seen, and what was told
// wrongly of it is found by this scenario and by no other. Where its countdown cannot be set,
// nothing is broken: whatever is tried again would take longer than anybody waits.
func AsMapped(_ profile.Profile, one contract.Tasks) harness.Scenario {
	s := &service{Tasks: one}
	t := harness.Timeline{Baseline: time.Second, Drain: 20 * time.Second}
	sc := harness.Scenario{
		Name: AsMappedName, Claim: "The service takes tasks on, tells of each and sends its mail as the file maps it.",
		Timeline: t,
		Checks: []verdict.Check{
			nothing("mail.failed").Because("the answer takes a task on, and has its id"),
			nothing("mail.failed_tasks").Because("its mail was taken on"),
		},
	}
	mailings := []mailing{steady("mail", 10, t.Baseline)}
	if s.Settings[contract.NetworkCountdown].Settable() {
		s.compress(compressedCountdown)
		sc.Faults = []harness.Fault{adapter.Always("refused", s.Far, s.refusing()+" key=refused-*"), adapter.Always("once", s.Far, s.down()+" nth=1 key=again-*")}
		sc.Checks = append(sc.Checks,
			nothing("again.failed_tasks").Because("an error that passes is tried again"),
			verdict.Metric("again.met").AtLeast(verdict.Count(1)).Because("somebody must have met it").OrNotExercised())
		mailings = append(mailings, steady("refused", 5, t.Baseline), steady("again", 5, t.Baseline).counted(metAnError("again")))
	} else {
		s.leave("what becomes of tasks that are tried again, or given up")
	}
	return s.withMail(sc, emailapi.Config{}, mailings...)
}

// metAnError counts the tasks of a mailing that were tried again.
func metAnError(mailing string) tally {
	return counting(mailing+".met", func(t record) bool { return t.mailing == mailing && t.accepted }, func(t record) bool { return len(t.calls) > 1 })
}
