package main

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"github.com/spf13/cobra"

	"holdfast.dev/holdfast/reports"
	"holdfast.dev/holdfast/reports/history"
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
			var list []history.File
			for _, f := range files {
				path, err := filepath.Rel(args[0], f.path)
				if err != nil {
					path = f.path
				}
				list = append(list, history.File{Path: path, Run: f.run, Err: f.err})
			}
			if out == "" {
				out = args[0]
			}
			return concludeHistory(env, out, history.Of(list))
		},
	}
	cmd.Flags().StringVar(&out, "out", "", "directory to write to (default: DIR)")
	return cmd
}

func concludeHistory(env environ, out string, h history.History) error {
	page := filepath.Join(out, "history.html")
	err := errors.Join(
		writeFile(page, func(w io.Writer) error { return reports.HistoryHTML(w, &h) }),
		writeFile(filepath.Join(out, "history.md"), func(w io.Writer) error { return reports.HistoryMarkdown(w, &h) }),
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
