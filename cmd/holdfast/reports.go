package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"holdfast/harness/result"
	"holdfast/reports"
)

func newReport(env environ) *cobra.Command {
	var out string
	cmd := &cobra.Command{
		Use:   "report RUN.json",
		Short: "Draw the reports of a run again, from its run.json",
		Long: `Writes report.html, junit.xml and summary.md from a run.json, beside it or into
--out. Works on the partial file of a run that was killed, and says so.`,
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			run, err := readRun(args[0])
			if err != nil {
				return usage(err)
			}
			if out == "" {
				out = filepath.Dir(args[0])
			}
			path, err := writeReports(out, run)
			if err != nil {
				return usage(err)
			}
			fmt.Fprintln(env.stdout, path)
			return nil
		},
	}
	cmd.Flags().StringVar(&out, "out", "", "directory to write to (default: where the run.json is)")
	return cmd
}

// writeReports writes every report of run into dir and returns the path of the
// HTML one. One that can't be written does not keep the others from being.
func writeReports(dir string, run *result.Run) (string, error) {
	html := filepath.Join(dir, "report.html")
	of := func(write func(io.Writer, *result.Run) error) func(io.Writer) error {
		return func(w io.Writer) error { return write(w, run) }
	}
	return html, errors.Join(
		writeFile(html, of(reports.HTML)),
		writeFile(filepath.Join(dir, "junit.xml"), of(reports.JUnit)),
		writeFile(filepath.Join(dir, "summary.md"), of(reports.Markdown)),
	)
}

// appendToSummary adds Markdown to the page of the CI job, where there is one.
func appendToSummary(env environ, write func(io.Writer) error) error {
	path := env.getenv("GITHUB_STEP_SUMMARY")
	if path == "" {
		return nil
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("write the job's summary: %w", err)
	}
	return errors.Join(write(f), f.Close())
}

// appendSummary adds the run's summary to the page of the CI job.
func appendSummary(env environ, run *result.Run) error {
	return appendToSummary(env, func(w io.Writer) error { return reports.Markdown(w, run) })
}
