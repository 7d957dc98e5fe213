package openapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"unicode"

	"github.com/getkin/kin-openapi/openapi2"
	"github.com/getkin/kin-openapi/openapi2conv"
	"github.com/getkin/kin-openapi/openapi3"
	"go.yaml.in/yaml/v3"
)

const (
	// MaxBytes is how much is read of a description, with all files that it refers to.
	MaxBytes = 32 << 20
	// maxFiles is how many files it may have.
	maxFiles = 1000
)

// Read reads a description. Its error is one line, with the line of the file where that
// is known.
func Read(file string) (*Description, error) {
	root, err := os.OpenRoot(filepath.Dir(file))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, cause(err))
	}
	defer root.Close() //nolint:errcheck // nothing was written
	f := &folder{root: root, dir: filepath.Dir(file)}
	text, err := f.read(filepath.Base(file))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	document, err := f.document(filepath.Base(file), text)
	if err != nil {
		return nil, err
	}
	d := describe(document)
	d.File = file
	if len(d.Operations) == 0 {
		return nil, fmt.Errorf("%s: it describes no operations: there is none under paths", file)
	}
	return d, nil
}

// folder is where the files of a description are; nothing else is read.
type folder struct {
	root  *os.Root
	dir   string
	files int
	bytes int64
}

// read returns one of its files, by its path from the folder.
func (f *folder) read(name string) ([]byte, error) {
	info, err := f.root.Stat(filepath.FromSlash(name))
	switch {
	case err != nil:
		return nil, cause(err)
	case !info.Mode().IsRegular():
		return nil, errors.New("it is no file")
	}
	f.files++
	f.bytes += info.Size()
	switch {
	case f.files > maxFiles:
		return nil, fmt.Errorf("the description has more than %d files", maxFiles)
	case f.bytes > MaxBytes:
		return nil, fmt.Errorf("the description has more than %d MiB", MaxBytes>>20)
	}
	opened, err := f.root.Open(filepath.FromSlash(name))
	if err != nil {
		return nil, cause(err)
	}
	defer opened.Close() //nolint:errcheck // nothing was written
	return io.ReadAll(io.LimitReader(opened, MaxBytes))
}

// cause is an error without the path, which its reader has named.
func cause(err error) error {
	if inner := errors.Unwrap(err); inner != nil {
		return inner
	}
	return err
}

// document reads a description with all that it refers to.
func (f *folder) document(name string, text []byte) (*openapi3.T, error) {
	at := filepath.Join(f.dir, name)
	node, err := parsed(text)
	if err != nil {
		return nil, fmt.Errorf("%s%s", at, lineOf(err))
	}
	if err := refsStay(f.dir, name, node); err != nil {
		return nil, err
	}
	loader := openapi3.NewLoader()
	loader.Context = context.Background()
	loader.ReadFromURIFunc = func(_ *openapi3.Loader, location *url.URL) ([]byte, error) { return f.referred(location) }
	location := &url.URL{Path: filepath.ToSlash(name)}
	document, err := parse(loader, node, text, location)
	if err != nil {
		return nil, f.explained(at, node, err)
	}
	return document, nil
}

// parsed is a file as it is written, with the line of each part. JSON may have characters
// in its texts that YAML has not.
func parsed(text []byte) (*yaml.Node, error) {
	var node yaml.Node
	err := yaml.Unmarshal(text, &node)
	if err != nil && json.Valid(text) {
		err = yaml.Unmarshal(bytes.Map(printable, text), &node)
	}
	return &node, err
}

func printable(r rune) rune {
	if !unicode.IsPrint(r) && r != '\n' {
		return ' '
	}
	return r
}

// parse reads the document by its version.
func parse(loader *openapi3.Loader, node *yaml.Node, text []byte, location *url.URL) (*openapi3.T, error) {
	version, swagger := valueOf(node, "openapi"), valueOf(node, "swagger")
	switch {
	case strings.HasPrefix(version, "3."):
		return loader.LoadFromDataWithPath(text, location)
	case version != "":
		return nil, fmt.Errorf("openapi is %q: 3.0 and 3.1 are read, and swagger 2.0", short(version))
	case swagger == "":
		return nil, errors.New("it is no OpenAPI file: there is neither openapi nor swagger at its top")
	case !strings.HasPrefix(swagger, "2"):
		return nil, fmt.Errorf("swagger is %q: 2.0 is read, and openapi 3.0 and 3.1", short(swagger))
	}
	var old openapi2.T
	asJSON, err := jsonOf(node)
	if err == nil {
		err = json.Unmarshal(asJSON, &old)
	}
	if err != nil {
		return nil, err
	}
	return openapi2conv.ToV3WithLoader(&old, loader, location)
}

