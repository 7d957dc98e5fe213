package harness

import (
	"context"
	"fmt"

	"holdfast.dev/holdfast/harness/result"
)

// Run runs the scenarios one after another and returns the result, also when
// ctx is cancelled half-way: what was measured until then is judged. The error
// speaks of what kept the run from taking place at all (no database, an
// unwritable directory, a scenario that is wrong as data); what went wrong in
// one scenario is in its result.
func Run(ctx context.Context, cfg Config, scenarios []Scenario) (*result.Run, error) {
	session, err := Open(ctx, cfg, scenarios...)
	if err != nil {
		return nil, err
	}
	defer session.closeAndSay(ctx)
	session.foretell(scenarios)
	v := Variant{Without: session.cfg.Without}
	file, err := session.newFile(v, session.cfg.Out, session.cfg.Repeat(""))
	if err != nil {
		return nil, err
	}
	for i, s := range scenarios {
		if ctx.Err() != nil || session.notRun() != "" {
			break
		}
		started := Event{Text: s.Claim, N: i + 1, All: len(scenarios)}
		session.insist(ctx, v, s, started, func(out result.Scenario) { file.put(i, out) })
	}
	return file.finish(context.Cause(ctx))
}

// insist runs a scenario, and once more while it is inconclusive and Retries are
// left: what came of each try is put where it belongs, the earlier ones beside the
// last. Nothing but an inconclusive try is repeated, so that no failure is.
func (s *Session) insist(ctx context.Context, v Variant, sc Scenario, started Event, put func(result.Scenario)) {
	for {
		out := s.show(ctx, v, sc, started, func(part result.Scenario) { part.Tries = started.Tries; put(part) })
		put(out)
		_, _, tooSmall := sc.fitted(s.ceiling, s.cfg.Pace) // no further try changes that
		if out.Verdict != result.Inconclusive || len(started.Tries) >= s.cfg.Retries || ctx.Err() != nil || tooSmall != nil {
			return
		}
		started.Tries = append(started.Tries, result.TryOf(out))
		s.say(fmt.Sprintf("%s showed nothing and is tried once more", sc.Name))
	}
}

// newFile is a result file of the session, which can be written.
func (s *Session) newFile(v Variant, dir, command string) (*resultFile, error) {
	file := newResultFile(s.cfg, v, dir, command)
	s.describe(file.run)
	return file, file.write()
}

// closeAndSay closes the session; what could not be taken down is said.
func (s *Session) closeAndSay(ctx context.Context) { s.note(s.Close(ctx)) }
