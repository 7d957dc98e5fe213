//go:build !slim

package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v3"

	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/mutants"
	"holdfast.dev/holdfast/safefile"
)

// mutateFlags are the flags of holdfast mutate beside those of a run.
type mutateFlags struct {
	runFlags
	drawn          uint
	invented       string
	services       []string
	names          []string
	stopAtFirst    bool
	resume, asList bool
	source, into   string
}

// The values of --invented.
const allInvented, noneInvented = "all", "none"

// Where mutants of the reference are made and written down, from the root of the
// source.
const (
	mutatedProgram    = "./cmd/holdfast"
	mutantsCollection = "scenarios/testdata/mutants"
)

// mutatedPackages are those whose mistakes can be told from outside: the services,
// and what they share. Migrations and seeded data are applied by the harness before
// the program starts, so that a mistake there would never be run.
func mutatedPackages() []string {
	return []string{"./reference/search", "./reference/oracle", "./reference/task", "./reference/server", "./reference/reply", "./reference/dberr"}
}

func newMutate(env environ) *cobra.Command {
	f := mutateFlags{runFlags: everything()}
	cmd := &cobra.Command{
		Use:   "mutate",
		Short: "Put bugs into the reference, one at a time, and count how many the scenarios notice",
		Long: `Builds the reference with one mistake at a time, drawn by seed from all that simple
operators can make and invented by people, and runs the scenarios of its service until
one fails. A scenario that fails must pass on the intact reference.

It needs this repository and a Go compiler: it is for whoever works on the scenarios.
docs/truth.md says what came of it. Exit code 0 means that whatever survived is
written down in scenarios/testdata/mutants/survivors.yaml as no gap.`,
		Example: `  holdfast mutate --drawn 60 --seed 1 --out out/mutate
  holdfast mutate --resume --out out/mutate                      # go on after an interruption
  holdfast mutate --mutant search.finds-nothing --stop-at-first=false
  holdfast mutate --service task --drawn 20 --list               # what it would try`,
		Args:   cobra.NoArgs,
		Hidden: true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx := cmd.Context()
			unwatched := onInterrupt(ctx, func(s os.Signal) { fmt.Fprintln(env.stderr, "\n"+ending(s)) })
			p, err := newMutationPlan(ctx, env, f)
			if err == nil && f.asList {
				err = p.list(ctx, env)
			} else if err != nil {
				err = usage(err)
			}
			unwatched()
			switch {
			case ctx.Err() != nil:
				return runError(ctx, err)
			case err != nil || f.asList:
				return err
			}
			return p.carryOut(ctx, env) // from here on the view tells of an interruption
		},
	}
	flags := cmd.Flags()
	flags.UintVar(&f.drawn, "drawn", 60, "how many mutants are drawn")
	flags.StringVar(&f.invented, "invented", allInvented, "which of the invented ones are tried: all or none")
	flags.StringSliceVar(&f.services, "service", nil, "only mutants of this package: search, oracle, task, server, reply, dberr (repeatable)")
	flags.StringArrayVar(&f.names, "mutant", nil, "only this one, by its name (repeatable)")
	flags.IntVar(&f.sideBySide, "side-by-side", 0, "how many scenarios are held against a mutant at the same time; what fails in company must fail alone, too (default: what the machine stands)")
	flags.BoolVar(&f.stopAtFirst, "stop-at-first", true, "be done with a mutant at the first scenario that notices it for a reason that fits")
	flags.BoolVar(&f.resume, "resume", false, "go on with the run that --out has, and keep what it found")
	flags.BoolVar(&f.asList, "list", false, "print the mutants with what they change, and try none")
	flags.StringVar(&f.source, "source", ".", "folder of this repository")
	flags.StringVar(&f.into, "into", "", "Markdown file in which the table is replaced, between <!-- mutants --> and <!-- /mutants -->")
	f.register(flags, "smoke")
	return cmd
}

// mutationPlan is a mutation whose command line was understood.
type mutationPlan struct {
	*plan
	flags      mutateFlags
	source     *mutants.Source
	collection mutants.Collection
	fixed      []mutants.Mutant // tried in any case: the invented ones, or those that were named
	drawn      []mutants.Mutant // in the order of the draw; the first that fit are tried
	known      []result.Detection
}

