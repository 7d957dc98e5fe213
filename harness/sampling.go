package harness

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"holdfast.dev/holdfast/harness/probe"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/step"
)

// series is what a sample becomes.
func (g Sample) series() probe.Series {
	s := g.Series
	s.Unit = cmp.Or(s.Unit, result.UnitCount)
	return s
}

// samples are the probes of the scenario's own quantities.
func (l *live) samples() []probe.Probe {
	var all []probe.Probe
	for _, g := range l.scenario.Samples {
		every, timeout := cmp.Or(g.Every, DefaultSampleEvery), cmp.Or(g.Timeout, DefaultSampleTimeout)
		var reader *step.Reader
		if g.SQL != "" && l.data != nil {
			reader = l.another(l.data.DSN())
		}
		all = append(all, probe.Gauges(g.Series.Name, every, []probe.Series{g.series()}, func(ctx context.Context) ([]float64, error) {
			ctx, cancel := context.WithTimeout(ctx, timeout)
			defer cancel()
			text, err := l.sample(ctx, g, reader)
			if err != nil {
				return nil, err
			}
			v, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
			if err != nil {
				return nil, fmt.Errorf("%s: %.40q is no number", g.Series.Name, text)
			}
			return []float64{v}, nil
		}))
	}
	return all
}

// sample asks once, and returns the answer as a text.
func (l *live) sample(ctx context.Context, g Sample, reader *step.Reader) (string, error) {
	switch {
	case g.SQL != "":
		if reader == nil {
			return "", errors.New("the scenario has no database")
		}
		rows, n, err := reader.Ask(ctx, step.Question{SQL: g.SQL, MaxRows: 1})
		if err == nil && n != 1 {
			err = fmt.Errorf("it gave %d rows, and not one", n)
		}
		return firstValue(rows), err
	case len(g.Redis) > 0:
		address, err := l.addressOf(g.At)
		if err != nil {
			return "", err
		}
		text, there, err := step.AskRedis(ctx, address, g.Redis...)
		if err == nil && !there {
			err = errors.New("there is no such value")
		}
		return text, err
	}
	out, err := l.carryOut(ctx, step.Step{Run: g.Run})
	text := strings.TrimSpace(string(out.Stdout))
	return text[strings.LastIndexByte(text, '\n')+1:], err
}

// addressOf is where a dependency is reached past any proxy with faults.
func (l *live) addressOf(dependency string) (string, error) {
	fake := l.fakes[dependency]
	if f, ok := fake.(interface{ Bypass() []string }); ok && len(f.Bypass()) > 0 {
		return f.Bypass()[0], nil
	}
	if f, ok := fake.(reachable); ok && len(f.Addresses()) > 0 {
		return f.Addresses()[0], nil
	}
	if address := valuesOf(fake)["address"]; address != "" {
		return address, nil
	}
	return "", fmt.Errorf("nobody knows where %s is", dependency)
}
