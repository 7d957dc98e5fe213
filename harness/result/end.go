package result

import (
	"fmt"
	"strings"
)

// End is how one life of the target ended.
type End struct {
	// Process is the name of the process that it was, of a target of several.
	Process string `json:"process,omitempty"`
	// Instance is which of several it was, from 1; 0 where there is one alone.
	Instance  int      `json:"instance,omitempty"`
	StartS    float64  `json:"start_s"`
	EndS      *float64 `json:"end_s,omitempty"`
	ExitCode  *int     `json:"exit_code,omitempty"`
	Signal    string   `json:"signal,omitempty"` // for example killed
	OOMKilled bool     `json:"oom_killed"`
	// OOMEvidence names what showed it: docker inspect, cgroup memory.events …
	OOMEvidence string `json:"oom_evidence,omitempty"`
	// OOMKillsS is when the kernel killed one of its processes for want of memory, the
	// main one or a worker, as it was seen, in seconds like those of its end.
	OOMKillsS []float64 `json:"oom_kills_s,omitempty"`
	// Expected is true when the harness ended it.
	Expected bool `json:"expected"`
	// GraceS is for how many seconds it was waited for after SIGTERM, where that was not
	// enough and it was killed; 0 where it was not.
	GraceS float64 `json:"grace_s,omitempty"`
	// Restarted is true when the process's own restart policy started it again.
	Restarted bool `json:"restarted,omitempty"`
	// PeakRSSBytes is the kernel's own high-water mark.
	PeakRSSBytes *uint64 `json:"peak_rss_bytes,omitempty"`
	// LimitBytes is the memory limit it ran under, if any.
	LimitBytes *uint64 `json:"limit_bytes,omitempty"`
}

// Program is whose life it was, in a sentence: the target, or one of its processes, as
// worker.2 is the second of several replicas.
func (e End) Program() string {
	switch {
	case e.Process == "":
		return "the target"
	case e.Instance == 0:
		return e.Process
	default:
		return fmt.Sprintf("%s.%d", e.Process, e.Instance)
	}
}

// String says how it ended in words, for example "killed by the kernel for memory (limit 100 MB)".
func (e End) String() string {
	switch {
	case e.OOMKilled && e.LimitBytes != nil:
		return fmt.Sprintf("killed by the kernel for memory (limit %s)", Bytes(float64(*e.LimitBytes)))
	case e.OOMKilled:
		return "killed by the kernel for memory"
	case e.GraceS > 0:
		return fmt.Sprintf("killed, for it did not end in the %g s after SIGTERM", e.GraceS)
	case e.Signal != "" && e.Expected:
		return "stopped by the harness (" + e.Signal + ")"
	case e.Signal != "":
		return "died of signal " + e.Signal
	case e.ExitCode != nil && *e.ExitCode == 0 && e.Expected:
		return "stopped cleanly"
	case e.ExitCode != nil:
		return fmt.Sprintf("exited with code %d", *e.ExitCode)
	case e.EndS == nil:
		return "still running"
	default:
		return "ended, unknown how"
	}
}

// How says the same in a sentence, behind the program: exited with code 1, was killed.
func (e End) How() string {
	how := e.String()
	if strings.HasPrefix(how, "killed ") || strings.HasPrefix(how, "stopped ") {
		return "was " + how
	}
	return how
}
