package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"holdfast.dev/holdfast/alerts/matrix"
	"holdfast.dev/holdfast/alerts/plan"
	"holdfast.dev/holdfast/alerts/rulefile"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/scrapes"
	"holdfast.dev/holdfast/safefile"
)

func newKeep(stdout io.Writer) *cobra.Command {
	return &cobra.Command{
		Use:   "keep MATRIX.yaml RESULTS… FOLDER",
		Short: "Keep of recorded faults what the rules look at: a folder to commit, for rules that change later",
		Long: `Writes to FOLDER what MATRIX.yaml needs of RESULTS and no more: the pages with the metrics
that rules and dashboard name, and of run.json the phases and the faults. It is some tens
of kilobytes for each fault, and the matrix can be tried on it without the service.`,
		Example: `  holdfast alerts keep deploy/alerts/matrix.yaml out/alerts alerts/testdata/faults`,
		Args:    cobra.MinimumNArgs(3),
		RunE: func(cmd *cobra.Command, args []string) error {
			in, err := readInputs(args[0], args[1:len(args)-1]...)
			if err != nil {
				return err
			}
			queries, err := panels(in.plan.Path(in.plan.Dashboard))
			if err != nil {
				return err
			}
			expressions := in.rules.Expressions()
			for _, q := range queries {
				e, err := rulefile.Parser().ParseExpr(q.Text)
				if err != nil {
					return fmt.Errorf("%s: %w", q.Name, err)
				}
				expressions = append(expressions, e)
			}
			return keep(stdout, args[len(args)-1], in.plan, rulefile.Metrics(expressions...), in.recorded, in.run)
		},
	}
}

func keep(stdout io.Writer, folder string, p *plan.Plan, wanted map[string]bool, recorded map[string]matrix.Recorded, run *result.Run) error {
	small := &result.Run{Schema: result.Schema, ID: run.ID, Started: run.Started, Seed: run.Seed, Profile: run.Profile, Verdict: run.Verdict, Reason: run.Reason,
		Complete: run.Complete, DurationS: run.DurationS, Command: run.Command, Environment: run.Environment}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	for _, name := range p.Scenarios() {
		r, there := recorded[name]
		if !there || r.Scrapes == nil {
			return fmt.Errorf("%s: its scrapes were not recorded", name)
		}
		if r.Scrapes.Torn != "" {
			fmt.Fprintf(stdout, "%s: its recording is not whole, and is kept as that: %s\n", name, r.Scrapes.Torn)
		}
		s := r.Scenario
		small.Scenarios = append(small.Scenarios, result.Scenario{Name: s.Name, Claim: s.Claim, Protections: []string{}, Without: []string{}, Verdict: s.Verdict, Reason: s.Reason,
			Error: s.Error, Started: s.Started, DurationS: s.DurationS, Phases: s.Phases, Faults: s.Faults, Streams: []result.Stream{}, Checks: []result.Check{}, Evidence: []result.Check{}, Series: []result.Series{}})
		if err := scrapes.Save(folder, r.Scrapes.Only(wanted)); err != nil {
			return err
		}
	}
	if err := safefile.Write(filepath.Join(folder, "run.json"), func(w io.Writer) error { return result.Write(w, small) }); err != nil {
		return err
	}
	fmt.Fprintf(stdout, "%d scenarios are kept in %s\n", len(small.Scenarios), folder)
	return nil
}
