package soak

import (
	"context"
	"fmt"
	"time"
)

// end takes a disturbance back. It is called once.
type end func() error

// victim is the run that is disturbed.
type victim struct {
	pid   int    // the suite's process
	group string // the control group that it was started in; empty: none
	dir   string // a directory on the disk that it uses
}

// begin starts a disturbance and returns how to end it.
func (d Disturbance) begin(v victim) (end, error) {
	switch d.Kind {
	case Neighbour:
		return burn(int(d.Size)), nil
	case Quota:
		return limitTo(v.group, d.Size)
	case StopHarness:
		return stop([]int{v.pid})
	case StopPostgres:
		return stopPostgres(v.pid)
	case FsyncStorm:
		return syncAll(v.dir, int(d.Size))
	case Memory:
		return takeMemory(d.Size)
	case ClockStep:
		return stepClock(time.Duration(d.Size * float64(time.Second)))
	default:
		return nil, fmt.Errorf("there is no disturbance %q", d.Kind)
	}
}

// hold carries a disturbance out for its time, or until ctx is over, and always
// takes it back. now is the run's own clock.
func (d Disturbance) hold(ctx context.Context, v victim, now func() time.Duration) Happened {
	h := Happened{Disturbance: d}
	finish, err := d.begin(v)
	h.From = now()
	if err == nil {
		select {
		case <-time.After(d.For):
		case <-ctx.Done():
		}
		err = finish()
	}
	h.To = now()
	if err != nil {
		h.Error = err.Error()
	}
	return h
}

// Unable says of each kind that this machine does not allow why it does not.
func Unable() map[Kind]string {
	no := map[Kind]string{}
	for kind, err := range map[Kind]error{Quota: quotaAllowed(), ClockStep: clockAllowed(), StopPostgres: treesKnown()} {
		if err != nil {
			no[kind] = err.Error()
		}
	}
	return no
}
