package standing

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"
)

// rest is that a target which has nothing to do does nothing: no loop goes round without a
// pause, for a caller who has gone or a database that was away, say.
//
// The processor time of all its processes is looked at in short windows, until it was at
// rest in one. Who collects garbage or compiles when the load is over is through with that
// sooner than the looks.
func rest() Check {
	return Check{
		Name:  "rest",
		About: "when all work is done, the target is at rest: it uses no processor to speak of",
		Begin: func(_ context.Context, s Scene) (Watch, error) {
			if len(s.Parts) == 0 {
				return Watch{}, errors.New("the target's processes cannot be looked at")
			}
			w := &resting{scene: s}
			return Watch{Drained: w.drained, Ended: w.ended}, nil
		},
	}
}

const (
	restWindow = 100 * time.Millisecond
	restLooks  = 40
	mostAtRest = 0.4 // processors
)

// resting is rest at work in one experiment.
type resting struct {
	scene   Scene
	finding *Finding // nil: it was not looked at
	unseen  string
}

func (w *resting) drained(ctx context.Context, s Settled) {
	least, looks := math.Inf(1), int64(0)
	before, from, err := w.used(ctx)
	for err == nil && least > mostAtRest && looks < restLooks {
		select {
		case <-time.After(restWindow):
		case <-ctx.Done():
			err = ctx.Err()
			continue
		}
		var now time.Duration
		var at time.Time
		if now, at, err = w.used(ctx); err == nil {
			least, looks = min(least, max(0, now-before).Seconds()/at.Sub(from).Seconds()), looks+1
			before, from = now, at
		}
	}
	switch {
	case looks == 0:
		w.unseen = fmt.Sprintf("what processors it used at rest: %v", err)
		return
	case least > mostAtRest && looks < leastLooks:
		w.unseen = fmt.Sprintf("what processors it used at rest could be looked at %d times only", looks)
		return
	}
	w.finding = &Finding{Looked: looks}
	if least > mostAtRest {
		w.finding.Add(Example{At: s.Over, What: fmt.Sprintf("it went on to use %.2f processors and more, in each of %d looks, with nothing to do", least, looks)})
	}
}

// used is the processor time that all processes of the target have used until now.
func (w *resting) used(ctx context.Context) (all time.Duration, at time.Time, err error) {
	seen := false
	for _, part := range w.scene.Parts {
		u, err := part.Tree.Usage(ctx)
		if err != nil {
			return 0, time.Time{}, err
		}
		all, seen = all+u.CPU, seen || u.Processes > 0
	}
	if !seen {
		return 0, time.Time{}, errors.New("its processes run elsewhere")
	}
	return all, time.Now(), nil
}

func (w *resting) ended(Ended) Finding {
	if w.finding != nil {
		return *w.finding
	}
	if w.unseen == "" {
		w.unseen = "the experiment did not run to its end"
	}
	return Finding{Unseen: w.unseen}
}
