package standing

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
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
	looked
	scene Scene
}

func (w *resting) drained(ctx context.Context, s Settled) {
	least := make([]float64, len(w.scene.Parts)) // of each part, in any window
	for i := range least {
		least[i] = math.Inf(1)
	}
	looks := int64(0)
	before, from, err := w.used(ctx)
	for err == nil && slices.Max(least) > mostAtRest && looks < restLooks {
		select {
		case <-time.After(restWindow):
		case <-ctx.Done():
		}
		var now []time.Duration
		var at time.Time
		if now, at, err = w.used(ctx); err != nil {
			break
		}
		for i := range least {
			least[i] = min(least[i], max(0, now[i]-before[i]).Seconds()/at.Sub(from).Seconds())
		}
		looks++
		before, from = now, at
	}
	w.conclude(least, looks, err, s)
}

// conclude says what the looks at each part have shown.
func (w *resting) conclude(least []float64, looks int64, err error, s Settled) {
	restless := slices.Max(least) > mostAtRest
	if looks == 0 || restless && looks < leastLooks {
		w.unseen = fmt.Sprintf("what processors it used at rest could be looked at %d times only%s", looks, because(textOf(err)))
		return
	}
	w.finding = &Finding{Looked: looks}
	for i, part := range w.scene.Parts {
		if least[i] > mostAtRest {
			w.finding.Add(Example{At: s.Over, What: fmt.Sprintf("%s went on to use %.2f processors and more, in each of %d looks, with nothing to do", part.name(), least[i], looks)})
		}
	}
}

func textOf(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// used is the processor time that all processes of each part have used until now.
func (w *resting) used(ctx context.Context) (all []time.Duration, at time.Time, err error) {
	if err := ctx.Err(); err != nil {
		return nil, time.Time{}, err
	}
	seen := false
	for _, part := range w.scene.Parts {
		u, err := part.Tree.Usage(ctx)
		if err != nil {
			return nil, time.Time{}, err
		}
		all, seen = append(all, u.CPU), seen || u.Processes > 0
	}
	if !seen {
		return nil, time.Time{}, errors.New("its processes run elsewhere")
	}
	return all, time.Now(), nil
}
