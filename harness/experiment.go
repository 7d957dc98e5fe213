package harness

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/standing"
	"holdfast.dev/holdfast/redact"
)

// Try is the one way to run an experiment: the scenario with that variant of the
// target. What goes wrong in it is in the result, and everything that it started
// is down again when Try returns, also when ctx is cancelled half-way: what was
// measured until then is judged. It may be called from several goroutines.
func (s *Session) Try(ctx context.Context, v Variant, sc Scenario) result.Scenario {
	return s.try(ctx, v, sc, func(result.Scenario) {})
}

// try is [Session.Try]; sofar is told now and then what is known until then.
func (s *Session) try(ctx context.Context, v Variant, sc Scenario, sofar func(result.Scenario)) result.Scenario {
	secrets := texts(s.hidden(v, sc))
	annotated := func(out result.Scenario) result.Scenario {
		out.Switches = s.cfg.switches(sc, out.Settings)
		if len(secrets) > 0 {
			out = *result.Without(&out, secrets)
		}
		out.Repeat = s.cfg.atPace(v.repeat(s.cfg, sc.Name), out.Pace)
		for i, c := range out.Checks {
			out.Checks[i].Seen = s.cfg.ProvenChecks.Of(sc.Name, c)
		}
		return out
	}
	sc = s.cfg.Target.For(sc)
	sc, pace, err := sc.fitted(s.ceiling, s.cfg.Pace)
	m := Measurement{
		Started: time.Now().UTC(), Without: v.without(), MemoryLimit: v.launch(s.cfg.Target).MemoryLimit,
		Ceiling: s.ceiling.Ceiling, Pace: pace, Settings: redacted(v.settings(sc)), StandingOff: s.cfg.offs(sc),
		NotOurs: s.cfg.Target.URL != "",
	}
	switch {
	case len(sc.Lacks) > 0:
		m.Unmet = strings.Join(sc.Lacks, "; ")
	case err != nil:
		m.Failed = err.Error()
	default:
		m.Failed, m.Contact = s.notRun(), s.breach.contactBefore(sc.Name)
	}
	if m.Failed == "" && m.Unmet == "" {
		s.measure(ctx, v, sc, &m, func(part result.Scenario) { sofar(annotated(part)) })
	}
	return annotated(Conclude(sc, m))
}

// hidden are the secrets that stand nowhere in the result: those that were given by name,
// and what the settings have under the name of a secret.
func (s *Session) hidden(v Variant, sc Scenario) []standing.Secret {
	return slices.Concat(declared(s.cfg.Target.Values), unloggable(secretsOf(v.settings(sc), nil, "")), unloggable(s.cfg.Target.secretsOfProcesses()), unloggable(sc.World.secrets()))
}

// show is try with its beginning, as started says it, and its end told to the
// observer.
func (s *Session) show(ctx context.Context, v Variant, sc Scenario, started Event, sofar func(result.Scenario)) result.Scenario {
	out, _ := s.showBeside(ctx, v, sc, started, sofar)
	return out
}

// showBeside is show of one that may have company. It reports whether another was there
// at any time; what it comes to is then [byCompany].
func (s *Session) showBeside(ctx context.Context, v Variant, sc Scenario, started Event, sofar func(result.Scenario)) (out result.Scenario, accompanied bool) {
	started.Kind, started.Scenario, started.Planned = ScenarioStarted, sc.Name, s.cfg.Target.For(sc).faultNames()
	s.cfg.Observe(started)
	leave := s.company.arrive()
	out = s.try(ctx, v, sc, sofar)
	accompanied = leave()
	if started.Company && accompanied {
		out = byCompany(out)
	}
	out.Tries = started.Tries
	s.cfg.Observe(Event{Kind: ScenarioEnded, Scenario: sc.Name, Result: result.Redacted(&out)})
	return out, accompanied
}

// measure carries out one experiment, takes everything down again, and adds to m
// what was seen. sofar is told at the beginning, and now and then, what is known
// until then.
func (s *Session) measure(ctx context.Context, v Variant, sc Scenario, m *Measurement, sofar func(result.Scenario)) {
	env := v.settings(sc)
	sofar(partial(sc, *m, LoadSeen{}))
	var undo cleanups
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	defer s.breach.ends(end)()
	st, err := s.setUp(ctx, v, sc, &undo, env, end)
	m.Settings = redacted(env)
	if err == nil {
		m.Load, err = s.drive(ctx, st, &undo, func(seen LoadSeen) {
			now := *m
			now.Duration = time.Since(m.Started)
			sofar(partial(sc, now, seen))
		})
	}
	err = errors.Join(err, undo.run(ctx))
	m.Contact = s.breach.contact(st)
	if st != nil {
		m.Played = st.playedSeen() // also where the target ended for that before it was ready
	}
	if st != nil && st.target != nil {
		m.observe(context.WithoutCancel(ctx), st)
	}
	if unmet := new(unmetError); errors.As(err, &unmet) {
		m.Unmet = err.Error()
	} else if err != nil {
		m.Failed = err.Error()
	}
	m.asUnplayed()
	m.Duration = time.Since(m.Started)
}

// redacted is a copy of an environment without credentials.
func redacted(env map[string]string) map[string]string {
	hidden := map[string]string{}
	for name, value := range env {
		hidden[name] = redact.Value(name, value)
	}
	return hidden
}

// observe takes down what is known once all is over: how the target ended, what
// it wrote, and what the fakes saw.
func (m *Measurement) observe(ctx context.Context, st *setup) {
	ends, log := st.lives()
	m.Log = log
	if m.Load == nil {
		return
	}
	m.Ends = ends
	m.Load.readMeasures(st)
	m.Load.Backings = st.backings(ctx)
	st.logs.read(m.Load, st.start)
	lines, spilled := st.spills.seen()
	m.Load.Standing = st.watches.ended(standing.Ended{
		Start: st.start, Log: m.Log, LogLines: lines, Spilled: spilled, Ends: m.Ends, Complete: m.Load.whole() && m.Load.Died == nil,
	})
}

// shift moves an end's times onto the scenario's clock: the target was started
// before that clock was.
func shift(e result.End, by time.Duration) result.End {
	e.StartS += by.Seconds()
	if e.EndS != nil {
		at := *e.EndS + by.Seconds()
		e.EndS = &at
	}
	e.OOMKillsS = slices.Clone(e.OOMKillsS)
	for i := range e.OOMKillsS {
		e.OOMKillsS[i] += by.Seconds()
	}
	return e
}
