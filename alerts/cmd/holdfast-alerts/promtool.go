package main

import (
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"holdfast.dev/holdfast/alerts/promtest"
	"holdfast.dev/holdfast/alerts/replay"
	"holdfast.dev/holdfast/safefile"
)

func newPromtool(stdout io.Writer) *cobra.Command {
	return &cobra.Command{
		Use:   "promtool MATRIX.yaml RESULTS… FOLDER",
		Short: "Write recorded faults as tests for promtool test rules",
		Long: `Writes for each fault of MATRIX.yaml a file FOLDER/SCENARIO.test.yaml, with what was recorded
as input and the states of the alerts that it is to fire as what is expected, and for the
calm scenario one in which none fires. promtool test rules FOLDER/*.test.yaml tries them.`,
		Example: `  holdfast alerts promtool deploy/alerts/matrix.yaml out/alerts deploy/alerts/tests`,
		Args:    cobra.MinimumNArgs(3),
		RunE: func(cmd *cobra.Command, args []string) error {
			in, err := readInputs(args[0], args[1:len(args)-1]...)
			if err != nil {
				return err
			}
			p := in.plan
			folder := args[len(args)-1]
			if err := os.MkdirAll(folder, 0o755); err != nil {
				return err
			}
			rules, err := relative(folder, p.Path(p.Rules))
			if err != nil {
				return err
			}
			fires := map[string][]string{p.Calm.Scenario: in.rules.Names()}
			for _, fault := range p.Faults {
				fires[fault.Scenario] = slices.Sorted(maps.Keys(fault.Fires))
			}
			interval := p.Every()
			if interval <= 0 {
				interval = replay.DefaultInterval
			}
			for _, name := range p.Scenarios() {
				r := in.recorded[name]
				if r.Scrapes == nil {
					return fmt.Errorf("%s: its scrapes were not recorded", name)
				}
				c := promtest.Config{RulesFile: rules, Clock: p.OnClock(), Interval: interval, Alerts: fires[name]}
				path := filepath.Join(folder, strings.ReplaceAll(name, "/", ".")+".test.yaml")
				if err := safefile.Write(path, func(w io.Writer) error { return promtest.Write(cmd.Context(), w, in.rules, r.Scrapes, c) }); err != nil {
					return err
				}
				fmt.Fprintln(stdout, path)
			}
			return nil
		},
	}
}

// relative is a file as one in the folder names it.
func relative(folder, file string) (string, error) {
	from, err := filepath.Abs(folder)
	if err != nil {
		return "", err
	}
	to, err := filepath.Abs(file)
	if err != nil {
		return "", err
	}
	return filepath.Rel(from, to)
}