func newMutationPlan(ctx context.Context, env environ, f mutateFlags) (*mutationPlan, error) {
	if f.invented != allInvented && f.invented != noneInvented {
		return nil, fmt.Errorf("--invented %s: %s or %s", f.invented, allInvented, noneInvented)
	}
	for _, s := range f.services {
		if !slices.ContainsFunc(mutatedPackages(), func(p string) bool { return filepath.Base(p) == s }) {
			return nil, fmt.Errorf("unknown --service %s: one of %s", s, strings.Join(mutatedPackages(), ", "))
		}
	}
	p := &mutationPlan{flags: f}
	if f.resume {
		before, err := readRun(filepath.Join(f.out, "run.json"))
		if err != nil {
			return nil, fmt.Errorf("--resume: %w", err)
		}
		if f.seed != 0 && f.seed != before.Seed {
			return nil, fmt.Errorf("--resume: the run in %s has the seed %d", f.out, before.Seed)
		}
		p.flags.seed, p.known = before.Seed, before.Detections
	}
	var err error
	if p.plan, err = newPlan(env, p.flags.runFlags, nil); err != nil {
		return nil, err
	}
	p.flags.runFlags = p.plan.flags
	p.config.Repeat = func(string) string { return p.command() }
	return p, p.choose(ctx)
}

// command is what to type to do the same again.
func (p *mutationPlan) command() string {
	f := p.flags
	command := fmt.Sprintf("holdfast mutate --profile %s --seed %d", f.profile, f.seed)
	for _, s := range f.services {
		command += " --service " + s
	}
	for _, name := range f.names {
		command += " --mutant " + typed([]string{name})
	}
	if len(f.names) == 0 {
		command += fmt.Sprintf(" --drawn %d --invented %s", f.drawn, f.invented)
	}
	if !f.stopAtFirst {
		command += " --stop-at-first=false"
	}
	return command + f.sideBySideAgain() + f.databaseAgain()
}

// choose reads the source and finds the mutants that were asked for.
func (p *mutationPlan) choose(ctx context.Context) error {
	var err error
	if p.source, err = mutants.Load(ctx, p.flags.source, mutatedPackages()...); err != nil {
		return fmt.Errorf("--source %s: %w", p.flags.source, err)
	}
	if p.collection, err = mutants.Read(os.DirFS(filepath.Join(p.flags.source, mutantsCollection)), p.source); err != nil {
		return err
	}
	drawable, err := p.source.Drawable(p.collection.Skipped)
	if err != nil {
		return err
	}
	if len(p.flags.names) > 0 {
		all := append(drawable, p.collection.Invented...)
		for _, name := range p.flags.names {
			m, err := mutants.ByName(all, name)
			if err != nil {
				return err
			}
			p.fixed = append(p.fixed, m)
		}
		p.flags.drawn = 0
		return nil
	}
	elsewhere := func(m mutants.Mutant) bool {
		return len(p.flags.services) > 0 && !slices.Contains(p.flags.services, m.Service)
	}
	p.drawn = mutants.Draw(p.flags.seed, slices.DeleteFunc(drawable, elsewhere))
	if p.flags.invented == allInvented {
		p.fixed = slices.DeleteFunc(slices.Clone(p.collection.Invented), elsewhere)
	}
	return nil
}

// all yields the mutants that are tried, each with its program where it is not
// known yet what becomes of it. The program is gone with the next.
func (p *mutationPlan) all(ctx context.Context, builder *mutants.Builder) iter.Seq2[mutants.Mutant, error] {
	return func(yield func(mutants.Mutant, error) bool) {
		for _, m := range p.fixed {
			if err := p.prepare(ctx, builder, m); !yield(m, err) || err != nil {
				return
			}
		}
		left := p.flags.drawn
		for _, m := range p.drawn {
			if left == 0 {
				return
			}
			err := p.prepare(ctx, builder, m)
			if errors.Is(err, mutants.ErrUnfit) {
				continue // it costs the draw nothing
			}
			if !yield(m, err) || err != nil {
				return
			}
			left--
		}
	}
}

// prepare builds a mutant's program, or sees that what becomes of it is known.
func (p *mutationPlan) prepare(ctx context.Context, builder *mutants.Builder, m mutants.Mutant) error {
	if slices.ContainsFunc(p.known, func(d result.Detection) bool { return d.Without == m.Name }) {
		return nil
	}
	_, err := builder.Build(ctx, m)
	return err
}

