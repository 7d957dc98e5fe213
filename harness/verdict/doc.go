// Package verdict holds what was measured against what must hold, and says one
// of four things: pass, fail, inconclusive or not-exercised. It is the one judge:
// a run, the reports drawn from its file and its re-evaluation by other limits
// all ask here, so that they can't disagree.
//
// A [Check] is a claim, as a value. A [Registry] is all that a scenario measures,
// by name: it refuses, before the run, a check on a metric that nobody measures,
// and reads each metric after it. [Evaluate] judges one value against one limit,
// [Decisive] names the check that a scenario's verdict rests on, [OfScenario] and
// [OfRun] put verdicts together, [ShownScenario] and [ShownRun] do so for a file
// that may say of itself what its parts don't bear out.
//
// It fails closed: no samples, too few for the percentile, or a value that is not
// a number never pass. How verdicts are ordered and what exit code each has is in
// the result package, so that a reader of a file needs nothing from here.
package verdict
