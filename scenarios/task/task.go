// Package task is what Holdfast can show about the task service, which sends mail
// behind the answers that it gives: its scenarios and the gains that were promised of
// it. What the scenarios know of the service is a [contract.Tasks]: service.go asks it,
// and takes note of what nobody told.
//
// Start with refusedKey in refused.go, the source's own test: permanent errors.
// retries.go is about those that may pass, ends.go about targets and databases
// that end. Each scenario is completed by withMail (mail.go), from mailings
// (mailing.go) to the ledger (ledger.go) and the metrics that it gives (tallies.go).
package task

import (
	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/scenarios/contract"
	"holdfast.dev/holdfast/scenarios/profile"
)

// Of lists the scenarios of a task service.
func Of(p profile.Profile, one contract.Tasks) []harness.Scenario {
	var all []harness.Scenario
	for _, scenario := range []func(profile.Profile, *service) harness.Scenario{
		refusedKey, parked, keyRotated, keyAway, invalidMessage, projectNotFound, apiDown, apiHeals, errorNames, retryAfter,
		redirectedMail, quotaSpent, replyLost, retryStorm, poison, apiSlow, mixed, killed, killedOften, stoppedUnderLoad, stoppedWhileStuck,
		twoInstances, slowStop, outageOfTwo, databaseGone, commitRepliesLost, repliesLost, literalCountdown, anyTask, keyBack, databaseRefuses, tablesLocked, queueLocked, sqlStates, postgresKilled, deadly,
	} {
		all = append(all, scenario(p, &service{Tasks: one}))
	}
	return all
}
