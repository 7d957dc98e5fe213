package importer

import (
	"bytes"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"holdfast.dev/holdfast/manifest"
	"holdfast.dev/holdfast/redact"
)

// Draft is a holdfast.yaml that is being made, with its comments by path.
type Draft struct {
	File     manifest.File
	Comments map[string]string
}

// NewDraft is the beginning of a file: who made it, of what.
func NewDraft(name string, tool string, files []File) *Draft {
	var names []string
	for _, f := range files[:min(len(files), 5)] {
		names = append(names, path.Base(strings.ReplaceAll(f.Name, `\`, "/")))
	}
	if len(files) > len(names) {
		names = append(names, fmt.Sprintf("%d more", len(files)-len(names)))
	}
	return &Draft{
		File:     manifest.File{Version: "1", Name: name},
		Comments: map[string]string{"": oneLine(fmt.Sprintf("Made by holdfast import %s of %s. What is marked as a guess is to be looked at.", tool, strings.Join(names, ", ")))},
	}
}

// Guess marks what stands at a path as a guess.
func (d *Draft) Guess(path, format string, args ...any) {
	d.Note(path, "a guess: "+format, args...)
}

// Note puts a comment above what stands at a path.
func (d *Draft) Note(path, format string, args ...any) {
	text := oneLine(fmt.Sprintf(format, args...))
	if before := d.Comments[path]; before != "" {
		text = before + "\n" + text
	}
	d.Comments[path] = text
}

// Text is the file as it is written.
func (d *Draft) Text() ([]byte, error) {
	var b bytes.Buffer
	err := manifest.Write(&b, d.File, d.Comments)
	return b.Bytes(), err
}

var notInNames = regexp.MustCompile(`[^a-z0-9]+`)

// Slug makes a name of what people call something: small letters, digits and dashes,
// beginning with a letter. It is otherwise where there is nothing to make one of.
func Slug(text, otherwise string) string {
	text = strings.Trim(notInNames.ReplaceAllString(strings.ToLower(redact.Text(text)), "-"), "-")
	text = strings.Trim(text[:min(len(text), 40)], "-")
	switch {
	case text == "":
		return otherwise
	case text[0] < 'a':
		return otherwise + "-" + text
	}
	return text
}

// BaseName is the name of a file without folder and endings.
func BaseName(file string) string {
	base, _, _ := strings.Cut(path.Base(strings.ReplaceAll(file, `\`, "/")), ".")
	return base
}

// Names gives names that are there once: the second of one is NAME-2. Those that are
// taken from the start are given to nobody.
type Names struct{ Taken []string }

// Of is a name like this one that nobody has.
func (n *Names) Of(name string) string {
	unique := name
	for i := 2; slices.Contains(n.Taken, unique); i++ {
		unique = fmt.Sprintf("%s-%d", name, i)
	}
	n.Taken = append(n.Taken, unique)
	return unique
}

// Literal is a text in which no brace begins a {name}.
func Literal(text string) string { return strings.ReplaceAll(text, "{", "{{") }
