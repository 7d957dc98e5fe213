package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"holdfast.dev/holdfast/alerts/matrix"
	"holdfast.dev/holdfast/alerts/plan"
	"holdfast.dev/holdfast/alerts/rulefile"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/scrapes"
	"holdfast.dev/holdfast/reports"
	"holdfast.dev/holdfast/safefile"
)

func newMatrix(stdout io.Writer) *cobra.Command {
	var out string
	cmd := &cobra.Command{
		Use:   "matrix MATRIX.yaml RESULTS…",
		Short: "Hold rules against recorded faults: each fires its alerts in time, nothing else does",
		Long: `Plays the scrapes that holdfast run --record-scrapes left in the folders RESULTS through the
rules that MATRIX.yaml names, and judges each alert under each fault. It writes run.json,
report.html, junit.xml and summary.md, as a run does.`,
		Example: `  holdfast run --service deploy/alerts 'alerts/*' --record-scrapes --out out/alerts
  holdfast alerts matrix deploy/alerts/matrix.yaml out/alerts`,
		Args: cobra.MinimumNArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			in, err := readInputs(args[0], args[1:]...)
			if err != nil {
				return err
			}
			begun := time.Now()
			run, err := matrix.Judge(cmd.Context(), in.plan, in.rules, in.recorded)
			if err != nil {
				return err
			}
			run.ID, run.Seed, run.Environment = in.run.ID+"-alerts", in.run.Seed, in.run.Environment
			run.Command = "holdfast alerts matrix " + strings.Join(args, " ")
			run.DurationS = time.Since(begun).Seconds()
			if out == "" {
				out = filepath.Join(args[1], "alerts")
			}
			if err := write(out, run); err != nil {
				return err
			}
			tell(stdout, run, out)
			if run.Verdict == result.Pass {
				return nil
			}
			return outcome{run.Verdict}
		},
	}
	cmd.Flags().StringVar(&out, "out", "", "the folder of what is written (default RESULTS/alerts)")
	return cmd
}

// inputs are a plan with what it is tried on.
type inputs struct {
	plan     *plan.Plan
	rules    *rulefile.File
	recorded map[string]matrix.Recorded
	run      *result.Run // the first of the results
}

// readInputs reads a plan, the rules that it names, and the results of runs.
func readInputs(path string, folders ...string) (in inputs, err error) {
	if in.plan, err = plan.Read(path); err != nil {
		return in, err
	}
	if in.rules, err = readRules(in.plan.Path(in.plan.Rules)); err != nil {
		return in, err
	}
	in.recorded, in.run, err = readResults(folders...)
	return in, err
}

// readResults reads the results of runs with their recordings. Of a scenario that is in
// several the last counts, and the run is the first.
func readResults(folders ...string) (all map[string]matrix.Recorded, first *result.Run, err error) {
	all = map[string]matrix.Recorded{}
	for _, folder := range folders {
		run, err := readRun(folder, all)
		if err != nil {
			return nil, nil, err
		}
		if first == nil {
			first = run
		}
	}
	return all, first, nil
}

func readRun(folder string, into map[string]matrix.Recorded) (*result.Run, error) {
	file, err := os.Open(filepath.Join(folder, "run.json"))
	if err != nil {
		return nil, fmt.Errorf("the results of holdfast run: %w", err)
	}
	defer file.Close()
	run, err := result.Read(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file.Name(), err)
	}
	for _, s := range run.Scenarios {
		one := matrix.Recorded{Scenario: s}
		rec, err := scrapes.ReadFile(filepath.Join(folder, scrapes.Folder, scrapes.Name(s.Name)))
		if err == nil {
			one.Scrapes = rec
		} else if !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		into[s.Name] = one
	}
	return run, nil
}

// write writes the result and its reports.
func write(folder string, run *result.Run) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	for name, draw := range map[string]func(io.Writer, *result.Run) error{
		"run.json": result.Write, "report.html": reports.HTML, "junit.xml": reports.JUnit, "summary.md": reports.Markdown,
	} {
		if err := safefile.Write(filepath.Join(folder, name), func(w io.Writer) error { return draw(w, run) }); err != nil {
			return err
		}
	}
	return nil
}

// tell says what came of it, in lines.
func tell(w io.Writer, run *result.Run, out string) {
	for _, s := range run.Scenarios {
		fmt.Fprintf(w, "%s %s  %s  %s\n", s.Verdict.Mark(), s.Verdict.Label(), s.Name, s.Reason)
	}
	cells, fired := 0, 0
	for _, c := range run.Alerts {
		cells++
		if c.FiredS != nil {
			fired++
		}
	}
	wrong := slices.DeleteFunc(slices.Clone(run.Alerts), func(c result.AlertCell) bool { return c.Verdict == result.Pass })
	fmt.Fprintf(w, "%s %s  %d cells, %d fired, %d not as they should be, in %.1f s\n%s\n", run.Verdict.Mark(), run.Verdict.Label(), cells, fired, len(wrong), run.DurationS, filepath.Join(out, "report.html"))
}
