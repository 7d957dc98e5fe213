package soak

import "regexp"

// causes are the words by which a reason names each kind of disturbance: the cause
// itself, not what came of it. That the generator was late names none of them.
var causes = map[Kind]*regexp.Regexp{
	Neighbour:    regexp.MustCompile(`other processes used`),
	Quota:        regexp.MustCompile(`a quota of`),
	StopHarness:  regexp.MustCompile(`the harness itself stood still`),
	StopPostgres: regexp.MustCompile(`db was (stopped by a signal|silent for)`),
	FsyncStorm:   regexp.MustCompile(`other processes used|waited for the disk`), // whoever writes uses a processor
	Memory:       regexp.MustCompile(`other processes used|waited for memory`),   // … and so does who takes memory
	ClockStep:    regexp.MustCompile(`the wall clock was moved`),
}

// Names reports whether a reason names the kind as its cause.
func (k Kind) Names(reason string) bool { return causes[k] != nil && causes[k].MatchString(reason) }
