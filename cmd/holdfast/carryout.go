package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/database"
	"holdfast.dev/holdfast/harness/result"
)

// carryOut runs the plan, writes the reports and returns the error that carries
// the exit code.
func (p *plan) carryOut(ctx context.Context, env environ) error {
	view, err := p.watched(env)
	if err != nil {
		return err
	}
	keep, err := keepRequests(p.flags.results, &p.config)
	if err != nil {
		return usage(err)
	}
	endLive, err := p.serveLive(view)
	if err != nil {
		return environment(errors.Join(err, keep()))
	}
	view.say(fmt.Sprintf("run %s, seed %d, profile %s, %d scenarios", p.config.ID, p.config.Seed, p.config.Profile, len(p.scenarios)))
	run, err := harness.Run(ctx, p.config, p.scenarios)
	err = errors.Join(err, keep())
	view.close()
	if run == nil {
		return runError(errors.Join(err, endLive(ctx, nil)))
	}
	report, reportErr := writeReports(p.config.Out, run)
	reportErr = errors.Join(err, reportErr, tellCI(env, run))
	if err := endLive(ctx, run); err != nil { // no reason to doubt the verdict
		view.say("live report: " + err.Error())
	}
	view.conclude(run, report)
	return p.exit(ctx, run, reportErr)
}

// watched sees that the results can be kept and shows what will happen.
func (p *plan) watched(env environ) (*view, error) {
	if err := writable(p.config.Out); err != nil {
		return nil, usage(fmt.Errorf("--out %s: %w", p.config.Out, err))
	}
	view := newView(env, p.flags.json)
	p.config.Observe = view.observe
	return view, nil
}

// writable makes dir and sees that a file can be made in it, before a minute of
// load is spent on a result that can't be kept.
func writable(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, ".holdfast-*")
	if err != nil {
		return err
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
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

// runError gives an error of a run that did not take place its exit code: the
// command line's own, or the machine's.
func runError(err error) error {
	if errors.As(err, new(*harness.InvalidError)) || errors.Is(err, database.ErrBadDSN) || errors.Is(err, os.ErrPermission) {
		return usage(err)
	}
	return environment(err)
}
