package main

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/reports"
	"holdfast.dev/holdfast/safefile"
)

// export is a form in which other tools read what was measured.
type export struct {
	name, file string
	// write draws it from a result; nil: it is written while the run goes on.
	write func(io.Writer, *result.Run) error
}

// vegetaFile is where the single requests of a run go, in vegeta's format.
const vegetaFile = "requests.bin"

func allExports() []export {
	return []export{{"csv", "series.csv", reports.CSV}, {"gitlab", "load-performance.json", reports.LoadPerformance}, {"hdr", "latency.hlog", reports.HDR}, {"vegeta", vegetaFile, nil}}
}

func exportNames() []string {
	var names []string
	for _, e := range allExports() {
		names = append(names, e.name)
	}
	return names
}

// checkExports says which of the names are none.
func checkExports(names []string) error {
	for _, name := range names {
		if !slices.Contains(exportNames(), name) {
			return fmt.Errorf("unknown --export %s: any of %s", name, strings.Join(exportNames(), ", "))
		}
	}
	return nil
}

// writeExports writes into dir what can be drawn from a result.
func writeExports(dir string, run *result.Run, names []string) error {
	var errs []error
	for _, e := range allExports() {
		if e.write != nil && slices.Contains(names, e.name) {
			errs = append(errs, safefile.Write(filepath.Join(dir, e.file), func(w io.Writer) error { return e.write(w, run) }))
		}
	}
	return errors.Join(errs...)
}

// flagExport defines the flag --export of a command.
func flagExport(cmd *cobra.Command, names *[]string, about string) {
	cmd.Flags().StringSliceVar(names, "export", nil, about)
	_ = cmd.RegisterFlagCompletionFunc("export", cobra.FixedCompletions(exportNames(), cobra.ShellCompDirectiveNoFileComp)) // fails for a flag that is none
}
