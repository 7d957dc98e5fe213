// Package task is what Holdfast can show about the task service, which sends mail
// behind the answers that it gives: its scenarios, its protections and the gains
// that were promised of it.
//
// Start with refusedKey in refused.go, the source's own test: permanent errors.
// retries.go is about those that may pass, ends.go about targets and databases
// that end. Each scenario is completed by withMail (mail.go), from mailings
// (mailing.go) to the ledger (ledger.go) and the metrics that it gives (tallies.go).
package task

import (
	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/scenarios/profile"
)

// Scenarios lists the scenarios of the task service.
func Scenarios(p profile.Profile) []harness.Scenario {
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
		twoInstances(p),
		databaseGone(p),
		commitRepliesLost(p),
		literalCountdown(p),
		anyTask(p),
		keyBack(p),
		databaseRefuses(p),
		tablesLocked(p),
		sqlStates(p),
		postgresKilled(p),
		deadly(p),
	}
}
