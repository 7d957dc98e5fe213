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

	"holdfast.dev/holdfast/importer"
	"holdfast.dev/holdfast/importer/artillery"
	"holdfast.dev/holdfast/importer/toxiproxy"
	"holdfast.dev/holdfast/importer/vegeta"
	"holdfast.dev/holdfast/importer/wiremock"
	"holdfast.dev/holdfast/manifest"
	"holdfast.dev/holdfast/manifest/notation"
	"holdfast.dev/holdfast/safefile"
)

// foreignTool is one whose files are imported.
type foreignTool struct {
	name, about string
	read        importer.Reader
	// ending is that of its files in a folder; empty: it takes no folder.
	ending string
	// within is the name of the folder that its files stand in, beside others that they name.
	within string
	// load says that its files say nothing of the load, which flags say.
	load bool
	// routes says that a file of routes is made, and no holdfast.yaml.
	routes bool
}

// foreignTools are those that there are.
func foreignTools() []foreignTool {
	return []foreignTool{
		{name: "artillery", about: "a script of Artillery, as YAML: a holdfast.yaml", read: artillery.Read},
		{name: "k6", about: "a script of k6, or its options as JSON: a holdfast.yaml", read: k6Reader()},
		{name: "toxiproxy", about: "proxies of Toxiproxy, as its configuration or its API have them: a holdfast.yaml", read: toxiproxy.Read},
		{name: "vegeta", about: "targets of Vegeta, as HTTP or as JSON: a holdfast.yaml", read: vegeta.Read, load: true},
		{name: "wiremock", about: "stub mappings of WireMock: a file of routes, for http: of a dependency or for holdfast fake http", read: wiremock.Read, ending: ".json", within: "mappings", routes: true},
	}
}

// importFlags are those of all tools.
type importFlags struct {
	out   string
	force bool
	o     importer.Options
}

func newImport(env environ) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "import",
		Short: "Carry over what other tools' files say: k6, Artillery, Vegeta, WireMock, Toxiproxy",
		Long: `Makes of the files of another tool what Holdfast reads, with a comment where it had to
guess. On standard error it says what was carried over, and, with file and line, what was
not, why, and what to do instead; nothing is left out in silence. What was made is read
again, and what it still needs is said. Secrets and personal data are taken out, and listed. docs/import.md has a table for each tool.

Exit code 0 means that something was carried over, 2 that nothing was or that a file
cannot be read as the tool's.`,
		Args: ofSubcommands,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	for _, tool := range foreignTools() {
		cmd.AddCommand(newImportOf(env, tool))
	}
	return cmd
}

func newImportOf(env environ, tool foreignTool) *cobra.Command {
	var f importFlags
	cmd := &cobra.Command{
		Use:   tool.name + " FILE…",
		Short: "Carry over " + tool.about,
		Long:  "Carries over " + tool.about + ".\ndocs/import.md says what becomes of what.",
		Args:  cobra.MinimumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			return f.run(env, tool, args)
		},
	}
	cmd.Flags().StringVar(&f.out, "out", "", "the file to write (default standard output)")
	cmd.Flags().BoolVar(&f.force, "force", false, "write over --out if it is there")
	if tool.load {
		cmd.Flags().StringVar(&f.o.Rate, "rate", "50/s", "how many requests a second, as the tool's own -rate")
		cmd.Flags().DurationVar(&f.o.Duration, "duration", 30*time.Second, "how long, as the tool's own -duration")
	}
	return cmd
}

// run imports files and writes what came of them, whole or not at all.
func (f importFlags) run(env environ, tool foreignTool, args []string) error {
	if f.out != "" && !f.force {
		if _, err := os.Lstat(f.out); err == nil {
			return usage(fmt.Errorf("--out: %s is there already; --force writes over it", f.out))
		}
	}
	files, err := f.files(tool, args)
	if err != nil {
		return usage(err)
	}
	root, err := os.OpenRoot(folderOf(tool, args[0])) // what a file names beside it stays beside it
	if err != nil {
		return usage(fmt.Errorf("open the folder of %s: %w", args[0], err))
	}
	defer root.Close()
	f.o.Beside = root.FS()
	result, err := tool.read(files, f.o)
	if err != nil {
		for _, line := range importer.Lines(result.Left) {
			fmt.Fprintln(env.stderr, "not carried over: "+line)
		}
		return usage(fmt.Errorf("import %s: %w", tool.name, err))
	}
	if err := f.write(env, result.Text); err != nil {
		return usage(err)
	}
	report(env, result)
	return f.check(env, tool, args[0], result.Text)
}

