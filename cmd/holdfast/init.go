package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"holdfast.dev/holdfast/manifest"
	"holdfast.dev/holdfast/openapi"
	"holdfast.dev/holdfast/safefile"
	"holdfast.dev/holdfast/scaffold"
	"holdfast.dev/holdfast/traffic"
)

// initFlags are what a draft is made of beside the folder.
type initFlags struct {
	openapi, har, accessLog, curl []string
	out                           string
	force                         bool
}

func newInit(env environ) *cobra.Command {
	var f initFlags
	cmd := &cobra.Command{
		Use:   "init [FOLDER]",
		Short: "Draft a holdfast.yaml of what stands in a service's folder",
		Long: `Looks at the folder of a service (default is this one) and writes a commented ` + manifest.FileName + `
that can be validated, planned and run: the processes, what they talk to, the steps that
make the data, one scenario of steady load, and one for each dependency in which it is
slow, then down, then loses its replies. Each guess is marked as one, and what nobody
could find out says "fill in".

It reads, as far as they are there: Procfile, compose.yaml and docker-compose.yml,
manage.py, pyproject.toml, requirements.txt, Gemfile, package.json, pom.xml, build.gradle,
composer.json, mix.exs, go.mod, Dockerfile, and .env.example. Nothing of it is carried
out, and nothing outside of the folder is read.

What the service is asked comes from a description of its API, from a recording of a
browser, from an access log (its routes, their shares and rates; common, combined, JSON
lines, AWS load balancers, also packed by gzip) or from curl commands. Each flag may be
given again. Secrets and personal data are taken out, and listed on standard error.

Exit code 0 means that the file was written, 2 that it was not.`,
		Example: `  holdfast init
  holdfast init ./shop --openapi shop/openapi.yaml --access-log /var/log/nginx/access.log
  holdfast init --har checkout.har --curl "curl http://localhost:8000/orders -d item=7"
  holdfast init --curl requests.sh --out ci/holdfast.yaml --force`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if err := f.run(env, fileOf(args)); err != nil {
				return usage(err)
			}
			return nil
		},
	}
	flags := cmd.Flags()
	flags.StringArrayVar(&f.openapi, "openapi", nil, "a description of the service's API: OpenAPI 3 or Swagger 2")
	flags.StringArrayVar(&f.har, "har", nil, "an HTTP archive, as browsers save one")
	flags.StringArrayVar(&f.accessLog, "access-log", nil, "an access log of the service")
	flags.StringArrayVar(&f.curl, "curl", nil, "a curl command, or a file with some")
	flags.StringVar(&f.out, "out", "", "the file to write (default FOLDER/"+manifest.FileName+")")
	flags.BoolVar(&f.force, "force", false, "write over the file if it is there")
	return cmd
}

// run drafts the file of a folder and writes it, whole or not at all.
func (f initFlags) run(env environ, dir string) error {
	out := f.out
	if out == "" {
		out = filepath.Join(dir, manifest.FileName)
	}
	if _, err := os.Lstat(out); err == nil && !f.force {
		return fmt.Errorf("%s is there already; --force writes over it, --out FILE writes another", out)
	}
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return fmt.Errorf("there is no folder %s; name the one that your service's code is in", dir)
	}
	inputs, err := f.inputs(dir, out)
	if err != nil {
		return err
	}
	root, err := os.OpenRoot(dir) // a link out of the folder is not followed
	if err != nil {
		return fmt.Errorf("open the folder: %w", err)
	}
	defer root.Close() //nolint:errcheck // nothing was written
	drafted := scaffold.Draft(root.FS(), inputs)
	var text bytes.Buffer
	if _, err := drafted.WriteTo(&text); err != nil {
		return err
	}
	service, err := manifest.Read(text.Bytes(), out, options(env))
	if err != nil {
		return fmt.Errorf("the draft does not hold, which is a fault of holdfast init and not yours; nothing was written:\n%w", err)
	}
	if err := safefile.Write(out, func(w io.Writer) error { _, err := w.Write(text.Bytes()); return err }); err != nil {
		return err
	}
	told(env, drafted, service)
	return nil
}

