package worker

import (
	"context"
	"sync"
	"time"

	"holdfast.dev/holdfast/fleet"
)

// progress is how JetStream is asked to go on with a lease; asked as a request, it
// answers.
const progress = "+WPI"

// beats has the lanes that the worker holds confirmed, several times a term, until the run
// is over or its coordinator has been silent for too long.
func (j *job) beats() {
	tick := time.NewTicker(j.term / fleet.Renew)
	defer tick.Stop()
	heard := time.Now()
	for {
		if j.beat() {
			heard = time.Now()
		}
		if time.Since(heard) > fleet.Gone*j.term {
			close(j.gone)
			return
		}
		select {
		case <-j.ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// beat asks both once: the broker whether it still holds the lease of each lane for this
// worker, and the coordinator whether the lane is still the worker's. A lane goes on for a
// term from the question if both say so.
func (j *job) beat() (answered bool) {
	asked := time.Now()
	s := j.current()
	held := s.open()
	b := fleet.Beat{Worker: j.id, Vitals: j.vitals(s)}
	for _, h := range held {
		b.Load = s.order.Load
		b.Lanes = append(b.Lanes, fleet.Held{Lane: h.lane, Epoch: h.epoch})
	}
	renewed := j.renew(held)
	trip, answer, err := j.ask(j.ctx, b)
	ok := renewed()
	if err != nil {
		return false
	}
	j.note(trip)
	for i, h := range held {
		switch {
		case !answer.Known || lost(answer.Lost, h):
			h.fence.Shut()
		case ok[i]:
			h.fence.Confirm(asked, j.term)
		}
	}
	s.hear(answer)
	return true
}

// renew asks the broker for the leases, and returns a function that waits for its answers.
func (j *job) renew(held []*holding) (wait func() []bool) {
	ok := make([]bool, len(held))
	var asking sync.WaitGroup
	ctx, cancel := context.WithTimeout(j.ctx, j.term)
	for i, h := range held {
		asking.Go(func() {
			_, err := j.nc.RequestWithContext(ctx, h.msg.Reply(), []byte(progress))
			ok[i] = err == nil
		})
	}
	return func() []bool {
		asking.Wait()
		cancel()
		return ok
	}
}

func lost(all []fleet.Held, h *holding) bool {
	for _, one := range all {
		if one.Lane == h.lane && one.Epoch == h.epoch {
			return true
		}
	}
	return false
}

// note keeps the latest round trips.
func (j *job) note(trip fleet.RoundTrip) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.trips = append(j.trips, trip)
	if len(j.trips) > fewTrips {
		j.trips = j.trips[1:]
	}
}

// vitals are how the worker is, since its load began.
func (j *job) vitals(s *sending) fleet.Vitals {
	var v fleet.Vitals
	if s != nil {
		v.CPUShare, v.GCPauseMax = s.cpuShare(), s.collector.longest()
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	v.Problem, v.Mute = j.problem, j.mute
	if len(j.trips) > 0 {
		v.Drift = fleet.Drift(j.pinned, fleet.Best(j.trips))
	}
	return v
}
