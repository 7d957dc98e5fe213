package reports

import (
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/reports/view"
)

// Advice says in one sentence what to do about a run in which nothing failed and
// something showed nothing; empty of all others.
func Advice(run *result.Run) string { return view.Advice(run) }

// Tried says which try at a scenario is shown, and what came of those before it;
// empty where there was no other.
func Tried(tries []result.Try) string { return view.Tried(tries) }