// referred reads a file that another one refers to.
func (f *folder) referred(location *url.URL) ([]byte, error) {
	name := path.Clean(location.Path)
	text, err := f.read(name)
	if err != nil {
		return nil, fmt.Errorf("$ref to %q: %w", short(name), err)
	}
	node, err := parsed(text)
	if err != nil {
		return nil, located{filepath.Join(f.dir, name) + lineOf(err)}
	}
	return text, refsStay(f.dir, name, node)
}

// located is a problem that says where it is.
type located struct{ text string }

func (l located) Error() string { return l.text }

// refsStay refuses references that leave the folder.
func refsStay(dir, name string, node *yaml.Node) error {
	var leaving error
	walk(node, func(ref *yaml.Node) {
		if leaving != nil {
			return
		}
		to, err := url.Parse(ref.Value)
		why := ""
		switch {
		case err != nil:
			why = "is no reference"
		case to.Scheme != "" || to.Host != "":
			why = "leads to the network, which is never asked: keep a copy below the folder of the file"
		case path.IsAbs(to.Path) || !filepath.IsLocal(filepath.FromSlash(path.Join(path.Dir(filepath.ToSlash(name)), to.Path))):
			why = "leaves the folder of the file: keep a copy below it"
		default:
			return
		}
		leaving = located{fmt.Sprintf("%s:%d: $ref %q %s", filepath.Join(dir, name), ref.Line, short(ref.Value), why)}
	})
	return leaving
}

// walk calls visit for the value of each $ref in a document, each once.
func walk(node *yaml.Node, visit func(ref *yaml.Node)) {
	if node.Kind == yaml.MappingNode {
		for i := 0; i+1 < len(node.Content); i += 2 {
			if node.Content[i].Value == "$ref" && node.Content[i+1].Kind == yaml.ScalarNode {
				visit(node.Content[i+1])
			}
		}
	}
	for _, child := range node.Content { // of an alias it is empty
		walk(child, visit)
	}
}

// valueOf is the text of a key at the top of a document, empty where there is none.
func valueOf(node *yaml.Node, key string) string {
	if len(node.Content) == 0 {
		return ""
	}
	top := node.Content[0]
	if top.Kind != yaml.MappingNode {
		return ""
	}
	for i := 0; i+1 < len(top.Content); i += 2 {
		if top.Content[i].Value == key {
			return top.Content[i+1].Value
		}
	}
	return ""
}

// jsonOf is a YAML document as JSON.
func jsonOf(node *yaml.Node) ([]byte, error) {
	var value any
	if err := node.Decode(&value); err != nil {
		return nil, err
	}
	return json.Marshal(stringKeys(value))
}

// stringKeys makes texts of keys, such as those of statuses.
func stringKeys(value any) any {
	switch v := value.(type) {
	case map[any]any:
		out := map[string]any{}
		for key, inner := range v {
			out[fmt.Sprint(key)] = stringKeys(inner)
		}
		return out
	case map[string]any:
		for key, inner := range v {
			v[key] = stringKeys(inner)
		}
	case []any:
		for i, inner := range v {
			v[i] = stringKeys(inner)
		}
	}
	return value
}

var (
	lineNumber = regexp.MustCompile(`line (\d+)`)
	quotedText = regexp.MustCompile(`"([^"]+)"`)
	// said is what libraries say about themselves.
	said = regexp.MustCompile(`failed to unmarshal data: |(json|yaml) error: |yaml: construct errors: |go-yaml load error in constructor at |yaml: unmarshal errors:|yaml: |,? ?line \d+(, column \d+)?:? ?|openapi\d\.|Go value of type `)
)

// lineOf is what an error of a parser says, behind its line where it has one.
func lineOf(err error) string {
	text := err.Error()
	line := ""
	if m := lineNumber.FindStringSubmatch(text); m != nil {
		line = ":" + m[1]
	}
	return line + ": it cannot be read: " + plain(text)
}

// plain is the message of a library in one line.
func plain(text string) string {
	return short(string(bytes.Join(bytes.Fields([]byte(said.ReplaceAllString(text, ""))), []byte(" "))))
}

// explained says where an error of the loader is: at the line that it names, or else at
// the reference that it quotes.
func (f *folder) explained(at string, node *yaml.Node, err error) error {
	var told located
	if errors.As(err, &told) {
		return told
	}
	if lineNumber.MatchString(err.Error()) {
		return fmt.Errorf("%s%s", at, lineOf(err))
	}
	line := ""
	for _, quoted := range quotedText.FindAllStringSubmatch(err.Error(), -1) {
		walk(node, func(ref *yaml.Node) {
			if line == "" && ref.Value == quoted[1] {
				line = ":" + strconv.Itoa(ref.Line)
			}
		})
	}
	return fmt.Errorf("%s%s: %s", at, line, plain(err.Error()))
}

// longest is how much of somebody else's text a message shows.
const longest = 200

// short is the beginning of a text, fit to be shown.
func short(text string) string {
	clean := strings.Map(printable, strings.ReplaceAll(text, "\n", " "))
	if r := []rune(clean); len(r) > longest {
		return string(r[:longest]) + "…"
	}
	return clean
}
