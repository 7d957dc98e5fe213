// Package soak tries the suite itself: it runs whole suites against an intact
// service, one after another, each with a seed of its own and with trouble from
// outside that the seed draws (a neighbour on the processors, a quota, a process
// that is stopped, a disk that is kept syncing, memory that is taken, a clock that
// jumps), and tells which verdicts came of it. An intact service must never fail,
// and what is inconclusive must name the trouble that was really there.
//
// Enter at [Suite.Run]. [Draw] says which [Disturbance] a seed gives; the files of
// the kinds carry them out. What was seen of one run is a [Record], a line of a
// log, so that a soak which was interrupted goes on where it stopped ([ReadLog]);
// [Summary] holds the records against each other and writes Markdown.
//
// The package starts the suite as a process of its own, so that it can be stopped,
// slowed and ended like one. It knows the verdicts, not how they are found.
package soak
