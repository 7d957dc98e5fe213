package harness

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"holdfast.dev/holdfast/harness/standing"
)

// Why an action is ended. Only what outlasts the experiment is held against it.
var (
	errExperimentOver = errors.New("it was still going on when the experiment was over")
	errExperimentCut  = errors.New("the experiment was cut short")
)

// doings are the actions of an experiment at work.
type doings struct {
	end  context.CancelCauseFunc
	work sync.WaitGroup

	mu      sync.Mutex // guards below
	open    int        // how many are still to be done
	finding standing.Finding
	late    int64 // those that were still going on when the experiment was over
}

// act carries out the scenario's actions, each at its time, until over is called.
func (l *live) act(ctx context.Context) {
	d := &l.actions
	d.finding = standing.Finding{Check: "actions", About: "each action on the timeline is carried out and ends well"}
	ctx, d.end = context.WithCancelCause(ctx)
	d.open = len(l.scenario.Actions)
	for _, a := range l.scenario.Actions {
		d.work.Go(func() {
			l.do(ctx, a)
			d.mu.Lock()
			defer d.mu.Unlock()
			d.open--
		})
	}
}

// do waits for an action's time and carries it out.
func (l *live) do(ctx context.Context, a Action) {
	wait := time.NewTimer(time.Until(l.start.Add(a.at(l.scenario.Timeline))))
	defer wait.Stop()
	select {
	case <-wait.C:
	case <-ctx.Done():
		return
	}
	began := l.now()
	l.events.add(began, "action "+a.Name+" began")
	one := a.Step
	one.Name = "action " + a.Name
	out, err := l.carryOutAs(ctx, a.EnvOf, one)
	took := (l.now() - began).Round(time.Millisecond)
	if err == nil {
		said := ""
		if n := len(out.Log); n > 0 {
			said = ": " + out.Log[n-1]
		}
		l.events.add(l.now(), fmt.Sprintf("action %s was done after %s%s", a.Name, took, said))
	} else {
		l.events.add(l.now(), fmt.Sprintf("action %s failed after %s", a.Name, took))
	}
	if err != nil && ctx.Err() != nil && !errors.Is(context.Cause(ctx), errExperimentOver) {
		return
	}
	d := &l.actions
	d.mu.Lock()
	defer d.mu.Unlock()
	d.finding.Looked++
	if err == nil {
		return
	}
	d.finding.Add(standing.Example{At: began, What: err.Error()})
	if ctx.Err() != nil {
		d.late++
		d.finding.From, d.finding.To = min(cmp.Or(d.finding.From, began), began), l.now()
	}
}

// done reports whether all actions are.
func (d *doings) done() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.open == 0
}

// over ends what is still going on, waits for it, and says what was found. It may be
// called again.
func (d *doings) over(cause error) []standing.Finding {
	if d.end == nil {
		return nil
	}
	d.end(cause)
	d.work.Wait()
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.finding.Looked == 0 {
		return nil
	}
	found := d.finding
	if d.late < found.Broken { // some failed for which no time was too short
		found.From, found.To = 0, 0
	}
	return []standing.Finding{found}
}
