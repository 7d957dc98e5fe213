package harness

import (
	"context"
	"fmt"
	"io"
	"math"
	"runtime"
	"slices"

	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/probe"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/witness"
)

// calibrate measures what the generator can send on this machine, unless that is
// known, and what the scenarios need to know beside it, and says who else is there: what
// they take is missing from all that follows.
func (s *Session) calibrate(ctx context.Context, scenarios []Scenario) error {
	s.canary = witness.Calibrate()
	s.ceiling.Ceiling = s.cfg.Ceiling
	if s.ceiling.Ceiling == (load.Ceiling{}) {
		machine := probe.Machine()
		if open, ok := machine.(io.Closer); ok {
			defer open.Close()
		}
		_, _ = machine.Sample(ctx)
		var err error
		if s.ceiling.Ceiling, err = load.Calibrate(ctx, load.Calibration{}); err != nil {
			return fmt.Errorf("calibrate the load generator: %w", err)
		}
		if seen, err := machine.Sample(ctx); err == nil { // a system that does not tell is believed to be calm
			s.warn(foreign(machine.Series(), seen, runtime.NumCPU()))
		}
	}
	s.say(fmt.Sprintf("generator: %s requests/s against a target that does nothing", result.Number(s.ceiling.PerSecond)))
	s.calibrateSessions(ctx, scenarios)
	return nil
}

// calibrateSessions measures how many sessions the database can open, where a scenario
// needs that. Where they cannot be measured no scenario is slowed down for them.
func (s *Session) calibrateSessions(ctx context.Context, scenarios []Scenario) {
	if s.db == nil || !slices.ContainsFunc(scenarios, func(sc Scenario) bool { return sc.Needs.Sessions > 0 }) {
		return
	}
	var err error
	if s.ceiling.sessions, err = s.db.SessionsPerSecond(ctx); err != nil {
		s.note(fmt.Errorf("measure how long the database takes to open a session: %w", err))
		return
	}
	s.say(fmt.Sprintf("database: %s sessions/s, opened one after the other", result.Number(s.ceiling.sessions)))
}

// warn says that others use so much of the machine that checks may show nothing.
func (s *Session) warn(share float64) {
	if share > witness.MaxForeign {
		s.say(fmt.Sprintf("other processes keep %s of this machine busy: a limit on time that is missed meanwhile shows nothing, so end them first", result.Format(share, result.UnitRatio)))
	}
}

// foreign is the share of the processors that others than this process used,
// between two samples of the machine's series; NaN where it is not known.
func foreign(series []probe.Series, values []float64, processors int) float64 {
	busy, own := math.NaN(), math.NaN()
	for i, one := range series {
		switch one.Name {
		case seriesMachine:
			busy = values[i]
		case "harness.cpu":
			own = values[i]
		}
	}
	return busy - own/float64(processors)
}
