//go:build !slim

package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/scenarios"
	"holdfast.dev/holdfast/soak"
)

// soakFlags are the flags of holdfast soak-verdicts, as typed.
type soakFlags struct {
	runs    int
	seed    uint64
	profile string
	only    []string
	kinds   []string
	calm    bool
	dense   bool
	resume  bool
	// sideBySide is that of each run; 0 is its default.
	sideBySide int
	out        string
}

// newSoak is for those who work on Holdfast itself, and hidden from others.
func newSoak(env environ) *cobra.Command {
	var f soakFlags
	cmd := &cobra.Command{
		Use:    "soak-verdicts",
		Short:  "Run whole suites against the intact reference, with trouble from outside, and count the verdicts",
		Hidden: true,
		Args:   cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			suite, err := f.suite(env)
			if err != nil {
				return usage(err)
			}
			defer onInterrupt(cmd.Context(), func(s os.Signal) { fmt.Fprintln(env.stderr, "\n"+endingInOrder(s)) })()
			records, err := suite.Run(cmd.Context())
			summary := soak.Summarise(records)
			err = errors.Join(err, tellSoak(env, f.out, summary))
			if interrupted := new(harness.Interrupted); errors.As(err, &interrupted) {
				return &exitError{code: codeOfSignal(interrupted.Signal)}
			}
			if err != nil {
				return environment(err)
			}
			if !summary.Holds() {
				return &exitError{code: exitFail}
			}
			return nil
		},
	}
	flags := cmd.Flags()
	flags.IntVar(&f.runs, "runs", 40, "how often the suite is run")
	flags.Uint64Var(&f.seed, "seed", 1, "seed of the first run; each further one has the next")
	flags.StringVar(&f.profile, "profile", "smoke", "how big and how long: "+strings.Join(scenarios.ProfileNames(), ", "))
	flags.StringSliceVar(&f.only, "only", nil, "scenarios, services or globs, as of run (default all)")
	flags.StringSliceVar(&f.kinds, "disturb", nil, "draw from these kinds of disturbance alone (default all that the machine allows)")
	flags.BoolVar(&f.calm, "without-disturbance", false, "leave the runs alone")
	flags.BoolVar(&f.dense, "dense", false, "disturb every scenario once")
	flags.IntVar(&f.sideBySide, "side-by-side", 0, "how many scenarios of a run go on at the same time (default that of holdfast run)")
	flags.BoolVar(&f.resume, "resume", false, "go on with the runs that the log of --out lacks")
	flags.StringVar(&f.out, "out", filepath.Join("out", "soak-verdicts"), "directory of the log, and of results that did not pass")
	return cmd
}

// suite reads the flags.
func (f soakFlags) suite(env environ) (soak.Suite, error) {
	s := soak.Suite{Runs: f.runs, Seed: f.seed, Dir: f.out, Args: []string{"run", "--profile", f.profile}}
	s.Observe = func(line string) { fmt.Fprintln(env.stderr, line) }
	profile, err := scenarios.ProfileByName(f.profile)
	if err != nil {
		return s, err
	}
	chosen, err := choose(subject{scenarios: scenarios.Catalogue(profile)}, runFlags{all: len(f.only) == 0}, f.only)
	if err != nil {
		return s, err
	}
	s.Scenarios = len(chosen)
	if s.Args = append(s.Args, f.only...); len(f.only) == 0 {
		s.Args = append(s.Args, "--all")
	}
	if f.sideBySide < 0 {
		return s, fmt.Errorf("--side-by-side %d: at least one scenario at a time", f.sideBySide)
	}
	if f.sideBySide > 0 {
		s.Args = append(s.Args, "--side-by-side", strconv.Itoa(f.sideBySide))
	}
	if s.Kinds, err = f.disturbances(s.Observe); err != nil {
		return s, err
	}
	if f.dense {
		s.Draw = soak.DrawDense
	}
	if s.Program, err = os.Executable(); err != nil {
		return s, fmt.Errorf("find this program's own file: %w", err)
	}
	log := filepath.Join(f.out, soak.LogName)
	if s.Done, err = soak.ReadLog(log); err != nil {
		return s, err
	}
	if len(s.Done) > 0 && !f.resume {
		return s, fmt.Errorf("%s has %d runs: --resume goes on with them, another --out begins anew", log, len(s.Done))
	}
	return s, nil
}

// disturbances are the kinds to draw from; what this machine does not allow is
// said and left out.
func (f soakFlags) disturbances(say func(string)) ([]soak.Kind, error) {
	if f.calm {
		return nil, nil
	}
	kinds := soak.Kinds()
	if len(f.kinds) > 0 {
		kinds = nil
	}
	for _, name := range f.kinds {
		if !slices.Contains(soak.Kinds(), soak.Kind(name)) {
			return nil, fmt.Errorf("unknown disturbance %q: any of %v", name, soak.Kinds())
		}
		kinds = append(kinds, soak.Kind(name))
	}
	unable := soak.Unable()
	return slices.DeleteFunc(kinds, func(k soak.Kind) bool {
		why := unable[k]
		if why != "" {
			say(fmt.Sprintf("left out: %s: %s", k, why))
		}
		return why != ""
	}), nil
}

// tellSoak writes the summary to standard output and beside the log.
func tellSoak(env environ, dir string, s soak.Summary) error {
	var text strings.Builder
	if err := s.Markdown(&text); err != nil {
		return err
	}
	_, err := io.WriteString(env.stdout, text.String())
	return errors.Join(err, writeFile(filepath.Join(dir, "soak.md"), []byte(text.String())))
}
