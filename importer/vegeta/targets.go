package vegeta

import (
	"encoding/base64"
	"fmt"
	"io/fs"
	"net/url"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"holdfast.dev/holdfast/importer"
)

// begins is how a target begins in the HTTP format.
var begins = regexp.MustCompile(`^[A-Z]+\s`)

// lines are those of a file, with their numbers.
type lines struct {
	all  []string
	next int
}

// take is the next line without blanks around it, and its number.
func (l *lines) take() (text string, number int, ok bool) {
	if l.next >= len(l.all) {
		return "", l.next, false
	}
	l.next++
	return strings.TrimSpace(l.all[l.next-1]), l.next, true
}

// http reads the HTTP format, line by line as Vegeta does.
func (r *reader) http(file, text string) error {
	l := &lines{all: strings.Split(text, "\n")}
	for {
		line, number, ok := l.take()
		if !ok {
			return nil
		}
		if line == "" || line[0] == '#' {
			continue
		}
		a := importer.Asked{At: importer.Place{File: file, Line: number}}
		method, address, two := strings.Cut(line, " ")
		if !two || !begins.MatchString(line) {
			return fmt.Errorf("%s:%d: %q is no target such as GET http://127.0.0.1:8080/", file, number, method)
		}
		if _, err := url.ParseRequestURI(address); err != nil {
			return fmt.Errorf("%s:%d: the address of the target is none", file, number)
		}
		a.Method, a.Address = method, importer.Literal(address)
		if err := r.rest(l, &a); err != nil {
			return err
		}
		r.add(a)
	}
}

// rest reads the headers and the body of a target.
func (r *reader) rest(l *lines, a *importer.Asked) error {
	if l.next < len(l.all) {
		if next := strings.TrimSpace(l.all[l.next]); next == "" || begins.MatchString(next) {
			return nil
		}
	}
	for {
		line, number, ok := l.take()
		switch {
		case !ok || line == "":
			return nil
		case line[0] == '#':
			continue
		case line[0] == '@':
			r.bodyOf(a, line[1:], number)
			return nil
		}
		name, value, two := strings.Cut(line, ":")
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		if !two || name == "" || value == "" {
			return fmt.Errorf("%s:%d: this is no header such as Accept: text/plain, and no @file", a.At.File, number)
		}
		a.Headers = append(a.Headers, importer.Header{Name: name, Value: importer.Literal(value)})
	}
}

// mostBody is the largest file of a body that is taken over.
const mostBody = 256 << 10

// bodyOf reads the file that a target's body stands in.
func (r *reader) bodyOf(a *importer.Asked, name string, line int) {
	at := importer.Place{File: a.At.File, Line: line}
	if r.options.Beside == nil || path.IsAbs(name) {
		r.load.Report.Leave(at.Left("the body @"+name, "files are read beside the targets alone", "put it there, or write body by hand"))
		return
	}
	name = path.Clean(filepath.ToSlash(name))
	info, err := fs.Stat(r.options.Beside, name)
	if err != nil || !info.Mode().IsRegular() || info.Size() > mostBody {
		r.load.Report.Leave(at.Left("the body @"+name, fmt.Sprintf("there is no such file beside the targets, or it has more than %d bytes", mostBody), "write body by hand"))
		return
	}
	text, err := fs.ReadFile(r.options.Beside, name)
	if err != nil || !utf8.Valid(text) {
		r.load.Report.Leave(at.Left("the body @"+name, "it cannot be read, or is no text", "write body by hand"))
		return
	}
	a.Body = string(text)
}

// json reads the JSON format: an object a line.
func (r *reader) json(file, text string) error {
	for number, line := range slices.Collect(strings.Lines(text)) {
		if strings.TrimSpace(line) == "" {
			continue
		}
		at := importer.Place{File: file, Line: number + 1}
		n, err := r.load.Report.Line(at, line)
		if err != nil {
			return err
		}
		a := importer.Asked{At: at, Method: n.Get("method").Plain(), Address: importer.Literal(n.Get("url").Plain())}
		if a.Method == "" || a.Address == "" {
			return fmt.Errorf("%s: a target has a method and a url", at)
		}
		for h := range n.Get("header").Parts() {
			for value := range h.Parts() {
				a.Headers = append(a.Headers, importer.Header{Name: h.Name, Value: importer.Literal(value.Plain())})
			}
		}
		if body := n.Get("body"); body != nil {
			decoded, err := base64.StdEncoding.DecodeString(body.Peek())
			if err != nil || !utf8.Valid(decoded) {
				body.Leave("it is no text in base64", "write body by hand")
			} else {
				body.Use()
				a.Body = string(decoded)
			}
		}
		r.add(a)
	}
	r.load.Report.Unasked(nil)
	return nil
}
