package manifest

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"holdfast.dev/holdfast/harness/replace"
	"holdfast.dev/holdfast/harness/target"
	"holdfast.dev/holdfast/manifest/dotenv"
	"holdfast.dev/holdfast/manifest/notation"
)

// EnvFiles are the .env files in the folders of the service, which many programs read by
// themselves, whatever their environment is.
func (s *Service) EnvFiles() ([]dotenv.File, error) {
	folders := []string{s.Dir}
	for _, p := range s.Launch.Processes {
		if p.Image == "" {
			folders = append(folders, p.Dir)
		}
	}
	return dotenv.Find(folders...)
}

// CheckEnvFiles reports what a .env file would tell a process that nobody else tells it
// and that it may not know: somebody else's host, the developer's own database, a
// secret. Nothing of a value is in the error.
func (s *Service) CheckEnvFiles() error {
	files, err := s.EnvFiles()
	if err != nil {
		return err
	}
	var all []error
	for _, file := range files {
		problems := &notation.Problems{File: file.Path}
		for _, p := range s.Launch.Processes {
			if p.Image != "" || !reads(p.Dir, s.Dir, file.Path) {
				continue
			}
			for _, problem := range file.Problems(s.told(p), s.plays) {
				one := notation.Problem{Position: notation.Position{Line: problem.Line, Column: 1}, Text: problem.Text}
				if !slices.Contains(problems.All, one) { // another process may read it, too
					problems.All = append(problems.All, one)
				}
			}
		}
		if len(problems.All) > 0 {
			all = append(all, problems)
		}
	}
	return errors.Join(all...)
}

// reads reports whether a process in a folder may find a file: in that folder, or in
// the service's own, which libraries walk up to.
func reads(dir, service, path string) bool {
	in, err := filepath.Abs(filepath.Dir(path))
	if err != nil {
		return true
	}
	of, err := filepath.Abs(service)
	return err != nil || in == filepath.Clean(dir) || in == of
}

// told are the variables that a process is given, whatever stands in a .env file.
func (s *Service) told(p target.Process) map[string]bool {
	all := map[string]bool{}
	for name := range p.Env {
		all[name] = true
	}
	for _, d := range s.File.Dependencies {
		for _, name := range d.Value.Export.Names() {
			all[name] = true
		}
	}
	if hosts := s.replaced(); len(hosts) > 0 {
		for _, name := range replace.VariableNames(hosts) {
			all[name] = true
		}
	}
	environment := s.options.Environment
	for _, name := range s.File.PassEnv {
		if environment != nil {
			_, all[name] = environment(name)
		}
	}
	return all
}

// writeEnvFiles names the variables of .env files that the environment does not show.
func (p Plan) writeEnvFiles(b *strings.Builder) {
	files, err := p.service.EnvFiles()
	if err != nil {
		fmt.Fprintf(b, "\n%v\n", err)
	}
	for _, file := range files {
		fmt.Fprintf(b, "\n%s is read by many programs, whatever their environment is; it sets\n  %s\n", file.Path, strings.Join(file.Names, ", "))
	}
	if err := p.service.CheckEnvFiles(); err != nil {
		fmt.Fprintf(b, "\na run is refused, because\n  %s\n", strings.ReplaceAll(err.Error(), "\n", "\n  "))
	}
}
