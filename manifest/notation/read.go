package notation

import (
	"encoding"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"holdfast.dev/holdfast/nearest"
)

// Options say how a file is read.
type Options struct {
	// File is what messages call it.
	File string
	// Environment finds a variable for ${NAME}.
	Environment func(name string) (value string, known bool)
	// Hint says what a key that is not known may have meant, where other tools have
	// such a key; empty where it does not know. Optional.
	Hint func(key string, known []string) string
}

// Document is what was read, beside the value: where each part of it stands.
type Document struct {
	file      string
	root      *yaml.Node
	positions map[string]Position
	variables map[string]bool // paths of texts that had ${…}
}

// At is where the part at a path stands, or else what it is in. A path is made of
// keys with dots before them and of indexes in brackets: scenarios[0].checks[1].
func (d *Document) At(path string) Position {
	path = "." + strings.TrimPrefix(path, ".")
	for {
		if at, ok := d.positions[path]; ok || path == "" {
			return at
		}
		path = path[:strings.LastIndexAny(path, ".[")]
	}
}

// Has reports whether there is a part at a path.
func (d *Document) Has(path string) bool { _, ok := d.positions["."+path]; return ok }

// HasVariable reports whether a ${NAME} stood in the text at a path.
func (d *Document) HasVariable(path string) bool { return d.variables["."+path] }

// Problems collects what is wrong with the document, by path.
func (d *Document) Problems() *Report { return &Report{document: d} }

// Report is what was found wrong with a [Document].
type Report struct {
	document *Document
	all      []Problem
}

// Say adds a problem of the part at a path.
func (r *Report) Say(path, format string, args ...any) {
	r.all = append(r.all, Problem{r.document.At(path), fmt.Sprintf(format, args...)})
}

// Len is how many there are.
func (r *Report) Len() int { return len(r.all) }

// Err is a [*Problems], or nil.
func (r *Report) Err() error { return (&Problems{File: r.document.file, All: r.all}).orNil() }

// Read reads a YAML text into a value, a pointer to a structure. The error is a
// [*Problems] with all that is wrong; what could be read is in the value all the
// same.
func Read(text []byte, into any, o Options) (*Document, error) {
	d := &Document{file: o.File, positions: map[string]Position{}, variables: map[string]bool{}}
	root, problems := parse(text)
	if root == nil {
		return d, &Problems{File: o.File, All: problems}
	}
	d.root = root
	r := &reader{options: o, document: d}
	r.value(root, "", reflect.ValueOf(into).Elem())
	return d, (&Problems{File: o.File, All: r.problems}).orNil()
}

type reader struct {
	options  Options
	document *Document
	problems []Problem
}

func (r *reader) say(n *yaml.Node, format string, args ...any) {
	r.problems = append(r.problems, Problem{Position{n.Line, n.Column}, fmt.Sprintf(format, args...)})
}

// value reads what stands at a path.
func (r *reader) value(n *yaml.Node, path string, into reflect.Value) {
	r.document.positions[path] = Position{n.Line, n.Column}
	n = resolve(n)
	t := into.Type()
	switch {
	case t.Kind() == reflect.Pointer:
		into.Set(reflect.New(t.Elem()))
		r.value(n, path, into.Elem())
	case t == jsonType:
		into.SetString(r.json(n, path))
	case t == wordsType && n.Kind == yaml.ScalarNode:
		into.Set(reflect.ValueOf(Words{r.text(n, path)}))
	case isTable(t):
		r.table(n, path, into)
	case t.Kind() == reflect.Slice:
		r.list(n, path, into)
	case t.Kind() == reflect.Struct && !isText(t):
		r.structure(n, path, into)
	default:
		r.scalar(n, path, into)
	}
}

func (r *reader) list(n *yaml.Node, path string, into reflect.Value) {
	if n.Kind != yaml.SequenceNode {
		r.say(n, "%s is a list here: [ … ], or a line with a dash for each", subject(path))
		return
	}
	into.Set(reflect.MakeSlice(into.Type(), len(n.Content), len(n.Content)))
	for i, part := range n.Content {
		r.value(part, fmt.Sprintf("%s[%d]", path, i), into.Index(i))
	}
}

func (r *reader) table(n *yaml.Node, path string, into reflect.Value) {
	if n.Kind != yaml.MappingNode {
		r.say(n, "%s is a mapping from names here: { name: … }", subject(path))
		return
	}
	for _, p := range pairs(n, func(at *yaml.Node, text string) { r.say(at, "%s", text) }) {
		r.row(p, path, into)
	}
}

// row adds one key to a table.
func (r *reader) row(p pair, path string, into reflect.Value) {
	row := reflect.New(into.Type().Elem()).Elem()
	row.Field(0).SetString(p.key.Value)
	at := path + "." + p.key.Value
	r.value(p.value, at, row.Field(1))
	r.document.positions[at+"#"] = Position{p.key.Line, p.key.Column}
	into.Set(reflect.Append(into, row))
}

