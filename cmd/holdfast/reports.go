package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
	"holdfast.dev/holdfast/reports"
	"holdfast.dev/holdfast/reports/reevaluate"
	"holdfast.dev/holdfast/safefile"
)

func newReport(env environ) *cobra.Command {
	var out, slo string
	var exports []string
	cmd := &cobra.Command{
		Use:   "report RUN.json",
		Short: "Draw the reports of a run again, from its run.json, or judge it by other limits",
		Long: `Writes report.html, junit.xml and summary.md from a run.json, beside it or into
--out. Works on the partial file of a run that was killed, and on what is left of
a file that was cut off, and says so.

With --slo the run is judged again by the limits of a file, from the data it has:
what changed is printed and shown in the reports, which go, with a run.json of
their own, into the folder reevaluated. The exit code is that of the new verdict.`,
		Example: `  holdfast report out/bench/run.json
  holdfast report out/bench/run.json --export csv,hdr
  holdfast report out/bench/run.json --slo slo.yaml`,
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			run, cut, err := readRunOrRest(args[0])
			if err != nil {
				return usage(err)
			}
			if err := checkExports(exports); err != nil {
				return usage(err)
			}
			if slices.Contains(exports, "vegeta") {
				return usage(errors.New("--export vegeta: single requests are not in a run.json; holdfast run --export vegeta keeps them"))
			}
			if cut {
				fmt.Fprintln(env.stderr, "holdfast: "+args[0]+" is cut off: what is left of it is shown as partial")
			}
			if slo != "" {
				return reevaluateRun(env, run, slo, cmp.Or(out, filepath.Join(filepath.Dir(args[0]), "reevaluated")))
			}
			dir := cmp.Or(out, filepath.Dir(args[0]))
			path, err := writeReports(dir, run)
			if err := errors.Join(err, writeExports(dir, run, exports), tellCI(env, run)); err != nil {
				return environment(err)
			}
			fmt.Fprintln(env.stdout, path)
			return nil
		},
	}
	cmd.Flags().StringVar(&out, "out", "", "directory to write to (default: where the run.json is)")
	flagExport(cmd, &exports, "also write series.csv (csv), latency.hlog (hdr) or load-performance.json (gitlab)")
	cmd.Flags().StringVar(&slo, "slo", "", "file of limits, YAML or JSON, to judge the run by (docs/report.md)")
	return cmd
}

// reevaluateRun judges run by the limits in the file at slo and writes what came of it.
func reevaluateRun(env environ, run *result.Run, slo, out string) error {
	f, err := safefile.Open(slo)
	if err != nil {
		return usage(err)
	}
	defer f.Close()
	limits, err := reevaluate.Read(f)
	if err != nil {
		return usage(fmt.Errorf("%s: %w", slo, err))
	}
	again, err := limits.Apply(run, filepath.Base(slo))
	if err != nil {
		return usage(fmt.Errorf("%s: %w", slo, err))
	}
	path, err := writeReports(out, again)
	if err := errors.Join(err, result.WriteFile(filepath.Join(out, "run.json"), again)); err != nil {
		return environment(err)
	}
	for _, c := range again.Reevaluated.Changes {
		if c.Was != c.Is {
			fmt.Fprintf(env.stdout, "%s: %s: %s (limit %s) → %s (limit %s)\n", c.Scenario, c.Check, wordOf(c.Was), cmp.Or(c.OldLimit, "none"), wordOf(c.Is), c.NewLimit)
		}
	}
	was, _ := verdict.ShownRun(run)
	fmt.Fprintf(env.stdout, "%s → %s\n%s\n", wordOf(was), wordOf(again.Verdict), path)
	if err := tellCI(env, again); err != nil {
		return environment(err)
	}
	if again.Verdict != result.Pass {
		return &exitError{code: again.Verdict.ExitCode()}
	}
	return nil
}

func wordOf(v result.Verdict) string { return cmp.Or(string(v), "no verdict") }

// writeReports writes every report of run into dir and returns the path of the
// HTML one. One that can't be written does not keep the others from being.
func writeReports(dir string, run *result.Run) (string, error) {
	html := filepath.Join(dir, "report.html")
	of := func(write func(io.Writer, *result.Run) error) func(io.Writer) error {
		return func(w io.Writer) error { return write(w, run) }
	}
	return html, errors.Join(
		safefile.Write(html, of(reports.HTML)),
		safefile.Write(filepath.Join(dir, "junit.xml"), of(reports.JUnit)),
		safefile.Write(filepath.Join(dir, "summary.md"), of(reports.Markdown)),
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
	var text bytes.Buffer
	info, err := f.Stat()
	if err == nil {
		err = write(&text)
	}
	if err == nil {
		_, err = f.Write(shortened(text.Bytes(), mostSummary-int(info.Size())))
	}
	return errors.Join(err, f.Close())
}

// mostSummary is how long the summary of a job may be: of a longer one GitHub shows
// nothing.
const mostSummary = 1 << 20

// shortened is Markdown in no more than that many bytes, cut after a line, with a word
// on what is missing.
func shortened(text []byte, room int) []byte {
	const rest = "\n\n… the summary is cut here: summary.md has all of it.\n"
	if len(text) <= room {
		return text
	}
	if room < len(rest) {
		return nil
	}
	text = text[:room-len(rest)]
	return append(text[:bytes.LastIndexByte(text, '\n')+1:len(text)], rest...)
}

// tellCI adds the run's summary to the page of the CI job, and annotates what
// did not hold.
func tellCI(env environ, run *result.Run) error {
	err := appendToSummary(env, func(w io.Writer) error { return reports.Markdown(w, run) })
	if env.getenv("GITHUB_ACTIONS") == "true" { // standard output may be JSON
		err = errors.Join(err, reports.Annotations(commandsTo(env.stderr), run))
	}
	return err
}
