package target

import (
	"syscall"
	"time"
)

// tenure is a life with what the runner knows of it.
type tenure struct {
	Life
	index  int           // of its end in ends
	mark   string        // the variable that all of its processes inherit, NAME=VALUE
	exited chan struct{} // closed once its end is recorded

	// guarded by the runner's mu
	stopping bool           // Stop, or a Start that failed, ends it
	overdue  bool           // it was there still when its grace after SIGTERM was over
	asked    syscall.Signal // the last terminating signal that Signal sent
	askedAt  time.Time
	err      error // what could not be undone
}

// record writes down how a life ended.
func (r *Runner) record(t *tenure) {
	ended := time.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	end, err := t.Outcome()
	end.StartS = r.ends[t.index].StartS
	at := ended.Sub(r.prog.Start).Seconds()
	end.EndS = &at
	heeded := t.asked != 0 && (end.Signal == t.asked.String() || ended.Sub(t.askedAt) <= r.prog.Grace)
	end.Expected = !end.OOMKilled && (t.stopping || heeded)
	if t.overdue {
		end.GraceS = r.prog.Grace.Seconds()
	}
	for _, kill := range t.oomKills() {
		end.OOMKillsS = append(end.OOMKillsS, kill.Sub(r.prog.Start).Seconds())
	}
	r.ends[t.index] = end
	t.err = err
}

// wasStopped is whether Stop, or a Start that failed, ended it.
func (r *Runner) wasStopped(t *tenure) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return t.stopping
}

// setRestarted records whether another life follows by itself.
func (r *Runner) setRestarted(t *tenure, is bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ends[t.index].Restarted = is
}
