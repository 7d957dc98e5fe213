package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/database"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/safefile"
)

// carryOut runs the plan, writes the reports and returns the error that carries
// the exit code.
func (p *plan) carryOut(ctx context.Context, env environ) error {
	view, free, err := p.watched(ctx, env)
	if err != nil {
		return err
	}
	defer free()
	kept, err := keepRequests(p.flags.results, &p.config)
	if err != nil {
		return usage(err)
	}
	defer kept.drop()
	endLive, err := p.serveLive(view)
	if err != nil {
		return environment(err)
	}
	endTelling, err := p.tell(env, view)
	if err != nil {
		return environment(errors.Join(err, endLive(ctx, nil)))
	}
	view.planned = names(p.scenarios)
	for _, warning := range p.unguarded() {
		view.say(warning)
	}
	view.say(fmt.Sprintf("run %s, seed %d, profile %s, %s", p.config.ID, p.config.Seed, p.config.Profile, counted(len(p.scenarios), "scenario")))
	run, err := p.run(ctx, view)
	view.close()
	if run == nil {
		endTelling(ctx)
		return runError(ctx, errors.Join(err, endLive(ctx, nil)))
	}
	err = errors.Join(err, kept.take())
	report, reportErr := writeReports(p.config.Out, run)
	reportErr = errors.Join(err, reportErr, writeExports(p.config.Out, run, p.flags.exports), tellCI(env, run))
	if err := endLive(ctx, run); err != nil { // no reason to doubt the verdict
		view.say("live report: " + err.Error())
	}
	endTelling(ctx) // it may wait for a scrape: the reports do not
	view.conclude(run, report)
	return p.exit(ctx, run, reportErr)
}

// run runs the scenarios, with a fleet where one was asked for.
func (p *plan) run(ctx context.Context, view *view) (*result.Run, error) {
	free, err := p.openFleet(ctx, view.say)
	if err != nil {
		return nil, environment(err)
	}
	run, err := harness.Run(ctx, p.config, p.scenarios)
	if err := free(); err != nil { // no reason to doubt the verdict
		view.say("the fleet: " + err.Error())
	}
	return run, err
}

// watched sees that the results can be kept, and by this run alone, and shows what will
// happen. The function that it returns lets the folder go.
func (p *plan) watched(ctx context.Context, env environ) (_ *view, free func(), err error) {
	letGo, err := claim(p.config.Out)
	if err != nil {
		return nil, nil, err
	}
	view := newView(env, p.flags.json)
	view.quiet = p.flags.quiet
	p.config.Observe = view.observe
	unwatched := onInterrupt(ctx, view.interrupted)
	return view, func() { unwatched(); letGo() }, nil
}

// claim makes a folder, takes it for this run alone, and sees that a file can be made
// in it, before a minute of load is spent on a result that can't be kept.
func claim(dir string) (free func(), err error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, usage(fmt.Errorf("--out %s: %w", dir, err))
	}
	folder, err := safefile.Claim(dir)
	switch {
	case errors.Is(err, safefile.ErrLocked):
		return nil, environment(fmt.Errorf("--out %s: another run writes there: wait for it, or name another folder", dir))
	case err != nil:
		return nil, usage(fmt.Errorf("--out: %w", err))
	}
	probe := filepath.Join(dir, ".holdfast-writable")
	if err := errors.Join(writeFile(probe, nil), os.Remove(probe)); err != nil {
		return nil, errors.Join(usage(fmt.Errorf("--out: %w", err)), folder.Close())
	}
	return func() { _ = folder.Close() }, nil
}

func (p *plan) exit(ctx context.Context, run *result.Run, err error) error {
	if interrupted := new(harness.Interrupted); errors.As(context.Cause(ctx), &interrupted) {
		return &exitError{codeOfSignal(interrupted.Signal), err}
	}
	if err != nil {
		return environment(err)
	}
	if run.Verdict == result.Pass || !slices.Contains(p.failOn, run.Verdict) {
		return nil
	}
	return &exitError{code: run.Verdict.ExitCode()}
}

// runError gives an error of a run that did not take place its exit code: that of the
// signal that ended it, the command line's own, or the machine's.
func runError(ctx context.Context, err error) error {
	if interrupted := new(harness.Interrupted); errors.As(context.Cause(ctx), &interrupted) {
		return &exitError{codeOfSignal(interrupted.Signal), err}
	}
	if errors.Is(err, database.ErrUnfit) || errors.Is(err, database.ErrUnavailable) {
		return environment(err)
	}
	if errors.As(err, new(*harness.InvalidError)) || errors.Is(err, database.ErrBadDSN) || errors.Is(err, os.ErrPermission) {
		return usage(err)
	}
	return environment(err)
}
