// Package dotenv finds out what the .env files of a service's folders would tell it
// behind the back of a run. Many stacks read such a file by themselves: a clean
// environment is of no use when the file beside the code has the developer's own
// database in it.
//
// Enter at [Find], which lists the files with the names in them; [File.Problems] says
// which of their values may not reach the service, and how to keep them out.
package dotenv

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/joho/godotenv"

	"holdfast.dev/holdfast/redact"
)

// File is one .env file. Its values are in no message.
type File struct {
	Path string
	// Names are the variables that it sets, sorted.
	Names []string
	// Read says that stacks read it where nobody tells them otherwise: .env itself and
	// those for development. Others, such as .env.production, are listed only.
	Read bool

	values map[string]string
	lines  map[string]int
}

// maxBytes bounds a file that is read.
const maxBytes = 1 << 20

// patterns are the files that are looked for in each folder.
func patterns() []string { return []string{".env", ".env.*", ".flaskenv"} }

// templates are endings of files that are there to be copied, and have no values of
// anybody's.
func templates() []string { return []string{".example", ".sample", ".template", ".dist", ".defaults"} }

// Find are the .env files in these folders, each once, by their paths. A folder that
// is not there has none.
func Find(dirs ...string) ([]File, error) {
	var all []File
	seen := map[string]bool{}
	for _, dir := range dirs {
		for _, pattern := range patterns() {
			paths, err := filepath.Glob(filepath.Join(escaped(dir), pattern))
			if err != nil {
				return nil, fmt.Errorf("look for .env files: %w", err)
			}
			for _, path := range paths {
				path = filepath.Clean(path)
				whole, err := filepath.Abs(path) // one folder may be named in two ways
				if err != nil {
					return nil, fmt.Errorf("look for .env files: %w", err)
				}
				if seen[whole] || slices.Contains(templates(), filepath.Ext(path)) {
					continue
				}
				seen[whole] = true
				file, err := open(path)
				if err != nil {
					return nil, err
				}
				if file != nil {
					all = append(all, *file)
				}
			}
		}
	}
	slices.SortFunc(all, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	return all, nil
}

// escaped is a folder's name in which Glob finds nothing special.
func escaped(dir string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`).Replace(dir)
}

// open reads a file; nil where it is no file, such as a folder of a virtual environment.
func open(path string) (*File, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && !info.Mode().IsRegular() {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look at what a service would read by itself: %w", err)
	}
	if info.Size() > maxBytes {
		return nil, fmt.Errorf("%s has %d bytes: no .env file is that long, and so nobody can say what it tells the service", path, info.Size())
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("look at what a service would read by itself: %w", err)
	}
	file := Parse(path, text)
	return &file, nil
}

// Parse reads the text of a .env file. Of a text that no reader understands as a whole
// the lines are read one by one, for what one reader refuses another takes.
func Parse(path string, text []byte) File {
	f := File{Path: path, Read: slices.Contains([]string{".env", ".env.local", ".env.development", ".env.development.local", ".flaskenv"}, filepath.Base(path))}
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	f.lines = linesOf(text)
	values, err := godotenv.UnmarshalBytes(text)
	if err != nil {
		values = map[string]string{}
		for line := range bytes.Lines(text) {
			if one, err := godotenv.UnmarshalBytes(line); err == nil {
				maps.Copy(values, one)
			}
		}
	}
	f.values = values
	f.Names = slices.Sorted(maps.Keys(values))
	return f
}

// linesOf is where each name stands, counted from 1.
func linesOf(text []byte) map[string]int {
	all, n := map[string]int{}, 0
	for line := range bytes.Lines(text) {
		n++
		name, _, ok := strings.Cut(strings.TrimPrefix(strings.TrimSpace(string(line)), "export "), "=")
		if name = strings.TrimSpace(name); ok && all[name] == 0 {
			all[name] = n
		}
	}
	return all
}

// Problem is a value that may not reach a service.
type Problem struct {
	Line int    // from 1
	Text string // with the fix, and without the value
}

// Problems says which values may not reach a service that is told these variables
// already: addresses of somebody else's, but for hosts that are played, and secrets. What
// is told over them is no problem, for a .env file sets only what is not set. Nothing of a
// value is said.
func (f File) Problems(told map[string]bool, played func(host string) bool) []Problem {
	if !f.Read {
		return nil
	}
	var all []Problem
	for _, name := range f.Names {
		value := f.values[name]
		if told[name] || value == "" {
			continue
		}
		what := ""
		switch {
		case foreign(name, value) && !played(hostOf(name, value)):
			what = "leads to somebody else's host"
		case own(value):
			what = "leads to a database or a broker of this machine, which is the developer's own"
		case redact.Value(name, value) != value && len(value) >= shortest:
			what = "is a secret"
		default:
			continue
		}
		all = append(all, Problem{f.lines[name], fmt.Sprintf(
			"%s %s, and the service would read it by itself: set %s in the env of the process or by the export of a dependency, or move the file away", name, what, name)})
	}
	return all
}

// shortest is the length below which a text is no secret.
const shortest = 8

// foreign reports whether a value leads to another machine.
func foreign(name, value string) bool {
	host := hostOf(name, value)
	if host == "" {
		return false
	}
	if ip, err := netip.ParseAddr(host); err == nil {
		return !ip.IsLoopback() && !ip.IsUnspecified()
	}
	return !isLocal(host)
}

// hostOf is the host that a value names: of an address, of host:port, or of a name
// where the variable says that it is one. Empty: it names none.
func hostOf(name, value string) string {
	if u, err := url.Parse(value); err == nil && u.Scheme != "" && u.Host != "" {
		return u.Hostname()
	}
	if host, _, err := net.SplitHostPort(value); err == nil && (strings.Contains(host, ".") || isHostName(name)) {
		return host
	}
	if ip, err := netip.ParseAddr(value); err == nil {
		return ip.String()
	}
	if isHostName(name) && !strings.ContainsAny(value, " ,/*") {
		return value
	}
	return ""
}

// isHostName reports whether a variable is one that holds a host.
func isHostName(name string) bool {
	name = strings.ToUpper(name)
	return strings.HasSuffix(name, "HOST") || strings.HasSuffix(name, "HOSTNAME") || strings.HasSuffix(name, "_ADDR") || strings.HasSuffix(name, "_SERVER")
}

func isLocal(host string) bool {
	host = strings.ToLower(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost")
}

// own reports whether a value leads to a store of this machine.
func own(value string) bool {
	u, err := url.Parse(value)
	if err != nil {
		return false
	}
	scheme, _, _ := strings.Cut(strings.ToLower(u.Scheme), "+")
	return slices.Contains([]string{
		"postgres", "postgresql", "postgis", "mysql", "mysql2", "mariadb", "mongodb", "redis", "rediss", "amqp", "amqps", "kafka", "nats", "mssql", "sqlserver", "cockroachdb", "clickhouse",
	}, scheme)
}
