package notation

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// Limits of a file. What is beyond them is refused at once.
const (
	MaxBytes = 1 << 20
	// MaxNodes bounds the keys and values, with each alias counted as what it stands
	// for.
	MaxNodes = 100_000
	// MaxDepth bounds how deep one is in another.
	MaxDepth = 64
)

// What some editors put before a text, in UTF-8 and in both forms of UTF-16.
var byteOrder, bigEndian, littleEndian = []byte("\xef\xbb\xbf"), []byte("\xfe\xff"), []byte("\xff\xfe")

// The library refuses the directive of the version whose rules are kept here.
var newer, older = []byte("%YAML 1.2"), []byte("%YAML 1.1")

// Parse reads the one document of a text, within the limits of a file, as YAML whose
// every part knows its line. The error is a [*Problems], by the name of the file.
func Parse(text []byte, file string) (*yaml.Node, error) {
	root, problems := parse(text)
	return root, (&Problems{File: file, All: problems}).orNil()
}

// parse reads the one document of a text.
func parse(text []byte) (*yaml.Node, []Problem) {
	text = bytes.TrimPrefix(text, byteOrder)
	if p := unreadable(text); p != nil {
		return nil, []Problem{*p}
	}
	if bytes.HasPrefix(text, newer) { // all of it that matters here is read the same way
		text = append(slices.Clone(older), text[len(newer):]...)
	}
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	var document yaml.Node
	switch err := decoder.Decode(&document); {
	case errors.Is(err, io.EOF) || err == nil && len(document.Content) == 0:
		return nil, []Problem{{Position{1, 1}, "the file is empty"}}
	case err != nil:
		return nil, []Problem{syntax(text, err)}
	}
	root := document.Content[0]
	if p := measure(root); p != nil {
		return nil, []Problem{*p}
	}
	var second yaml.Node
	switch err := decoder.Decode(&second); {
	case err == nil:
		return nil, []Problem{{Position{max(second.Line, 1), max(second.Column, 1)}, "a second document begins here; one file has one, without ---"}}
	case !errors.Is(err, io.EOF):
		return nil, []Problem{syntax(text, err)}
	}
	return root, nil
}

// unreadable says why a text is none.
func unreadable(text []byte) *Problem {
	if len(text) > MaxBytes {
		return &Problem{Position{1, 1}, fmt.Sprintf("the file has %d bytes, and more than %d are not read", len(text), MaxBytes)}
	}
	if bytes.HasPrefix(text, bigEndian) || bytes.HasPrefix(text, littleEndian) {
		return &Problem{Position{1, 1}, "the file is UTF-16; save it as UTF-8"}
	}
	at := Position{1, 1}
	for rest := text; len(rest) > 0; {
		r, size := utf8.DecodeRune(rest)
		switch {
		case r == utf8.RuneError && size == 1:
			return &Problem{at, fmt.Sprintf("the byte 0x%02x is no UTF-8; save the file as UTF-8", rest[0])}
		case r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0x7f:
			return &Problem{at, fmt.Sprintf("the control character 0x%02x stands here; write it as \"\\x%02x\"", r, r)}
		case r == '\n':
			at = Position{at.Line + 1, 0}
		}
		at.Column++
		rest = rest[size:]
	}
	return nil
}

var syntaxLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?(.*)$`)

// syntax says where a text stops being YAML.
func syntax(text []byte, err error) Problem {
	m := syntaxLine.FindStringSubmatch(strings.ReplaceAll(err.Error(), "\n", " "))
	if m == nil {
		return Problem{Position{1, 1}, "this is no YAML: " + err.Error()}
	}
	line, _ := strconv.Atoi(m[1])
	lines := strings.Split(string(text), "\n")
	line = min(max(line, 1), len(lines))
	for n := max(line-1, 1); n <= min(line+1, len(lines)); n++ {
		indent := lines[n-1][:len(lines[n-1])-len(strings.TrimLeft(lines[n-1], " \t"))]
		if at := strings.IndexByte(indent, '\t'); at >= 0 {
			return Problem{Position{n, at + 1}, "a tab is in the indentation; YAML takes spaces there"}
		}
	}
	column := len(lines[line-1]) - len(strings.TrimLeft(lines[line-1], " ")) + 1
	return Problem{Position{line, column}, "this is no YAML: " + m[2]}
}

// tags are those that may be written; they change nothing of a text.
var tags = []string{"!!str", "!!int", "!!float", "!!bool", "!!null", "!!map", "!!seq"}

// measure says that a document is bigger than its limits, with each alias counted as
// what it stands for, or that it has other tags.
func measure(root *yaml.Node) *Problem {
	nodes := 0
	var walk func(n *yaml.Node, depth int) *Problem
	walk = func(n *yaml.Node, depth int) *Problem {
		nodes++
		switch {
		case nodes > MaxNodes:
			return &Problem{Position{n.Line, n.Column}, fmt.Sprintf("the file has more than %d keys and values, with what its aliases stand for", MaxNodes)}
		case depth > MaxDepth:
			return &Problem{Position{n.Line, n.Column}, fmt.Sprintf("this is nested deeper than %d", MaxDepth)}
		case n.Style&yaml.TaggedStyle != 0 && !slices.Contains(tags, n.Tag):
			return &Problem{Position{n.Line, n.Column}, fmt.Sprintf("the tag %s is not read here", n.Tag)}
		}
		parts := n.Content
		if n.Kind == yaml.AliasNode {
			parts = []*yaml.Node{n.Alias}
		}
		for _, part := range parts {
			if p := walk(part, depth+1); p != nil {
				return p
			}
		}
		return nil
	}
	return walk(root, 1)
}

// resolve is what an alias stands for.
func resolve(n *yaml.Node) *yaml.Node {
	for n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	return n
}

// pair is one key of a mapping, with its value.
type pair struct{ key, value *yaml.Node }

// pairs are the keys of a mapping, with those that << brings and that it has not
// itself. Keys that stand twice are told.
func pairs(n *yaml.Node, say func(*yaml.Node, string)) []pair {
	var own, merged []pair
	seen := map[string]*yaml.Node{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if key.Tag == "!!merge" {
			merged = append(merged, mergedFrom(value, say)...)
			continue
		}
		if resolve(key).Kind != yaml.ScalarNode {
			say(key, "a key is a text here; if a {placeholder} is meant, put it in quotes")
			continue
		}
		name := resolve(key).Value
		if first, twice := seen[name]; twice {
			say(key, fmt.Sprintf("the key %q stands here for the second time, after line %d", name, first.Line))
			continue
		}
		seen[name] = key
		own = append(own, pair{resolve(key), value})
	}
	for _, p := range merged {
		if seen[p.key.Value] == nil {
			seen[p.key.Value] = p.key
			own = append(own, p)
		}
	}
	return own
}

// mergedFrom are the keys that << brings.
func mergedFrom(value *yaml.Node, say func(*yaml.Node, string)) []pair {
	from := resolve(value)
	switch from.Kind {
	case yaml.MappingNode:
		return pairs(from, say)
	case yaml.SequenceNode:
		var all []pair
		for _, part := range from.Content {
			if resolve(part).Kind != yaml.MappingNode {
				say(part, "<< takes a mapping, or a list of them")
				continue
			}
			all = append(all, pairs(resolve(part), say)...)
		}
		return all
	}
	say(value, "<< takes a mapping, or a list of them")
	return nil
}
