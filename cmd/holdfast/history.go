package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"holdfast.dev/holdfast/reports"
	"holdfast.dev/holdfast/reports/history"
	"holdfast.dev/holdfast/safefile"
)

func newHistory(env environ) *cobra.Command {
	var out string
	cmd := &cobra.Command{
		Use:   "history DIR",
		Short: "Show how each check went from run to run, and which run broke what",
		Long: `Reads every run.json under DIR and writes history.html and history.md there, or
into --out. A file that can't be read is named in both.`,
		Example: "  holdfast history out",
		Args:    cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			files, err := findRuns(args[0])
			if err != nil {
				return usage(err)
			}
			if out == "" {
				out = args[0]
			}
			var list []history.File
			for _, f := range files {
				path, err := filepath.Rel(args[0], f.path)
				if err != nil {
					path = f.path
				}
				list = append(list, history.File{Path: path, Run: f.run, Err: f.err, Report: reportBeside(f.path, out)})
			}
			return concludeHistory(env, out, history.Of(list))
		},
	}
	cmd.Flags().StringVar(&out, "out", "", "directory to write to (default: DIR)")
	return cmd
}

// reportBeside is where the report of a run.json is, seen from a folder; empty: there is
// none, or no way from the one to the other.
func reportBeside(run, from string) string {
	report := filepath.Join(filepath.Dir(run), "report.html")
	if _, err := os.Stat(report); err != nil {
		return ""
	}
	from, errFrom := filepath.Abs(from)
	report, errReport := filepath.Abs(report)
	path, err := filepath.Rel(from, report)
	if errors.Join(errFrom, errReport, err) != nil {
		return ""
	}
	return path
}

func concludeHistory(env environ, out string, h history.History) error {
	page := filepath.Join(out, "history.html")
	err := errors.Join(
		safefile.Write(page, func(w io.Writer) error { return reports.HistoryHTML(w, &h) }),
		safefile.Write(filepath.Join(out, "history.md"), func(w io.Writer) error { return reports.HistoryMarkdown(w, &h) }),
	)
	if err != nil {
		return environment(err)
	}
	for _, u := range h.Unreadable {
		fmt.Fprintf(env.stderr, "not in the history: %s: %s\n", u.Path, u.Why)
	}
	for _, r := range h.Runs {
		for _, c := range r.Broke {
			fmt.Fprintf(env.stdout, "%s broke %s\n", r.ID, c)
		}
	}
	fmt.Fprintln(env.stdout, page)
	return nil
}
