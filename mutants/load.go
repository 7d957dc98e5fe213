package mutants

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// Source is packages of a program, read and typed.
type Source struct {
	root     string // the module's directory
	packages []*pkg
	exports  map[string]string // of every package that they need: the file of its types
}

// pkg is one package without its tests.
type pkg struct {
	path  string
	name  string
	set   *token.FileSet
	files []*file
	types *types.Package
	info  *types.Info
}

// file is one file of a package.
type file struct {
	name   string // slashes, from the root of the module
	source []byte
	syntax *ast.File
}

// listed is what go list says of a package.
type listed struct {
	ImportPath, Dir, Name, Export string
	GoFiles                       []string
	DepOnly                       bool
	Module                        *struct{ Dir string }
}

// Load reads the packages of these patterns, as the go command has them in dir.
// What they depend on is built, if it is not.
func Load(ctx context.Context, dir string, patterns ...string) (*Source, error) {
	command := exec.CommandContext(ctx, "go", append([]string{"list", "-export", "-deps",
		"-json=ImportPath,Dir,Name,Export,GoFiles,DepOnly,Module", "--"}, patterns...)...)
	command.Dir = dir
	var problems bytes.Buffer
	command.Stderr = &problems
	out, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("list the packages: %w: %s", err, strings.TrimSpace(problems.String()))
	}
	s := &Source{exports: map[string]string{}}
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, fmt.Errorf("list the packages: %w", err)
		}
		s.exports[p.ImportPath] = p.Export
		if p.DepOnly || p.Module == nil {
			continue
		}
		s.root = p.Module.Dir
		if err := s.add(p); err != nil {
			return nil, err
		}
	}
	if len(s.packages) == 0 {
		return nil, fmt.Errorf("no package is named by %s", strings.Join(patterns, " "))
	}
	return s, nil
}

func (s *Source) add(listed listed) error {
	p := &pkg{path: listed.ImportPath, name: listed.Name, set: token.NewFileSet()}
	for _, name := range listed.GoFiles {
		path := filepath.Join(listed.Dir, name)
		source, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(s.root, path)
		if err != nil {
			return err
		}
		syntax, err := parser.ParseFile(p.set, path, source, parser.SkipObjectResolution|parser.ParseComments)
		if err != nil {
			return err
		}
		p.files = append(p.files, &file{filepath.ToSlash(relative), source, syntax})
	}
	p.info = &types.Info{
		Types: map[ast.Expr]types.TypeAndValue{}, Uses: map[*ast.Ident]types.Object{}, Defs: map[*ast.Ident]types.Object{},
	}
	var err error
	if p.types, err = s.check(p.path, p.set, p.syntax(), p.info); err != nil {
		return fmt.Errorf("read the types of %s: %w", p.path, err)
	}
	s.packages = append(s.packages, p)
	return nil
}

func (p *pkg) syntax() []*ast.File {
	all := make([]*ast.File, len(p.files))
	for i, f := range p.files {
		all[i] = f.syntax
	}
	return all
}

// check finds the types of a package from the export data of what it imports.
func (s *Source) check(path string, set *token.FileSet, files []*ast.File, info *types.Info) (*types.Package, error) {
	lookup := func(path string) (io.ReadCloser, error) {
		name, err := s.export(path)
		if err != nil {
			return nil, err
		}
		return os.Open(name)
	}
	config := types.Config{Importer: importer.ForCompiler(set, "gc", lookup)}
	return config.Check(path, set, files, info)
}

// export is the file of a package's types. A mutant may import what the packages
// themselves do not.
func (s *Source) export(path string) (string, error) {
	if name := s.exports[path]; name != "" {
		return name, nil
	}
	command := exec.Command("go", "list", "-export", "-f", "{{.Export}}", "--", path)
	command.Dir = s.root
	out, err := command.Output()
	if err != nil {
		return "", fmt.Errorf("find %s: %w", path, err)
	}
	s.exports[path] = strings.TrimSpace(string(out))
	return s.exports[path], nil
}

// Check reports, with [ErrUnfit], a mutant that does not compile, as far as the
// types of its own packages tell; it takes some milliseconds, where building takes
// seconds.
func (s *Source) Check(m Mutant) error {
	changed := m.Files()
	for _, p := range s.packages {
		if !slices.ContainsFunc(p.files, func(f *file) bool { return slices.Contains(changed, f.name) }) {
			continue
		}
		set := token.NewFileSet()
		var files []*ast.File
		for _, f := range p.files {
			source, err := m.Apply(f.name, f.source)
			if err != nil {
				return err
			}
			syntax, err := parser.ParseFile(set, f.name, source, parser.SkipObjectResolution)
			if err != nil {
				return fmt.Errorf("%w: %s: %w", ErrUnfit, m.Name, err)
			}
			files = append(files, syntax)
		}
		if _, err := s.check(p.path, set, files, nil); err != nil {
			return fmt.Errorf("%w: %s: %w", ErrUnfit, m.Name, err)
		}
	}
	return nil
}

// file finds a file by its name.
func (s *Source) file(name string) (*file, bool) {
	for _, p := range s.packages {
		for _, f := range p.files {
			if f.name == name {
				return f, true
			}
		}
	}
	return nil, false
}
