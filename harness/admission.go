package harness

import (
	"sync"
	"time"

	"holdfast.dev/holdfast/harness/witness"
)

// admission says when an experiment may begin beside others: at once while there are
// fewer than usual, and up to most while the processors are idle. It learns from those
// that have ended how many the machine has room for. It is used from one goroutine.
type admission struct {
	usual int
	idle  func() float64 // the share of the processors' time since it was asked before

	room
	there int
	gone  chan ended // one for each
	all   sync.WaitGroup
}

// One more than usual begins where the processors were idle for roomy of the last
// roomySeen or longer, in which what began before was seen to be set up.
const (
	roomy     = 0.25
	roomySeen = 250 * time.Millisecond
)

// ended is an experiment that is over.
type ended struct {
	limit  int  // of when it began
	harmed bool // company kept it from showing anything
}

// sessionsEach is about how many sessions of the database an experiment opens while it is
// set up, most of them within a second: more at a time than a machine can open are late.
const sessionsEach = 15

func (s *Session) newAdmission() *admission {
	a := newAdmission(s.cfg.SideBySide, s.cfg.SideBySideIdle, witness.Idle())
	if s.ceiling.sessions > 0 {
		a.limit = min(a.limit, max(1, int(s.ceiling.sessions/sessionsEach)))
	}
	return a
}

func newAdmission(usual, most int, idle func() float64) *admission {
	return &admission{usual: usual, idle: idle, room: newRoom(most), gone: make(chan ended, most)}
}

// run begins an experiment as soon as it may. The experiment reports whether company
// kept it from showing anything.
func (a *admission) run(experiment func() (harmed bool)) {
	a.idle() // from now on
	seen := time.Now()
	for free := false; a.there >= min(a.usual, a.limit) && !free; {
		var look <-chan time.Time // never
		if a.there < a.limit {
			look = time.After(time.Until(seen.Add(roomySeen)))
		}
		select {
		case e := <-a.gone:
			a.there--
			if a.learn(e) {
				a.usual = 1 // others begin while the processors are idle
			}
		case <-look:
			free, seen = a.idle() >= roomy, time.Now()
		}
	}
	a.there++
	e := ended{limit: a.limit, harmed: true}
	a.all.Go(func() {
		defer func() { a.gone <- e }()
		e.harmed = experiment()
	})
}

// wait waits until all have ended.
func (a *admission) wait() { a.all.Wait() }
