package importer

import (
	"bytes"
	"encoding/json"
	"fmt"
	"iter"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Kind is what a [Node] is.
type Kind int

// The kinds of nodes.
const (
	Null Kind = iota
	Text
	Number
	Bool
	List
	Mapping
)

// Node is a part of a JSON or YAML file that remembers whether it was used. A nil Node
// is one that is not there, and all of its methods say so.
type Node struct {
	Kind Kind
	File string
	Line int
	Name string // its key, empty in a list

	text   string // of a scalar
	parts  []*Node
	named  map[string]*Node // of a mapping
	parent *Node
	at     int // among the parts of parent
	report *Report
	done   bool // it was used as a whole
	told   bool // it is among what is left
	// Stripped says that a secret or a personal datum was taken out of it as it was used.
	Stripped bool
}

// Path is where the node stands in its file: mappings[2].request.url.
func (n *Node) Path() string {
	if n.parent == nil {
		return ""
	}
	if n.parent.Kind == List {
		return n.parent.Path() + "[" + strconv.Itoa(n.at) + "]"
	}
	return strings.TrimPrefix(n.parent.Path()+"."+n.Name, ".")
}

// Get is what a mapping has under the first of these names that it has, or nil.
func (n *Node) Get(names ...string) *Node {
	if n == nil || n.Kind != Mapping {
		return nil
	}
	for _, name := range names {
		if part := n.named[name]; part != nil {
			return part
		}
	}
	return nil
}

// Parts are those of a list or of a mapping, and none of anything else.
func (n *Node) Parts() iter.Seq[*Node] {
	return func(yield func(*Node) bool) {
		if n == nil {
			return
		}
		n.done = n.done || n.Kind >= List && len(n.parts) == 0 // nothing is in it to be asked for
		for _, part := range n.parts {
			if !yield(part) {
				return
			}
		}
	}
}

// Len is how many parts there are.
func (n *Node) Len() int {
	if n == nil {
		return 0
	}
	return len(n.parts)
}

// Is reports whether it is there and of that kind.
func (n *Node) Is(k Kind) bool { return n != nil && n.Kind == k }

// Text is a text, a number or a truth as it is written, without what is secret or
// personal in it, and uses it.
func (n *Node) Text() (string, bool) {
	if n == nil || n.Kind == Null || n.Kind >= List {
		return "", false
	}
	n.done = true
	return n.clean(), true
}

// Plain is a text as it is written: an address, a method, what is no datum. It is empty
// where there is none.
func (n *Node) Plain() string {
	text := n.Peek()
	if text != "" || n.Is(Text) {
		n.done = true
	}
	return text
}

// Peek is a text, a number or a truth as it is written, which is not used by that.
func (n *Node) Peek() string {
	if n == nil || n.Kind == Null || n.Kind >= List {
		return ""
	}
	return n.text
}

// clean is the text without what is secret or personal in it.
func (n *Node) clean() string {
	if n.Kind != Text {
		return n.text
	}
	text := n.report.stripper.String(n.where(), n.field(), n.text)
	n.Stripped = n.Stripped || text != n.text
	return text
}

func (n *Node) where() string {
	return fmt.Sprintf("%s:%d %s", n.File, n.Line, n.what())
}

// operators are keys that say of the one above them what it is.
var operators = []string{"equalTo", "contains", "matches", "doesNotMatch", "doesNotContain", "value", "equals"}

// field is the name of what the text is the value of.
func (n *Node) field() string {
	for n.parent != nil && (n.Name == "" || slices.Contains(operators, n.Name)) {
		n = n.parent
	}
	return n.Name
}

// Number is a number, also where it stands as a text, and uses it.
func (n *Node) Number() (float64, bool) {
	if n == nil || n.Kind != Number && n.Kind != Text {
		return 0, false
	}
	f, err := strconv.ParseFloat(strings.TrimSpace(n.text), 64)
	if err != nil || math.IsInf(f, 0) || math.IsNaN(f) {
		return 0, false
	}
	n.done = true
	return f, true
}

// Truth is true or false, also where it stands as a text, and uses it.
func (n *Node) Truth() (truth, ok bool) {
	if n == nil || n.Kind != Bool && n.Kind != Text || n.text != "true" && n.text != "false" {
		return false, false
	}
	n.done = true
	return n.text == "true", true
}

// Use takes a part as it stands.
func (n *Node) Use() {
	if n != nil {
		n.done = true
	}
}

// JSON is a part of any shape as JSON, without what is secret or personal in it, and uses
// it all. Texts are changed by text, where that is given; one that has {names} then is no
// secret.
func (n *Node) JSON(text func(string) string) string {
	n.done = true
	var b bytes.Buffer
	n.write(&b, func(part *Node) string {
		if text == nil {
			return part.clean()
		}
		if made := text(part.text); hasNames(made) {
			return made
		}
		return text(part.clean())
	})
	return b.String()
}

// write writes a part as JSON, with what text makes of its texts.
func (n *Node) write(b *bytes.Buffer, text func(*Node) string) {
	switch n.Kind {
	case List, Mapping:
		b.WriteString(map[Kind]string{List: "[", Mapping: "{"}[n.Kind])
		for i, part := range n.parts {
			if i > 0 {
				b.WriteByte(',')
			}
			if n.Kind == Mapping {
				b.WriteString(Quote(part.Name) + ":")
			}
			part.write(b, text)
		}
		b.WriteString(map[Kind]string{List: "]", Mapping: "}"}[n.Kind])
	case Text:
		b.WriteString(Quote(text(n)))
	case Null:
		b.WriteString("null")
	default:
		b.WriteString(n.text)
	}
}

// Value is a part as encoding/json decodes it, with numbers as they are written, and
// uses it all.
func (n *Node) Value() any {
	d := json.NewDecoder(strings.NewReader(n.JSON(nil)))
	d.UseNumber()
	var v any
	_ = d.Decode(&v) // it was written a moment ago
	return v
}

// Leave says that the part is not carried over, why, and what to do instead. Of what was
// left nothing is told again.
func (n *Node) Leave(why, instead string) {
	if n == nil || n.left() {
		return
	}
	n.told = true
	n.report.Leave(Left{File: n.File, Line: n.Line, What: n.what(), Why: why, Instead: instead})
}

// left reports whether the node, or what it is in, was told.
func (n *Node) left() bool {
	for ; n != nil; n = n.parent {
		if n.told {
			return true
		}
	}
	return false
}

// what names the part in a message.
func (n *Node) what() string {
	path := n.Path()
	if path == "" {
		return "all of it"
	}
	return cut(path)
}

// used reports whether anything of it was.
func (n *Node) used() bool {
	if n.done || n.told {
		return true
	}
	for _, part := range n.parts {
		if part.used() {
			return true
		}
	}
	return false
}

// unasked visits the largest parts of which nothing was used.
func (n *Node) unasked(tell func(*Node)) {
	switch {
	case n.done, n.told:
	case n.parent != nil && !n.used():
		tell(n)
	default:
		for _, part := range n.parts {
			part.unasked(tell)
		}
	}
}

// Quote is a text as JSON has it, with nothing escaped that need not be.
func Quote(text string) string {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(text) // a text always can be
	return strings.TrimSuffix(b.String(), "\n")
}

// cut bounds a text of a file in a message.
func cut(text string) string {
	const most = 100
	if len(text) > most {
		return strings.ToValidUTF8(text[:most], "") + "…"
	}
	return text
}

// Bare is a mapping as JSON with only these of its keys, as they are written. It uses
// nothing.
func (n *Node) Bare(names ...string) string {
	var b bytes.Buffer
	b.WriteByte('{')
	for _, name := range names {
		if part := n.Get(name); part != nil {
			if b.Len() > 1 {
				b.WriteByte(',')
			}
			b.WriteString(Quote(name) + ":")
			part.write(&b, func(n *Node) string { return n.text })
		}
	}
	b.WriteByte('}')
	return b.String()
}

// Raw is a part of any shape as JSON, as it is written, and uses it.
func (n *Node) Raw() string {
	n.done = true
	var b bytes.Buffer
	n.write(&b, func(n *Node) string { return n.text })
	return b.String()
}

// Relocate puts parts where they stand, as who knows says by their paths; 0 says nothing.
func (n *Node) Relocate(lineOf func(path string) int) {
	if line := lineOf(n.Path()); line > 0 {
		n.Line = line
	} else if n.parent != nil {
		n.Line = n.parent.Line
	}
	for _, part := range n.parts {
		part.Relocate(lineOf)
	}
}
