package harness

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// maxInputs bounds the files that a step of the setup may name.
const maxInputs = 50_000

// globOf reads a glob over slash-separated paths: * and ? within a name, ** for any
// folders. A folder stands for all that is in it.
func globOf(glob string) (*regexp.Regexp, error) {
	if glob == "" || strings.HasPrefix(glob, "/") || slices.Contains(strings.Split(glob, "/"), "..") {
		return nil, fmt.Errorf("inputs: %q is no path below the folder of the command", glob)
	}
	var b strings.Builder
	for rest := strings.TrimSuffix(strings.TrimPrefix(glob, "./"), "/"); rest != ""; {
		switch {
		case strings.HasPrefix(rest, "**/"):
			b.WriteString(`(?:.*/)?`)
			rest = rest[3:]
		case strings.HasPrefix(rest, "**"):
			b.WriteString(`.*`)
			rest = rest[2:]
		case rest[0] == '*':
			b.WriteString(`[^/]*`)
			rest = rest[1:]
		case rest[0] == '?':
			b.WriteString(`[^/]`)
			rest = rest[1:]
		default:
			b.WriteString(regexp.QuoteMeta(rest[:1]))
			rest = rest[1:]
		}
	}
	return regexp.Compile(`^` + b.String() + `(?:/.*)?$`)
}

// inputsOf is a hash of the files below dir that the globs name, and of their names.
// A glob that names none is an error: what it was to name may have been renamed.
func inputsOf(dir string, globs []string) (string, error) {
	if dir == "" {
		dir = "."
	}
	var patterns []*regexp.Regexp
	for _, glob := range globs {
		pattern, err := globOf(glob)
		if err != nil {
			return "", err
		}
		patterns = append(patterns, pattern)
	}
	sum, found, files := sha256.New(), make([]bool, len(globs)), 0
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && (entry.Name() == ".git" || entry.Name() == "node_modules") {
			return filepath.SkipDir
		}
		name, err := filepath.Rel(dir, path)
		if err != nil || !entry.Type().IsRegular() || !matches(patterns, filepath.ToSlash(name), found) {
			return err
		}
		if files++; files > maxInputs {
			return fmt.Errorf("they are more than %d files", maxInputs)
		}
		return addFile(sum, filepath.ToSlash(name), path)
	})
	for i, glob := range globs {
		if !found[i] && err == nil {
			err = fmt.Errorf("%q names no file below %s", glob, dir)
		}
	}
	if err != nil {
		return "", fmt.Errorf("inputs: %w", err)
	}
	return fmt.Sprintf("%x", sum.Sum(nil)), nil
}

// matches reports whether any of the patterns names a file, and notes which do.
func matches(patterns []*regexp.Regexp, name string, found []bool) (any bool) {
	for i, pattern := range patterns {
		if pattern.MatchString(name) {
			found[i], any = true, true
		}
	}
	return any
}

// addFile adds a file to a hash.
func addFile(sum io.Writer, name, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	info, err := f.Stat()
	if err == nil {
		_, _ = fmt.Fprintf(sum, "%s\x00%d\x00", name, info.Size()) // of a hash: cannot fail
		_, err = io.Copy(sum, f)
	}
	return errors.Join(err, f.Close())
}
