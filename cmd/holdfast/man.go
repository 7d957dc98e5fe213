//go:build !slim

package main

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"

	"holdfast.dev/holdfast/safefile"
)

func newMan(env environ) *cobra.Command {
	return &cobra.Command{
		Use:   "man FOLDER",
		Short: "Write the man pages of all commands into a folder",
		Long: `Writes a man page for each command into a folder, which is made where there is
none: holdfast.1, holdfast-run.1 and so on, with the text of --help.`,
		Example: `  holdfast man ~/.local/share/man/man1      # then: man holdfast-run`,
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := os.MkdirAll(args[0], 0o755); err != nil {
				return environment(err)
			}
			n, err := writeManPages(cmd.Root(), args[0])
			if err != nil {
				return environment(err)
			}
			_, err = fmt.Fprintf(env.stdout, "%s in %s\n", counted(n, "man page"), args[0])
			return err
		},
	}
}

// writeManPages writes the pages of a command and of all below it, and returns how many
// there are.
func writeManPages(root *cobra.Command, dir string) (n int, err error) {
	root.DisableAutoGenTag = true
	header := doc.GenManHeader{Section: "1", Manual: "Holdfast", Source: "holdfast " + version(), Date: new(builtAt())}
	for cmd := range documented(root) {
		name := strings.ReplaceAll(cmd.CommandPath(), " ", "-") + ".1"
		page := header
		err = errors.Join(err, safefile.Write(filepath.Join(dir, name), func(w io.Writer) error { return doc.GenMan(cmd, &page, w) }))
		n++
	}
	return n, err
}

// documented are a command and those below it that people can type.
func documented(cmd *cobra.Command) iter.Seq[*cobra.Command] {
	return func(yield func(*cobra.Command) bool) {
		if !yield(cmd) {
			return
		}
		for _, sub := range cmd.Commands() {
			if !sub.IsAvailableCommand() {
				continue
			}
			for one := range documented(sub) {
				if !yield(one) {
					return
				}
			}
		}
	}
}

// builtAt is the time of the commit that the program was built from, so that the same
// program writes the same pages; the beginning of 1970 where the build recorded none.
func builtAt() time.Time {
	info, _ := debug.ReadBuildInfo()
	if info != nil {
		for _, s := range info.Settings {
			if s.Key == "vcs.time" {
				if at, err := time.Parse(time.RFC3339, s.Value); err == nil {
					return at
				}
			}
		}
	}
	return time.Unix(0, 0).UTC()
}
