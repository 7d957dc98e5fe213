package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"holdfast.dev/holdfast/alerts/lint"
	"holdfast.dev/holdfast/alerts/mutation"
	"holdfast.dev/holdfast/alerts/plan"
	"holdfast.dev/holdfast/harness/result"
)

func newMutants(stdout io.Writer) *cobra.Command {
	var scrape string
	cmd := &cobra.Command{
		Use:   "mutants MATRIX.yaml RESULTS…",
		Short: "Make mistakes in the rules, one at a time, and see whether lint or the matrix finds each",
		Long: `Makes in each rule the mistakes that people make: a threshold in another unit, a window that
holds no two scrapes, a for that nobody lives to see, a label or a metric that is misspelt, a
floor that is missing, a comparison the wrong way, a label less. One is found where lint has an
error or the matrix fails; what lint only warns of is counted apart. What neither lint nor the
matrix names is said: a fault is missing there, or a budget is too wide.`,
		Example: `  holdfast alerts mutants deploy/alerts/matrix.yaml out/alerts`,
		Args:    cobra.MinimumNArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			in, err := readInputs(args[0], args[1:]...)
			if err != nil {
				return err
			}
			c, err := lintOf(in.plan)
			if err != nil {
				return err
			}
			if c.Page, c.Type, err = pageOf(cmd, scrape, in.plan, in.recorded); err != nil {
				return err
			}
			all, err := mutation.Hunt(cmd.Context(), in.plan, in.rules, c, in.recorded)
			if err != nil {
				return err
			}
			return tellMutants(stdout, all)
		},
	}
	cmd.Flags().StringVar(&scrape, "scrape", "", "the service's metrics page (default: the last of the calm scenario's)")
	return cmd
}

func tellMutants(w io.Writer, all []mutation.Outcome) error {
	found, warned := 0, 0
	for _, o := range all {
		mark := result.Pass.Mark()
		switch {
		case o.By != "":
			found++
		case o.Why != "":
			mark, o.By = result.Inconclusive.Mark(), "nobody, though lint warns"
			warned++
		default:
			mark, o.By, o.Why = result.Fail.Mark(), "nobody", "neither lint nor the matrix noticed"
		}
		fmt.Fprintf(w, "%s %s: %s: found by %s: %s\n", mark, o.Alert, o.About, o.By, o.Why)
	}
	fmt.Fprintf(w, "%d of %d mistakes were found, of %d more lint only warns\n", found, len(all), warned)
	if found+warned < len(all) {
		return outcome{result.Fail}
	}
	return nil
}

// lintOf is what a plan says that rules are held to, but for the page.
func lintOf(p *plan.Plan) (lint.Config, error) {
	c := lint.Config{Labels: p.Labels}
	var err error
	if c.Routing, err = routing(p.Path(p.Alertmanager)); err != nil {
		return c, err
	}
	if p.Runbooks != "" {
		c.Runbook = lint.RunbookIn(p.Path(p.Runbooks))
	}
	c.Queries, err = panels(p.Path(p.Dashboard))
	return c, err
}