// trial is the mutant as it is tried.
func (p *mutationPlan) trial(m mutants.Mutant, program string) harness.Mutant {
	t := harness.Mutant{Name: m.Name, Program: program, Service: m.Service, Reasons: p.collection.Globs(m), NoticedBy: p.collection.Noticed[m.Name], About: oneLine(m.Diff())}
	if j := p.collection.Of(m.Name); j.Is == mutants.Equivalent || j.Is == mutants.Outside {
		t.Excuse = j.Is + ": " + j.Why
	}
	return t
}

// oneLine is a text of several lines in one.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// carryOut tries the mutants, writes the reports and the table, and returns the
// error that carries the exit code.
func (p *mutationPlan) carryOut(ctx context.Context, env environ) error {
	view, free, err := p.watched(ctx, env)
	if err != nil {
		return err
	}
	defer free()
	programs, remove, err := safefile.Temporary(safefile.TempMutants)
	if err != nil {
		return environment(err)
	}
	defer remove()
	builder := &mutants.Builder{Source: p.source, Package: mutatedProgram, Dir: programs}
	if p.config.Target.Program, err = builder.Intact(ctx); err != nil {
		return environment(err)
	}
	tried := map[string]mutants.Mutant{}
	m := harness.Mutation{
		Scenarios: p.scenarios, All: len(p.fixed) + int(p.flags.drawn), Whole: !p.flags.stopAtFirst, Known: p.known,
		Mutants: func(yield func(harness.Mutant, error) bool) {
			for one, err := range p.all(ctx, builder) {
				tried[one.Name] = one
				if !yield(p.trial(one, builder.Program()), err) {
					return
				}
			}
		},
	}
	view.say(fmt.Sprintf("mutation %s, seed %d, profile %s, %s, %s", p.config.ID, p.config.Seed, p.config.Profile, counted(m.All, "mutant"), counted(len(m.Scenarios), "scenario")))
	run, err := harness.Mutate(ctx, p.config, m)
	view.close()
	if run == nil {
		return runError(ctx, err)
	}
	report, reportErr := writeReports(p.config.Out, run)
	table := mutantsTable(run, tried, p.collection)
	reportErr = errors.Join(err, reportErr, writeFile(filepath.Join(p.config.Out, "mutants.md"), table),
		p.writeProvenChecks(run, "mutant."), p.writeNoticed(run), tellCI(env, run))
	if p.flags.into != "" {
		reportErr = errors.Join(reportErr, replaceBlock(p.flags.into, mutantsBlock, table))
	}
	if !view.ended(run, report) {
		fmt.Fprintf(env.stdout, "\n%s\n%s\n", table, report)
	}
	return p.exit(ctx, run, reportErr)
}

// writeNoticed writes OUT/noticed.yaml, to be kept in the collection: which scenario
// noticed which of the invented mutants in this run, or else before.
func (p *mutationPlan) writeNoticed(run *result.Run) error {
	now, noticed := map[string]string{}, map[string]string{}
	for _, d := range run.Detections {
		if d.Outcome == result.OutcomeCaught {
			now[d.Without] = d.Expected
		}
	}
	for _, m := range p.collection.Invented {
		if by := cmp.Or(now[m.Name], p.collection.Noticed[m.Name]); by != "" {
			noticed[m.Name] = by
		}
	}
	text, err := yaml.Marshal(noticed) // in the order of names
	if err != nil {
		return err
	}
	return writeFile(filepath.Join(p.config.Out, "noticed.yaml"), text)
}

// list prints the mutants that would be tried.
func (p *mutationPlan) list(ctx context.Context, env environ) error {
	programs, remove, err := safefile.Temporary(safefile.TempMutants)
	if err != nil {
		return environment(err)
	}
	defer remove()
	builder := &mutants.Builder{Source: p.source, Package: mutatedProgram, Dir: programs}
	if _, err := builder.Intact(ctx); err != nil {
		return environment(err)
	}
	for m, err := range p.all(ctx, builder) {
		if err != nil {
			return environment(err)
		}
		fmt.Fprintf(env.stdout, "%s\n%s\n", m.Name, m.Diff())
	}
	return nil
}
