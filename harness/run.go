package harness

import (
	"context"

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
	v := Variant{Without: session.cfg.Without}
	file, err := session.newFile(v, session.cfg.Out, session.cfg.Repeat(""))
	if err != nil {
		return nil, err
	}
	for i, s := range scenarios {
		if ctx.Err() != nil {
			break
		}
		started := Event{Text: s.Claim, N: i + 1, All: len(scenarios)}
		put := func(out result.Scenario) { file.put(i, out) }
		put(session.show(ctx, v, s, started, put))
	}
	return file.finish(context.Cause(ctx))
}

// newFile is a result file of the session, which can be written.
func (s *Session) newFile(v Variant, dir, command string) (*resultFile, error) {
	file := newResultFile(s.cfg, v, dir, command)
	s.describe(file.run)
	return file, file.write()
}

// closeAndSay closes the session; what could not be taken down is said.
func (s *Session) closeAndSay(ctx context.Context) { s.note(s.Close(ctx)) }
