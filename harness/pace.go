package harness

import (
	"errors"
	"fmt"
	"time"

	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/result"
)

// Needs says what a scenario asks of the machine. The zero value asks nothing: it
// is run as it is, whatever the machine.
type Needs struct {
	// Cost is how much of the machine one request of the load takes, with all that
	// it causes in the target, the database, the fakes and the harness. The unit is
	// a request to a target that does nothing, of which [load.Calibrate] says how
	// many the machine can send in a second.
	Cost float64
	// Sessions is how many sessions of the database the scenario has the target open in a
	// second where that is most: each is a process of its own, and there are machines on
	// which one costs ten times what it costs on others of the same speed.
	Sessions float64
	// Alone says that what is measured has the machine to itself: nothing else of a run
	// goes on beside it. So it is of every scenario with a Cost. Defaults to no.
	Alone bool
	// Most is the share of the machine that the load may take. Defaults to
	// [MostOfMachine].
	Most float64
}

// MostOfMachine is how much of a machine a load may take for limits on time to
// mean something of the target: beyond it whoever else comes makes it full.
const MostOfMachine = 0.6

// ceiling is what this machine can do at this moment.
type ceiling struct {
	load.Ceiling         // what the generator itself can send
	sessions     float64 // of the database, opened in a second, one after the other; 0: not measured
}

// share is how much of the machine a load with that peak takes, 1 being all of it, and
// says so.
func (n Needs) share(peak float64, c ceiling) (takes float64, text string) {
	share := func(f float64) string { return result.Format(f, result.UnitRatio) }
	if n.Cost != 0 {
		takes = c.Share(peak * n.Cost)
		text = fmt.Sprintf("%s/s would take about %s of this machine", result.Number(peak), share(takes))
	}
	if c.sessions == 0 || n.Sessions/c.sessions <= takes {
		return takes, text
	}
	takes = n.Sessions / c.sessions
	return takes, fmt.Sprintf("%s sessions of the database a second would take about %s of this machine, which opens %s",
		result.Number(n.Sessions), share(takes), result.Number(c.sessions))
}

// paces are those at which a scenario may be run, the fastest first. They are few,
// so that machines which differ a little, and one machine on different days, run
// the same plan.
var paces = []float64{1, 0.5, 0.25}

// none reports whether no share of the machine is asked.
func (n Needs) none() bool { return n.Cost == 0 && n.Sessions == 0 }

// alone reports whether nothing else of a run may go on beside the scenario.
func (n Needs) alone() bool { return n.Alone || n.Cost != 0 }

func (n Needs) most() float64 {
	if n.Most == 0 {
		return MostOfMachine
	}
	return n.Most
}

// AtPace returns the scenario with the same requests over 1/f of the time: each
// phase is as much longer, and so are the windows of the faults. The error names
// the streams that cannot be slowed down.
func (s Scenario) AtPace(f float64) (Scenario, error) {
	slow := func(d time.Duration) time.Duration { return time.Duration(float64(d) / f) }
	streams, err := s.vary(func(stream load.Stream) (load.Stream, error) {
		var err error
		stream.Profile, err = load.Slowed(stream.Profile, f)
		stream.StartAt = slow(stream.StartAt)
		return stream, err
	})
	s.Load = streams
	t := s.Timeline
	s.Timeline = Timeline{WarmUp: slow(t.WarmUp), Baseline: slow(t.Baseline), Inject: slow(t.Inject), Heal: slow(t.Heal), Drain: t.Drain}
	s.Faults = append([]Fault(nil), s.Faults...)
	for i := range s.Faults {
		s.Faults[i].After, s.Faults[i].For = slow(s.Faults[i].After), slow(s.Faults[i].For)
	}
	return s, err
}

// peak is the highest rate of a scenario's whole load.
func (s Scenario) peak() float64 {
	sum := 0.0
	for _, stream := range s.Load {
		sum += stream.Peak()
	}
	return sum
}

// errTooSmall is what a scenario meets that asks too much of a machine at any pace.
var errTooSmall = errors.New("this machine is too small for the scenario")

// fitted returns the scenario at the fastest pace that a machine with this ceiling
// stands, and that pace; nil where it is the planned one. wanted is a pace that
// was asked for; 0 leaves it to the machine. The error wraps errTooSmall.
func (s Scenario) fitted(c ceiling, wanted float64) (Scenario, *result.Pace, error) {
	if s.Needs.none() {
		return s, nil, nil
	}
	peak := s.peak()
	takes, text := s.Needs.share(peak, c)
	pace, why := &result.Pace{Factor: wanted, FromPerS: peak}, "it was asked for"
	if wanted == 0 {
		pace.Factor = fastest(takes, s.Needs.most())
		why = fmt.Sprintf("%s, and more than %s is not asked of one",
			text, result.Format(s.Needs.most(), result.UnitRatio))
	}
	if pace.Factor == 0 {
		return s, nil, fmt.Errorf("%w: %s, and it may be slowed down to %s/s at least; this machine would stand %s/s. "+
			"Run it where more processors are free, or name a pace (--pace 0.1) and let its limits on time be",
			errTooSmall, why, result.Number(peak*paces[len(paces)-1]), result.Number(peak*s.Needs.most()/takes))
	}
	if pace.Factor == 1 {
		return s, nil, nil
	}
	slowed, err := s.AtPace(pace.Factor)
	pace.ToPerS, pace.Because = slowed.peak(), why
	return slowed, pace, err
}

// fastest is the fastest pace at which a load takes no more than that; 0 is none.
func fastest(takes, most float64) float64 {
	for _, p := range paces {
		if takes*p <= most {
			return p
		}
	}
	return 0
}

// atPace adds a pace to what to type to repeat a scenario: another machine, or this
// one on another day, would choose its own.
func (c Config) atPace(command string, pace *result.Pace) string {
	if command == "" || pace == nil || c.PaceFlag == "" {
		return command
	}
	return fmt.Sprintf("%s %s %v", command, c.PaceFlag, pace.Factor)
}

// foretell says, before anything is measured, which scenarios this machine runs
// slower than planned, and which not at all.
func (s *Session) foretell(scenarios []Scenario) {
	for _, sc := range scenarios {
		_, pace, err := sc.fitted(s.ceiling, s.cfg.Pace)
		switch {
		case err != nil:
			s.say(fmt.Sprintf("%s will be inconclusive: %v", sc.Name, err))
		case pace != nil:
			s.say(fmt.Sprintf("%s runs at %s/s instead of %s/s, for as much longer: %s", sc.Name, result.Number(pace.ToPerS), result.Number(pace.FromPerS), pace.Because))
		}
	}
}
