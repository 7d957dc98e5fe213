package scaffold

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// What is read of a folder at most. A file of settings that is longer is none.
const (
	mostBytes   = 1 << 20
	mostEntries = 2000
	mostFolders = 40
)

// folder is a service's folder, or one in it, of which the files are read one by one.
type folder struct {
	fsys fs.FS
	path string // from the service's folder; "." is that itself
	log  *log
}

// log is what became of reading, for all folders of a service.
type log struct {
	unread []string // a line each
	seen   map[string]bool
}

func (l *log) say(name, why string) {
	line := name + ": " + why
	if !l.seen[line] {
		l.seen[line] = true
		l.unread = append(l.unread, line)
	}
}

// in is a folder of this one.
func (f folder) in(name string) folder {
	f.path = path.Join(f.path, name)
	return f
}

// name is that of a file of this folder, from the service's.
func (f folder) name(file string) string { return path.Join(f.path, file) }

// errNoFile is what is no regular file: a pipe would be waited for without end.
var errNoFile = errors.New("it is no file, so it was not read")

// read is a file's text, false where there is none. One that is there and cannot be read
// is told to the person.
func (f folder) read(name string) (string, bool) {
	full := f.name(name)
	text, err := readFile(f.fsys, full)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", false
	case errors.Is(err, fs.ErrPermission):
		f.log.say(full, "it may not be read by this user, so nothing is known of it")
		return "", false
	case errors.Is(err, errNoFile):
		f.log.say(full, err.Error())
		return "", false
	case err != nil: // a link out of the folder, in a circle
		f.log.say(full, "it cannot be read: a link leads out of the folder or nowhere, or the disk is at fault")
		return "", false
	case len(text) > mostBytes:
		f.log.say(full, fmt.Sprintf("it has more than %d bytes, so it was not read", mostBytes))
		return "", false
	}
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	if bytes.IndexByte(text, 0) >= 0 {
		f.log.say(full, "it is no text in UTF-8, so it was not read; save it as UTF-8")
		return "", false
	}
	whole := strings.ToValidUTF8(string(text), "\ufffd")
	if whole != string(text) {
		f.log.say(full, "not all of it is UTF-8: what is not was left out")
	}
	return strings.ReplaceAll(whole, "\r\n", "\n"), true
}

// readFile reads no more than a byte beyond the bound, and waits for nobody.
func readFile(fsys fs.FS, name string) ([]byte, error) {
	info, err := fs.Stat(fsys, name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errNoFile
	}
	file, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return io.ReadAll(io.LimitReader(file, mostBytes+1))
}

// has reports whether there is a file of that name.
func (f folder) has(name string) bool {
	info, err := fs.Stat(f.fsys, f.name(name))
	return err == nil && info.Mode().IsRegular()
}

// first is the first of these files that there is, with its text.
func (f folder) first(names ...string) (name, text string, found bool) {
	for _, name := range names {
		if text, ok := f.read(name); ok {
			return name, text, true
		}
	}
	return "", "", false
}

// entries are the names in this folder: of folders, or of files.
func (f folder) entries(folders bool) []string {
	dir, err := f.fsys.Open(f.path)
	if err != nil {
		return nil
	}
	defer dir.Close()
	reader, ok := dir.(fs.ReadDirFile)
	if !ok {
		return nil
	}
	all, _ := reader.ReadDir(mostEntries) // an error is the end of what can be seen
	var names []string
	for _, e := range all {
		if e.IsDir() == folders {
			names = append(names, e.Name())
		}
	}
	slices.Sort(names)
	return names
}

// others are folders in which there is nobody's own code.
var others = []string{"node_modules", "vendor", "venv", "env", "dist", "build", "target", "bin", "obj", "test", "tests", "spec", "docs", "deps", "_build", "tmp", "log", "logs", "static", "public", "assets", "migrations", "examples", "e2e"}

// folders are the folders in this one in which a program may be.
func (f folder) folders() []folder {
	var all []folder
	for _, name := range f.entries(true) {
		if strings.HasPrefix(name, ".") || strings.HasPrefix(name, "__") || slices.Contains(others, strings.ToLower(name)) {
			continue
		}
		if all = append(all, f.in(name)); len(all) == mostFolders {
			break
		}
	}
	return all
}

// lineOf is the number of the first line that holds a text, from 1; 0: none does.
func lineOf(text, part string) int {
	at := strings.Index(text, part)
	if at < 0 {
		return 0
	}
	return 1 + strings.Count(text[:at], "\n")
}
