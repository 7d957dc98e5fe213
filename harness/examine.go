package harness

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/step"
	"holdfast.dev/holdfast/harness/verdict"
)

// maxRows bounds the rows of an invariant that are shown.
const maxRows = 5

// examination is an invariant with what was seen of it.
type examination struct {
	Invariant

	mu       sync.Mutex // guards below
	looks    int64
	misses   float64 // the most that it missed by
	examples string
	problem  string // why it could not be asked last
}

// examinations are the invariants of an experiment.
type examinations struct {
	all  []*examination
	end  context.CancelFunc
	work sync.WaitGroup
}

// examine begins to look at the invariants that hold always.
func (l *live) examine(ctx context.Context) {
	e := &l.invariants
	ctx, e.end = context.WithCancel(ctx)
	for _, i := range l.scenario.Invariants {
		one := &examination{Invariant: i}
		e.all = append(e.all, one)
		if i.When == Always {
			e.work.Go(func() { l.keepLooking(ctx, one) })
		}
	}
}

// keepLooking looks at an invariant from the first request on.
func (l *live) keepLooking(ctx context.Context, one *examination) {
	wait := time.NewTimer(time.Until(l.start))
	defer wait.Stop()
	select {
	case <-wait.C:
	case <-ctx.Done():
		return
	}
	tick := time.NewTicker(cmp.Or(one.Every, time.Second))
	defer tick.Stop()
	for {
		l.look(ctx, one)
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// look asks once.
func (l *live) look(ctx context.Context, one *examination) {
	reader, err := l.reader()
	if err != nil {
		one.note(0, "", err)
		return
	}
	rows, n, err := reader.Ask(ctx, step.Question{SQL: one.SQL, Timeout: one.Timeout, MaxRows: maxRows})
	if ctx.Err() != nil {
		return // it was ended with the experiment
	}
	misses, examples := one.judge(rows, n)
	if misses > 0 && one.When == Always {
		examples += fmt.Sprintf(" (at %s)", result.Format(l.now().Seconds(), result.UnitSeconds))
	}
	one.note(misses, examples, err)
}

// judge says by how much the rows that there are miss what must be, and shows some.
func (i Invariant) judge(rows [][]string, n int) (misses float64, examples string) {
	if i.Equals != "" {
		if got := firstValue(rows); n != 1 || !equalAnswers(got, i.Equals) {
			return 1, fmt.Sprintf("it was %.100q in %d rows, and should be %s", got, n, i.Equals)
		}
		return 0, ""
	}
	misses = float64(max(n-i.Rows, i.Rows-n))
	if misses == 0 {
		return 0, ""
	}
	shown := make([]string, len(rows))
	for k, row := range rows {
		shown[k] = fmt.Sprintf("(%.200s)", strings.Join(row, ", "))
	}
	if n > len(rows) {
		shown = append(shown, "…")
	}
	return misses, strings.TrimSpace(fmt.Sprintf("it gave %d rows, and should give %d: %s", n, i.Rows, strings.Join(shown, " ")))
}

// note keeps the worst of what was seen.
func (e *examination) note(misses float64, examples string, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if err != nil {
		e.problem = err.Error()
		return
	}
	e.looks++
	if misses > e.misses {
		e.misses, e.examples = misses, examples
	}
}

// examined ends the looking and enters what was seen. whole says that the experiment
// ran to its end, also where the drain took too long: then all are looked at once more.
func (l *live) examined(ctx context.Context, seen *LoadSeen, whole bool) {
	e := &l.invariants
	if e.end == nil {
		return
	}
	e.end()
	e.work.Wait()
	for _, one := range e.all {
		if whole {
			l.look(context.WithoutCancel(ctx), one)
		}
		one.enter(seen)
	}
}

// enter is what was seen of it as a metric. One that could not be asked was not
// measured, whatever was seen before.
func (e *examination) enter(seen *LoadSeen) {
	e.mu.Lock()
	defer e.mu.Unlock()
	reading := verdict.Reading{Value: e.misses, Samples: e.looks}
	if e.problem != "" && e.misses == 0 {
		reading = verdict.Reading{}
	}
	seen.read(e.metric(), func(verdict.Window) verdict.Reading { return reading })
	seen.note(e.metric(), cmp.Or(e.examples, e.problem))
}

// check is that the invariant holds.
func (i Invariant) check() verdict.Check {
	return verdict.Metric(i.metric()).Equals(verdict.Count(0)).Because("must hold: " + i.Name)
}

func (i Invariant) descriptor() verdict.Descriptor {
	return verdict.Descriptor{Name: i.metric(), Unit: result.UnitCount, Whole: true, About: "by how many rows this is not so: " + i.Name}
}
