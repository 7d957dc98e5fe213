package cluster

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"time"
)

// OldestMajor is the oldest Postgres that Holdfast works with: DROP DATABASE …
// WITH (FORCE) and trusted extensions came with it.
const OldestMajor = 13

// Binaries is a folder with the programs postgres and initdb.
type Binaries struct {
	Dir     string
	Version string // 15.18
	Major   int    // 15
}

func (b Binaries) String() string { return fmt.Sprintf("PostgreSQL %s from %s", b.Version, b.Dir) }

func (b Binaries) program(name string) string { return filepath.Join(b.Dir, name) }

// ErrNoBinaries is returned by Find.
var ErrNoBinaries = errors.New("no Postgres binaries on PATH or in the places where packages put them (/usr/lib/postgresql/*/bin …)")

// Find returns the Postgres binaries of this machine: those on PATH if there are
// any, else the newest of those that packages installed.
func Find(ctx context.Context) (Binaries, error) {
	return find(ctx, exec.LookPath, []string{
		"/usr/lib/postgresql/*/bin",         // Debian, Ubuntu
		"/usr/pgsql-*/bin",                  // Red Hat, by the project's own packages
		"/usr/libexec/postgresql*",          // Alpine
		"/opt/homebrew/opt/postgresql*/bin", // macOS on ARM
		"/usr/local/opt/postgresql*/bin",    // macOS on Intel
	})
}

func find(ctx context.Context, lookPath func(string) (string, error), patterns []string) (Binaries, error) {
	if path, err := lookPath("postgres"); err == nil {
		if real, err := filepath.EvalSymlinks(path); err == nil {
			path = real
		}
		if b, err := Inspect(ctx, filepath.Dir(path)); err == nil {
			return b, nil
		}
	}
	var found []Binaries
	for _, pattern := range patterns {
		dirs, _ := filepath.Glob(pattern)
		for _, dir := range dirs {
			if b, err := Inspect(ctx, dir); err == nil {
				found = append(found, b)
			}
		}
	}
	if len(found) == 0 {
		return Binaries{}, ErrNoBinaries
	}
	return slices.MaxFunc(found, func(a, b Binaries) int { return cmp.Compare(a.Major, b.Major) }), nil
}

// Inspect returns the binaries in a folder, or why they will not do.
func Inspect(ctx context.Context, dir string) (Binaries, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	b := Binaries{Dir: dir}
	for _, program := range []string{"initdb", "postgres"} {
		out, err := exec.CommandContext(ctx, b.program(program), "--version").Output()
		if err != nil {
			return Binaries{}, fmt.Errorf("run %s --version: %w", b.program(program), err)
		}
		if b.Version, b.Major, err = parseVersion(out); err != nil {
			return Binaries{}, fmt.Errorf("run %s --version: %w", b.program(program), err)
		}
	}
	if b.Major < OldestMajor {
		return Binaries{}, fmt.Errorf("%s is too old: PostgreSQL %d or newer is needed", b, OldestMajor)
	}
	return b, nil
}

// parseVersion reads "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)".
func parseVersion(out []byte) (version string, major int, err error) {
	m := regexp.MustCompile(`\(PostgreSQL\) ((\d+)[\w.]*)`).FindSubmatch(out)
	if m == nil {
		return "", 0, fmt.Errorf("%q names no version", bytes.TrimSpace(out))
	}
	major, err = strconv.Atoi(string(m[2]))
	return string(m[1]), major, err
}
