package harness

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"holdfast.dev/holdfast/harness/ledger"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/step"
)

// arrivals are what has been done by now, at the far side of the ledger.
func (l *live) arrivals(ctx context.Context, asked []ledger.Asked) ([]ledger.Arrival, error) {
	a := l.scenario.Ledger.Arrived
	switch {
	case a.AtFake() != "":
		return l.arrivedAt(a.At)
	case a.SQL != "":
		reader, err := l.reader()
		if err != nil {
			return nil, err
		}
		rows, _, err := reader.Ask(ctx, step.Question{SQL: a.SQL, Timeout: reconcileTimeout})
		if err != nil {
			return nil, err
		}
		return l.ofRows(rows)
	case a.Request != nil:
		return l.readBack(ctx, *a.Request, asked)
	}
	out, err := l.carryOut(ctx, step.Step{Name: "the ledger's command", Run: a.Run})
	if err != nil {
		return nil, err
	}
	var rows [][]string
	for line := range strings.Lines(string(out.Stdout)) {
		if text := strings.TrimRight(line, "\r\n"); text != "" {
			rows = append(rows, strings.SplitN(text, "\t", 2))
		}
	}
	return l.ofRows(rows)
}

// arrivedAt are the calls that a fake has accepted at a place.
func (l *live) arrivedAt(place string) ([]ledger.Arrival, error) {
	for _, d := range l.scenario.World.Dependencies {
		for _, at := range d.Receives {
			if r, ok := l.fakes[d.Name].(Receiver); ok && at == place {
				return r.Received(at, l.start), nil
			}
		}
	}
	return nil, fmt.Errorf("%s does not tell what it has accepted", place)
}

// ofRows are arrivals of which each has a row: its key, and when it was done.
func (l *live) ofRows(rows [][]string) ([]ledger.Arrival, error) {
	all := make([]ledger.Arrival, len(rows))
	for i, row := range rows {
		all[i].Key = row[0]
		if len(row) < 2 || row[1] == "" {
			continue
		}
		when, err := parseTime(row[1])
		if err != nil {
			return nil, fmt.Errorf("the key %s: %w", row[0], err)
		}
		all[i].At, all[i].Timed = when.Sub(l.start), true
	}
	return all, nil
}

// parseTime reads a time as Postgres and others write it, or as seconds since 1970.
// Without a zone it is in UTC.
func parseTime(text string) (time.Time, error) {
	text = strings.TrimSpace(text)
	if s, err := strconv.ParseFloat(text, 64); err == nil {
		return time.Unix(0, int64(s*float64(time.Second))), nil
	}
	for _, form := range []string{time.RFC3339Nano, "2006-01-02 15:04:05.999999999Z07", "2006-01-02 15:04:05.999999999Z07:00", "2006-01-02 15:04:05.999999999", "2006-01-02T15:04:05.999999999"} {
		if t, err := time.Parse(form, text); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("%.40q is no time: a time stamp, or seconds since 1970", text)
}

// askers bounds how many keys are read back at once.
const askers = 8

// readBack asks for each key whether it is there, but for those that were there
// before.
func (l *live) readBack(ctx context.Context, r step.Request, asked []ledger.Asked) ([]ledger.Arrival, error) {
	keys := make(chan string)
	var asking sync.WaitGroup
	var mu sync.Mutex
	var failed error
	for range askers {
		asking.Go(func() {
			for key := range keys {
				there, err := l.isThere(ctx, r, key)
				mu.Lock()
				if there {
					l.books.found[key] = true
				}
				failed = errors.Join(failed, err)
				mu.Unlock()
			}
		})
	}
	for _, one := range asked {
		mu.Lock()
		skip := one.Key == "" || l.books.found[one.Key] || failed != nil
		mu.Unlock()
		if !skip {
			keys <- one.Key
		}
	}
	close(keys)
	asking.Wait()
	var all []ledger.Arrival
	for _, one := range asked {
		if l.books.found[one.Key] {
			all = append(all, ledger.Arrival{Key: one.Key})
		}
	}
	return all, failed
}

// isThere reads one key back. An answer that is not as it should be is a no.
func (l *live) isThere(ctx context.Context, r step.Request, key string) (bool, error) {
	m, err := l.means(l.session.journal, "")
	if err != nil {
		return false, err
	}
	known := m.Value
	m.Value = func(name string) (string, bool) {
		if name == "key" {
			return key, true
		}
		return known(name)
	}
	out, err := m.Do(ctx, step.Step{Name: "read back " + key, Request: &r})
	if out.Status == 0 && err != nil {
		return false, err
	}
	return err == nil, nil
}

// validateLedger reports a ledger that can't be drawn up.
func (s Scenario) validateLedger(p *problems) {
	if s.Ledger == nil {
		return
	}
	if s.Reconcile != nil {
		p.say("it draws up its ledger twice: as a function and as data")
	}
	streams := map[string][]ledger.Variable{}
	for _, stream := range s.Load {
		variables := variablesOf(stream)
		if len(stream.Steps) == 0 {
			streams[stream.Name] = variables
		}
		for _, one := range stream.Steps {
			streams[stream.Name+"."+one.Name] = variables
		}
	}
	var places, calls []string
	for _, d := range s.World.Dependencies {
		places, calls = append(places, d.Receives...), append(calls, d.Calls...)
	}
	p.note(s.Ledger.Validate(streams, places, calls))
	if one, asks := s.Ledger.Arrived.Step(); asks {
		s.validateDatabase(p, "the ledger", one)
	}
}

// variablesOf are the variables of a stream and of its steps.
func variablesOf(s load.Stream) []ledger.Variable {
	vars := maps.Clone(s.Vars)
	if vars == nil {
		vars = map[string]load.Var{}
	}
	if s.Template != nil {
		maps.Copy(vars, s.Template.Vars)
	}
	for _, one := range s.Steps {
		maps.Copy(vars, one.Template.Vars)
	}
	var all []ledger.Variable
	for _, name := range slices.Sorted(maps.Keys(vars)) {
		all = append(all, ledger.Variable{Name: name, Unique: vars[name].Unique != ""})
	}
	return all
}
