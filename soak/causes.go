package soak

import "regexp"

// causes are the words by which a reason names each kind of disturbance: the cause
// itself, not what came of it. That the generator was late names none of them.
var causes = map[Kind]*regexp.Regexp{
	Neighbour:    regexp.MustCompile(`(?i)processors were busy|other (processes|programs)|kept .*processors? busy|short of processor|waited for a processor`),
	Quota:        regexp.MustCompile(`(?i)throttled|quota|short of processor|waited for a processor`),
	StopHarness:  regexp.MustCompile(`(?i)harness (itself )?(was stopped|stood still|did not run)|stood still`),
	StopPostgres: regexp.MustCompile(`(?i)(database|postgres)[^;]*(did not answer|gave no answer|was silent|was stopped|stood still)`),
	FsyncStorm:   regexp.MustCompile(`(?i)\bdisk\b|storage|\bI/O\b|sync`),
	Memory:       regexp.MustCompile(`(?i)memory (was|is) (short|scarce)|short of memory|memory pressure|pressure on memory|waited for memory`),
	ClockStep:    regexp.MustCompile(`(?i)clock[^;]*(jump|step|moved|was set)|(jump|step)[^;]*clock`),
}

// Names reports whether a reason names the kind as its cause.
func (k Kind) Names(reason string) bool { return causes[k] != nil && causes[k].MatchString(reason) }
