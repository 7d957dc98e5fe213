package harness

import (
	"sync"
	"time"

	"holdfast.dev/holdfast/harness/witness"
)

// admission says when an experiment may begin beside others: at once while there are
// fewer than usual, and up to most while the processors are idle. It is used from one
// goroutine.
type admission struct {
	usual, most int
	idle        func() float64 // the share of the processors' time since it was asked before

	there int
	gone  chan struct{} // one for each that has ended
	all   sync.WaitGroup
}

// One more than usual begins where the processors were idle for roomy of the last
// roomySeen or longer, in which what began before was seen to be set up.
const (
	roomy     = 0.3
	roomySeen = 500 * time.Millisecond
)

func (s *Session) newAdmission() *admission {
	return &admission{
		usual: s.cfg.SideBySide, most: s.cfg.SideBySideIdle,
		idle: witness.Idle(), gone: make(chan struct{}, s.cfg.SideBySideIdle),
	}
}

// run begins an experiment as soon as it may.
func (a *admission) run(experiment func()) {
	a.idle() // from now on
	seen := time.Now()
	for room := false; a.there >= a.usual && !room; {
		var look <-chan time.Time // never
		if a.there < a.most {
			look = time.After(time.Until(seen.Add(roomySeen)))
		}
		select {
		case <-a.gone:
			a.there--
		case <-look:
			room, seen = a.idle() >= roomy, time.Now()
		}
	}
	a.there++
	a.all.Go(func() {
		defer func() { a.gone <- struct{}{} }()
		experiment()
	})
}

// wait waits until all have ended.
func (a *admission) wait() { a.all.Wait() }
