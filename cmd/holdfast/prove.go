package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/safefile"
)

// proveFlags are the flags of holdfast prove beside those of a run.
type proveFlags struct {
	runFlags
	full bool
	part string
}

// wholeProof is the part that is all of it.
const wholeProof = "1/1"

// processorsEach is how many processors a scenario has for itself where a failure is
// what is looked for, so that company may not be its cause: its load, its fakes, its
// target and its Postgres are busy at the same time.
const processorsEach = 4

func newProve(env environ) *cobra.Command {
	f := proveFlags{runFlags: everything()}
	cmd := &cobra.Command{
		Use:   "prove [PROTECTION…]",
		Short: "Take each protection away and see that the scenarios which claim it notice",
		Long: `Draws up the detection matrix. The intact reference, or with --service the intact
service of your own, is run against the scenarios
first, as a control; then each protection is taken away and the scenarios that claim
it are run again. Each must fail, by a check that guards the protection.

PROTECTION is a name (search.sql-limit) or a service (search); default is all.
What runs side by side and does not come out as it should is tried once more alone.
Exit code 0 means that every mutant was caught for the declared reason and that the
intact reference passed everything.`,
		Example: `  holdfast prove --profile smoke
  holdfast prove oracle --part 1/4`,
		RunE: func(cmd *cobra.Command, args []string) error {
			p, err := newProofPlan(env, f, args)
			if err != nil {
				return usage(err)
			}
			return p.carryOut(cmd.Context(), env)
		},
	}
	flags := cmd.Flags()
	flags.BoolVar(&f.full, "full", false, "hold each mutant against all scenarios, not only those that claim the protection")
	flags.IntVar(&f.sideBySide, "side-by-side", 0, "how many scenarios run at the same time (default: one for each 4 processors; 1 with --service)")
	flags.StringVar(&f.part, "part", wholeProof, "only the i-th of n parts of the protections, for example 2/4")
	f.register(flags, "smoke")
	f.registerService(flags)
	f.complete(cmd, env, subject.protectionWords)
	return cmd
}

// proofPlan is a proof whose command line was understood.
type proofPlan struct {
	*plan
	proof harness.Proof
}

func newProofPlan(env environ, f proveFlags, args []string) (*proofPlan, error) {
	run, err := newPlan(env, f.runFlags, nil)
	if err != nil {
		return nil, err
	}
	if f.sideBySide == 0 && run.subject.service == nil { // one of your own: see readSideBySide
		run.config.SideBySide = max(1, runtime.GOMAXPROCS(0)/processorsEach)
	}
	p := &proofPlan{plan: run, proof: harness.Proof{Full: f.full}}
	p.proof.Scenarios, p.proof.Untold = apart(run.scenarios)
	if p.proof.Protections, err = run.subject.chooseProtections(args); err != nil {
		return nil, err
	}
	if p.proof, err = p.proof.Part(f.part); err != nil {
		return nil, fmt.Errorf("--part: %w", err)
	}
	if whole := len(args) == 0 && f.part == wholeProof; !whole && !f.full {
		p.proof = p.proof.Claimed()
	}
	repeat := run.config.Repeat
	p.config.Repeat = func(scenario string) string {
		if scenario == "" {
			return f.command(args, run.config.Seed)
		}
		return repeat(scenario)
	}
	return p, nil
}

// apart are the scenarios that can be run, and untold those that need something that nobody
// told.
func apart(all []harness.Scenario) (told, untold []harness.Scenario) {
	for _, s := range all {
		if len(s.Lacks) > 0 {
			untold = append(untold, s)
		} else {
			told = append(told, s)
		}
	}
	return told, untold
}

// command is what to type to repeat a proof.
func (f proveFlags) command(args []string, seed uint64) string {
	command := strings.TrimSpace("holdfast prove "+strings.Join(args, " ")) +
		f.again() + fmt.Sprintf(" --seed %d", seed) + f.sideBySideAgain()
	if f.part != wholeProof {
		command += " --part " + f.part
	}
	command += f.databaseAgain()
	if f.full {
		command += " --full"
	}
	return command
}

// carryOut draws the matrix, writes the reports and which checks were seen to
// fail, and returns the error that carries the exit code.
func (p *proofPlan) carryOut(ctx context.Context, env environ) error {
	view, free, err := p.watched(ctx, env)
	if err != nil {
		return err
	}
	defer free()
	view.say(fmt.Sprintf("proof %s, seed %d, profile %s, %s, %s", p.config.ID, p.config.Seed, p.config.Profile, counted(len(p.proof.Protections), "protection"), counted(len(p.proof.Scenarios), "scenario")))
	run, err := harness.Prove(ctx, p.config, p.proof)
	view.close()
	if run == nil {
		return runError(ctx, err)
	}
	report, reportErr := writeReports(p.config.Out, run)
	reportErr = errors.Join(err, reportErr, p.writeProvenChecks(run, ""), tellCI(env, run))
	view.concludeProof(run, report)
	return p.exit(ctx, run, reportErr)
}

// writeProvenChecks writes OUT/proven-checks.json, to be kept as scenarios/proven-checks.json:
// which checks a run saw fail, and which were seen before. What made them fail is named with
// a prefix, where it is no protection.
func (p *plan) writeProvenChecks(run *result.Run, prefix string) error {
	return safefile.Write(filepath.Join(p.config.Out, "proven-checks.json"), func(w io.Writer) error {
		proven := harness.ProvenChecks(run, time.Now())
		for _, checks := range proven {
			for key, f := range checks {
				f.Without = prefix + f.Without
				checks[key] = f
			}
		}
		proven.AddAll(p.subject.proven)
		return result.WriteProvenChecks(w, proven)
	})
}