// check says what keeps what was made from being read: nothing, if the input sufficed.
func (f importFlags) check(env environ, tool foreignTool, file string, text []byte) error {
	path := f.out
	if path == "" {
		path = filepath.Join(folderOf(tool, file), manifest.FileName)
	}
	var err error
	if tool.routes {
		_, err = manifest.ReadRoutes(text, path, manifest.Options{})
	} else {
		_, err = manifest.Read(text, path, options(env))
	}
	var problems *notation.Problems
	if !errors.As(err, &problems) {
		return err
	}
	for line := range strings.Lines(problems.Error()) {
		fmt.Fprintln(env.stderr, "to be mended: "+strings.TrimSpace(line))
	}
	return nil
}

// write writes to --out, or else to standard output.
func (f importFlags) write(env environ, text []byte) error {
	if f.out == "" {
		_, err := env.stdout.Write(text)
		return err
	}
	return safefile.Write(f.out, func(w io.Writer) error {
		_, err := w.Write(text)
		return err
	})
}

// report says what became of the files.
func report(env environ, result importer.Result) {
	for _, line := range result.Carried {
		fmt.Fprintln(env.stderr, "carried over: "+line)
	}
	for _, line := range importer.Lines(result.Left) {
		fmt.Fprintln(env.stderr, "not carried over: "+line)
	}
	for _, found := range result.Stripped {
		fmt.Fprintf(env.stderr, "taken out: %s: %s\n", found.Where, found.Kind)
	}
}

// folderOf is the folder in which a file's own names are looked for.
func folderOf(tool foreignTool, file string) string {
	folder := file
	if info, err := os.Stat(file); err == nil && !info.IsDir() {
		folder = filepath.Dir(file)
	}
	if tool.within != "" && filepath.Base(folder) == tool.within {
		return filepath.Dir(folder)
	}
	return folder
}

// Bounds of what one import reads.
const (
	mostImported      = 2000
	mostImportedBytes = 16 << 20
)

// files reads those that are named, and those in folders that are.
func (f importFlags) files(tool foreignTool, args []string) ([]importer.File, error) {
	var names []string
	for _, arg := range args {
		info, err := os.Stat(arg)
		switch {
		case err != nil:
			return nil, fmt.Errorf("read %s: %w", arg, errors.Unwrap(err))
		case !info.IsDir():
			names = append(names, arg)
			continue
		case tool.ending == "":
			return nil, fmt.Errorf("%s is a folder; name a file of %s", arg, tool.name)
		}
		within, err := filesIn(arg, tool.ending)
		if err != nil {
			return nil, err
		}
		names = append(names, within...)
	}
	return readFiles(names)
}

// filesIn are the files of a folder that end so, in their order; those of WireMock's
// __files are no mappings.
func filesIn(folder, ending string) ([]string, error) {
	var names []string
	err := filepath.WalkDir(folder, func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && strings.HasPrefix(entry.Name(), "__"):
			return filepath.SkipDir
		case entry.Type().IsRegular() && strings.HasSuffix(name, ending):
			names = append(names, name)
		}
		return nil
	})
	if err == nil && len(names) == 0 {
		err = fmt.Errorf("%s has no files that end with %s", folder, ending)
	}
	slices.Sort(names)
	return names, err
}

// readFiles reads regular files, within the bounds.
func readFiles(names []string) ([]importer.File, error) {
	if len(names) > mostImported {
		return nil, fmt.Errorf("there are %d files, and more than %d are not read at once", len(names), mostImported)
	}
	var all []importer.File
	var total int64
	for _, name := range names {
		info, err := os.Stat(name)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", name, errors.Unwrap(err))
		}
		if total += info.Size(); total > mostImportedBytes {
			return nil, fmt.Errorf("%s: more than %d bytes are not read at once", name, int64(mostImportedBytes))
		}
		if !info.Mode().IsRegular() {
			return nil, fmt.Errorf("%s is no file", name)
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", name, errors.Unwrap(err))
		}
		all = append(all, importer.File{Name: name, Text: text})
	}
	return all, nil
}