// inputs are what the flags name, read.
func (f initFlags) inputs(dir, out string) (scaffold.Options, error) {
	whole, err := filepath.Abs(dir)
	if err != nil {
		return scaffold.Options{}, fmt.Errorf("find the folder: %w", err)
	}
	beside, err := filepath.Abs(filepath.Dir(out))
	if err != nil {
		return scaffold.Options{}, fmt.Errorf("find the folder of --out: %w", err)
	}
	o := scaffold.Options{Name: filepath.Base(whole)}
	if o.Dir, err = filepath.Rel(beside, whole); err != nil {
		o.Dir = whole
	}
	o.Coverage = manifest.Coverage{OpenAPI: below(beside, f.openapi), AccessLog: below(beside, f.accessLog)}
	for _, name := range f.openapi {
		api, err := openapi.Read(name)
		if err != nil {
			return o, fmt.Errorf("--openapi %w", err)
		}
		o.API = append(o.API, api)
	}
	for _, input := range []struct {
		flag  string
		names []string
		read  func(io.Reader) (traffic.Summary, error)
	}{{"--access-log", f.accessLog, traffic.ReadAccessLog}, {"--har", f.har, traffic.ReadHAR}, {"--curl", f.curl, traffic.ReadCurl}} {
		for _, name := range input.names {
			t, err := readTraffic(input.flag, name, input.read)
			if err != nil {
				return o, err
			}
			o.Traffic = append(o.Traffic, t)
		}
	}
	return o, nil
}

// below is the first of some files that stands in a folder or below it, as seen from
// there: what is elsewhere will not be there for whoever has the folder.
func below(folder string, files []string) string {
	for _, name := range files {
		whole, err := filepath.Abs(name)
		if err != nil {
			continue
		}
		if from, err := filepath.Rel(folder, whole); err == nil && filepath.IsLocal(from) {
			return filepath.ToSlash(from)
		}
	}
	return ""
}

// readTraffic reads one input: a file, or a curl command as it stands.
func readTraffic(flag, name string, read func(io.Reader) (traffic.Summary, error)) (scaffold.Traffic, error) {
	if flag == "--curl" && strings.HasPrefix(strings.TrimSpace(name), "curl ") {
		summary, err := read(strings.NewReader(name))
		if err != nil {
			return scaffold.Traffic{}, fmt.Errorf("--curl: %w", err)
		}
		return scaffold.Traffic{Source: "the curl command", Summary: summary}, nil
	}
	file, err := safefile.Open(name)
	if errors.Is(err, os.ErrNotExist) {
		return scaffold.Traffic{}, fmt.Errorf("%s: there is no file %s", flag, name)
	}
	if err != nil {
		return scaffold.Traffic{}, fmt.Errorf("%s: %w", flag, err)
	}
	defer file.Close() //nolint:errcheck // nothing was written
	summary, err := read(file)
	if err != nil {
		return scaffold.Traffic{}, fmt.Errorf("%s %s: %w", flag, name, err)
	}
	return scaffold.Traffic{Source: filepath.Base(name), Summary: summary}, nil
}

// told says what was written, and what the person should know of it.
func told(env environ, d scaffold.Drafted, s *manifest.Service) {
	say := func(title string, lines []string) {
		for _, line := range lines {
			fmt.Fprintf(env.stderr, "%s: %s\n", title, line)
		}
	}
	say("fill in", d.FillIn)
	say("not read", d.Unread)
	say("left out, for being secret or personal", d.LeftOut)
	if err := s.CheckEnvFiles(); err != nil {
		fmt.Fprintf(env.stderr, "before a run: %v\n", err)
	}
	fmt.Fprintf(env.stdout, "%s: %s, %s, %s\nnext: holdfast plan %s, and then holdfast run --service %s --all\n",
		s.Path, counted(len(s.File.Processes), "process"), counted(len(s.File.Dependencies), "dependency"), counted(len(s.File.Scenarios), "scenario"), s.Path, s.Path)
}
