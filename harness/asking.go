package harness

import (
	"context"
	"errors"
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"sync"
	"time"

	"holdfast.dev/holdfast/harness/step"
	"holdfast.dev/holdfast/message"
)

// carryOut carries out a step beside the load, with the environment and in the folder
// of the target's entry.
func (l *live) carryOut(ctx context.Context, one step.Step) (step.Outcome, error) {
	return l.carryOutAs(ctx, "", one)
}

// carryOutAs carries out a step with the environment of a process.
func (l *live) carryOutAs(ctx context.Context, process string, one step.Step) (step.Outcome, error) {
	m, err := l.means(l.session.journal, process)
	if err != nil {
		return step.Outcome{}, err
	}
	return m.Do(ctx, one)
}

// reader asks the scenario's database and changes nothing; it is made when it is
// first asked for.
func (l *live) reader() (*step.Reader, error) {
	l.reading.Lock()
	defer l.reading.Unlock()
	if l.shared == nil && l.data != nil {
		l.shared = step.NewReader(l.data.DSN())
		l.all = append(l.all, l.shared)
	}
	if l.shared == nil {
		return nil, errors.New("the scenario has no database")
	}
	return l.shared, nil
}

// readers are those who ask the database of an experiment.
type readers struct {
	reading sync.Mutex // guards below
	shared  *step.Reader
	all     []*step.Reader
}

// another is one whom nobody else keeps waiting.
func (r *readers) another(dsn string) *step.Reader {
	r.reading.Lock()
	defer r.reading.Unlock()
	one := step.NewReader(dsn)
	r.all = append(r.all, one)
	return one
}

// close ends their connections.
func (r *readers) close(context.Context) error {
	r.reading.Lock()
	defer r.reading.Unlock()
	var errs []error
	for _, one := range r.all {
		errs = append(errs, one.Close())
	}
	return errors.Join(errs...)
}

// answer is what a question is answered.
func (l *live) answer(ctx context.Context, q Question) (string, error) {
	if q.Step.SQL != "" && len(q.Step.Values) == 0 {
		reader, err := l.reader()
		if err != nil {
			return "", err
		}
		rows, _, err := reader.Ask(ctx, step.Question{SQL: q.Step.SQL, Timeout: q.Step.Timeout, MaxRows: 1})
		return firstValue(rows), err
	}
	out, err := l.carryOut(ctx, q.Step)
	switch {
	case err != nil:
		return "", err
	case q.Step.SQL != "":
		return firstValue(out.Rows), nil
	case q.Step.Request == nil:
		return strings.TrimSpace(string(out.Stdout)), nil
	case q.Value == "":
		return strings.TrimSpace(string(out.Body)), nil
	}
	path, err := message.ParsePath(q.Value)
	if err != nil {
		return "", err
	}
	value, there := path.Of(&message.Message{Status: out.Status, Body: out.Body})
	if !there {
		return "", fmt.Errorf("the answer has no %s", q.Value)
	}
	return value, nil
}

func firstValue(rows [][]string) string {
	if len(rows) == 0 || len(rows[0]) == 0 {
		return ""
	}
	return rows[0][0]
}

// equalAnswers reports whether two answers are the same: numbers as numbers, to the
// last digit where all are written.
func equalAnswers(a, b string) bool {
	a, b = strings.TrimSpace(a), strings.TrimSpace(b)
	x, errX := strconv.ParseFloat(a, 64)
	y, errY := strconv.ParseFloat(b, 64)
	if errX == nil && errY == nil {
		exact, okA := new(big.Rat).SetString(a)
		other, okB := new(big.Rat).SetString(b)
		if okA && okB && !strings.ContainsAny(a+b, "eEpPxX") {
			return exact.Cmp(other) == 0
		}
		return x == y
	}
	return a == b
}

// patience lets something be asked now and then: not again before settleEvery, and
// not for more than a part of the time.
type patience struct{ next time.Time }

// settleEvery is the least time between two looks at whether the work is done.
const settleEvery = 200 * time.Millisecond

// due reports whether it is time to ask again.
func (p *patience) due(now time.Time) bool { return !now.Before(p.next) }

// asked notes that it took from then until now to ask.
func (p *patience) asked(from, now time.Time) { p.next = now.Add(max(settleEvery, 2*now.Sub(from))) }

// settled reports whether the work that the load has caused is done: what the
// scenario says by itself; else what its ledger still waits for.
func (l *live) settled(ctx context.Context, state State) (bool, error) {
	switch {
	case l.scenario.Drained != nil:
		return l.scenario.Drained(ctx, state)
	case l.scenario.DrainedWhen == nil && l.books == nil:
		return true, nil
	}
	begun := time.Now()
	if !l.looks.due(begun) {
		return false, nil
	}
	defer func() { l.looks.asked(begun, time.Now()) }()
	if q := l.scenario.DrainedWhen; q != nil {
		got, err := l.answer(ctx, *q)
		return err == nil && equalAnswers(got, q.Equals), err
	}
	return l.allArrived(ctx)
}