func (r *reader) structure(n *yaml.Node, path string, into reflect.Value) {
	s := shapeOf(into.Type())
	switch {
	case n.Kind == yaml.ScalarNode && s.scalar >= 0:
		r.value(n, path, into.Field(s.scalar))
		return
	case n.Kind == yaml.ScalarNode && n.Tag == "!!null":
		r.say(n, "%s is empty; write {} for one without any keys", subject(path))
		return
	case n.Kind == yaml.SequenceNode && s.list >= 0:
		r.value(n, path, into.Field(s.list))
		return
	case n.Kind != yaml.MappingNode:
		r.say(n, "%s is a mapping here, with keys such as %s", subject(path), strings.Join(s.keys[:min(3, len(s.keys))], ", "))
		return
	}
	given := map[string]bool{}
	for _, p := range pairs(n, func(at *yaml.Node, text string) { r.say(at, "%s", text) }) {
		field, known := s.fields[p.key.Value]
		switch {
		case known:
			given[p.key.Value] = true
			r.value(p.value, path+"."+p.key.Value, into.Field(field))
			r.document.positions[path+"."+p.key.Value+"#"] = Position{p.key.Line, p.key.Column}
		case s.rest >= 0:
			r.row(p, path, into.Field(s.rest))
		default:
			r.unknown(p.key, path, s.keys)
		}
	}
	for _, key := range s.required {
		if !given[key] {
			r.say(n, "%s has no %s", subject(path), key)
		}
	}
}

// unknown says that there is no such key, and which was meant.
func (r *reader) unknown(key *yaml.Node, path string, known []string) {
	hint := ""
	if r.options.Hint != nil {
		hint = r.options.Hint(key.Value, known)
	}
	if hint == "" {
		hint = nearest.Hint(key.Value, known)
	}
	if hint == "" {
		hint = "; there are " + strings.Join(known, ", ")
	}
	r.say(key, "unknown key %s in %s%s", strconv.Quote(cut(key.Value)), subject(path), hint)
}

// subject is what messages call the part at a path.
func subject(path string) string {
	if path == "" {
		return "the file"
	}
	return cut(strings.TrimPrefix(path, "."))
}

// cut bounds a text of the file in a message.
func cut(text string) string {
	const most = 80
	if len(text) > most {
		return strings.ToValidUTF8(text[:most], "") + "…"
	}
	return text
}

var (
	decimal  = regexp.MustCompile(`^-?(?:0|[1-9][0-9]*)$`)
	fraction = regexp.MustCompile(`^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?$`)
)

// scalar reads one text into a text, a number or a yes.
func (r *reader) scalar(n *yaml.Node, path string, into reflect.Value) {
	text, ok := r.plain(n, path, into.Type() == literalType)
	if !ok {
		return
	}
	if t, ok := into.Addr().Interface().(encoding.TextUnmarshaler); ok {
		if err := t.UnmarshalText([]byte(text)); err != nil {
			r.say(n, "%s: %v", subject(path), err)
		}
		return
	}
	if c, ok := into.Interface().(Choice); ok && !slices.Contains(c.Words(), text) {
		hint := nearest.Hint(text, c.Words())
		if hint == "" {
			hint = ": one of " + strings.Join(c.Words(), ", ")
		}
		r.say(n, "%s: there is no %s%s", subject(path), strconv.Quote(cut(text)), hint)
		return
	}
	switch into.Kind() {
	case reflect.String:
		into.SetString(text)
	case reflect.Bool:
		r.truth(n, path, text, into)
	case reflect.Int, reflect.Int64:
		whole, err := strconv.ParseInt(text, 10, 32)
		if err != nil || !decimal.MatchString(text) {
			r.say(n, "%s: %s is no whole number such as 200", subject(path), strconv.Quote(cut(text)))
		}
		into.SetInt(whole)
	case reflect.Float64:
		f, err := strconv.ParseFloat(text, 64)
		if err != nil || !fraction.MatchString(text) {
			r.say(n, "%s: %s is no number such as 1.5", subject(path), strconv.Quote(cut(text)))
		}
		into.SetFloat(f)
	default:
		panic("notation: a field of type " + into.Type().String())
	}
}

func (r *reader) truth(n *yaml.Node, path, text string, into reflect.Value) {
	switch strings.ToLower(text) {
	case "true":
		into.SetBool(true)
	case "false":
		into.SetBool(false)
	default:
		r.say(n, "%s: %s is neither true nor false", subject(path), strconv.Quote(cut(text)))
	}
}

// text is a scalar as it is written.
func (r *reader) text(n *yaml.Node, path string) string {
	text, _ := r.plain(n, path, false)
	return text
}

// plain is a scalar as it is written, with its ${NAME} filled in.
func (r *reader) plain(n *yaml.Node, path string, literal bool) (string, bool) {
	switch {
	case n.Kind == yaml.MappingNode && n.Style&yaml.FlowStyle != 0 && len(n.Content) == 2 && n.Content[1].Tag == "!!null":
		r.say(n, "%s: {%s} without quotes is a mapping in YAML; write \"{%s}\"", subject(path), n.Content[0].Value, n.Content[0].Value)
		return "", false
	case n.Kind != yaml.ScalarNode:
		r.say(n, "%s is one text here, not %s", subject(path), kindName(n))
		return "", false
	case n.Tag == "!!null":
		r.say(n, "%s is empty; write \"\" for an empty text, or leave the key out", subject(path))
		return "", false
	}
	text, err := r.interpolate(n.Value, path, literal)
	if err != nil {
		r.say(n, "%s: %v", subject(path), err)
		return "", false
	}
	return text, true
}

func kindName(n *yaml.Node) string {
	if n.Kind == yaml.SequenceNode {
		return "a list"
	}
	return "a mapping"
}
