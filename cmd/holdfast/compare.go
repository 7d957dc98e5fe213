package main

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"github.com/spf13/cobra"

	"holdfast.dev/holdfast/reports"
	"holdfast.dev/holdfast/reports/compare"
	"holdfast.dev/holdfast/safefile"
)

func newCompare(env environ) *cobra.Command {
	var out string
	rules := compare.Rules{Alpha: compare.DefaultAlpha}
	cmd := &cobra.Command{
		Use:   "compare OLD NEW",
		Short: "Say what is better, worse, or not known to have changed between runs",
		Long: `Compares OLD with NEW, each a run.json or a folder with the run.json files of
several runs, and writes comparison.html and comparison.md.

With several runs a side (six show an interval, four are the fewest that can show
a change at all) values are held against the noise between runs: rank test and
effect size, as benchstat does. With one run a side only a check whose verdict
changed counts.

Exit codes, for a gate: 0 nothing is worse, 1 something is, 3 what held before was
not shown again.`,
		Example: `  holdfast compare before/run.json after/run.json
  holdfast compare --least 0.1 results/main results/branch`,
		Args: cobra.ExactArgs(2),
		RunE: func(_ *cobra.Command, args []string) error {
			before, oldErr := allRuns(args[0])
			after, newErr := allRuns(args[1])
			if err := errors.Join(oldErr, newErr, rules.Validate()); err != nil {
				return usage(err)
			}
			c, err := compare.Runs(before, after, rules)
			if err != nil {
				return usage(err)
			}
			return concludeComparison(env, out, &c)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&out, "out", filepath.Join("out", "compare"), "directory to write to")
	flags.Float64Var(&rules.Alpha, "alpha", rules.Alpha, "accepted rate of false discoveries")
	flags.Float64Var(&rules.Least, "least", 0.05, "smallest change of a median that counts, as a share of the old one")
	return cmd
}

func concludeComparison(env environ, out string, c *compare.Comparison) error {
	page := filepath.Join(out, "comparison.html")
	err := errors.Join(
		safefile.Write(page, func(w io.Writer) error { return reports.ComparisonHTML(w, c) }),
		safefile.Write(filepath.Join(out, "comparison.md"), func(w io.Writer) error { return reports.ComparisonMarkdown(w, c) }),
		appendToSummary(env, func(w io.Writer) error { return reports.ComparisonMarkdown(w, c) }),
	)
	if err != nil {
		return environment(err)
	}
	fmt.Fprintf(env.stdout, "%s: %s\n", c.Difference, c.Reason)
	for _, n := range c.Notes {
		fmt.Fprintln(env.stderr, "note: "+n)
	}
	fmt.Fprintln(env.stdout, page)
	switch c.Difference {
	case compare.Worse:
		return &exitError{code: exitFail}
	case compare.Unclear:
		return &exitError{code: exitInconclusive}
	}
	return nil
}
