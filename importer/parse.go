package importer

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"holdfast.dev/holdfast/manifest/notation"
)

// Limits of what is read.
const (
	maxBytes = 16 << 20
	maxDepth = 100
	maxNodes = 500_000
)

// CleanText is a file's text without a byte order mark, or an error where it is no text.
func CleanText(f File) ([]byte, error) {
	text := bytes.TrimPrefix(f.Text, []byte("\xef\xbb\xbf"))
	switch {
	case len(text) > maxBytes:
		return nil, fmt.Errorf("%s:1: it has %d bytes, and more than %d are not read", f.Name, len(text), maxBytes)
	case len(bytes.TrimSpace(text)) == 0:
		return nil, fmt.Errorf("%s:1: the file is empty", f.Name)
	case !utf8.Valid(text) || bytes.IndexByte(text, 0) >= 0:
		return nil, fmt.Errorf("%s:1: this is no text in UTF-8", f.Name)
	}
	return text, nil
}

// JSON reads a file as JSON.
func (r *Report) JSON(f File) (*Node, error) {
	text, err := CleanText(f)
	if err != nil {
		return nil, err
	}
	root, err := r.parseJSON(f.Name, text)
	if err == nil {
		r.roots = append(r.roots, root)
	}
	return root, err
}

// Document reads JSON that stands within a file, at a line. It is to be used whole.
func (r *Report) Document(file string, line int, text string) (*Node, error) {
	root, err := r.parseJSON(file, []byte(text))
	if err == nil {
		root.move(line)
	}
	return root, err
}

// move puts a part and all that is in it at a line.
func (n *Node) move(line int) {
	n.Line = line
	for _, part := range n.parts {
		part.move(line)
	}
}

func (r *Report) parseJSON(file string, text []byte) (*Node, error) {
	p := &jsonParser{file: file, text: text, decoder: json.NewDecoder(bytes.NewReader(text)), report: r}
	p.decoder.UseNumber()
	root, err := p.value(1)
	if err == nil {
		if _, more := p.decoder.Token(); !errors.Is(more, io.EOF) {
			err = errors.New("something stands behind the end of the JSON")
		}
	}
	if err != nil {
		if errors.Is(err, io.EOF) {
			err = errors.New("it ends in the middle")
		}
		return nil, fmt.Errorf("%s:%d: this is no JSON: %s", file, p.line(), oneLine(err.Error()))
	}
	return root, nil
}

// jsonParser reads JSON and counts lines.
type jsonParser struct {
	file    string
	text    []byte
	decoder *json.Decoder
	report  *Report
	nodes   int
	lines   int   // that end before counted
	counted int64 // an offset
}

// line is that at which the decoder is.
func (p *jsonParser) line() int {
	at := min(p.decoder.InputOffset(), int64(len(p.text)))
	p.lines += bytes.Count(p.text[p.counted:at], []byte("\n"))
	p.counted = at
	return p.lines + 1
}

// value reads the next value.
func (p *jsonParser) value(depth int) (*Node, error) {
	token, err := p.decoder.Token()
	if err != nil {
		return nil, err
	}
	if p.nodes++; p.nodes > maxNodes {
		return nil, fmt.Errorf("it has more than %d values", maxNodes)
	}
	if depth > maxDepth {
		return nil, fmt.Errorf("it is nested deeper than %d", maxDepth)
	}
	n := &Node{File: p.file, Line: p.line(), report: p.report}
	switch token := token.(type) {
	case json.Delim:
		n.Kind = List
		if token == '{' {
			n.Kind = Mapping
		}
		return n, p.parts(n, depth)
	case string:
		n.Kind, n.text = Text, token
	case json.Number:
		n.Kind, n.text = Number, token.String()
	case bool:
		n.Kind, n.text = Bool, fmt.Sprint(token)
	}
	return n, nil
}

// parts reads those of a list or a mapping, and its end.
func (p *jsonParser) parts(n *Node, depth int) error {
	for p.decoder.More() {
		name := ""
		if n.Kind == Mapping {
			key, err := p.decoder.Token()
			if err != nil {
				return err
			}
			name, _ = key.(string) // JSON has no other keys
		}
		line := p.line()
		part, err := p.value(depth + 1)
		if err != nil {
			return err
		}
		part.Name = name
		if n.Kind == Mapping {
			part.Line = line
		}
		n.add(part)
	}
	_, err := p.decoder.Token()
	return err
}

// add adds a part. A second one of the same name is told: readers differ in which they
// take.
func (n *Node) add(part *Node) {
	part.parent, part.at = n, len(n.parts)
	n.parts = append(n.parts, part)
	if n.Kind != Mapping {
		return
	}
	if n.named[part.Name] != nil {
		part.Leave("it stands here for the second time", "keep one of the two")
		return
	}
	if n.named == nil {
		n.named = map[string]*Node{}
	}
	n.named[part.Name] = part
}

// YAML reads a file as YAML, whose limits are those of a holdfast.yaml.
func (r *Report) YAML(f File) (*Node, error) {
	text, err := CleanText(f)
	if err != nil {
		return nil, err
	}
	root, err := notation.Parse(text, f.Name)
	if err != nil {
		return nil, err
	}
	n := r.ofYAML(root, f.Name)
	r.roots = append(r.roots, n)
	return n, nil
}

// ofYAML copies what was read of YAML, with what aliases stand for and << brings.
func (r *Report) ofYAML(y *yaml.Node, file string) *Node {
	line := y.Line
	for y.Kind == yaml.AliasNode {
		y = y.Alias
	}
	n := &Node{File: file, Line: line, report: r}
	switch y.Kind {
	case yaml.MappingNode:
		n.Kind = Mapping
		r.pairsOf(n, y, file)
	case yaml.SequenceNode:
		n.Kind = List
		for _, part := range y.Content {
			n.add(r.ofYAML(part, file))
		}
	default:
		n.text = y.Value
		n.Kind = map[string]Kind{"!!null": Null, "!!bool": Bool, "!!int": Number, "!!float": Number}[y.Tag]
		if n.Kind == Null && y.Tag != "!!null" {
			n.Kind = Text
		}
		if n.Kind == Number && !json.Valid([]byte(n.text)) { // 0x10, .5, 1_000: as they are written
			n.Kind = Text
		}
	}
	return n
}

// pairsOf adds the keys of a mapping.
func (r *Report) pairsOf(n *Node, y *yaml.Node, file string) {
	var merged []*Node
	for i := 0; i+1 < len(y.Content); i += 2 {
		key, part := y.Content[i], r.ofYAML(y.Content[i+1], file)
		if key.Tag != "!!merge" {
			part.Name, part.Line = key.Value, key.Line
			n.add(part)
			continue
		}
		if part.Kind == List {
			for _, from := range part.parts {
				merged = append(merged, from.parts...)
			}
		} else {
			merged = append(merged, part.parts...)
		}
	}
	for _, part := range merged {
		if n.Get(part.Name) == nil {
			n.add(part)
		}
	}
}

// Line reads JSON that stands on a line of a file, of which all is asked for or told.
func (r *Report) Line(at Place, text string) (*Node, error) {
	n, err := r.parseJSON(at.File, []byte(text))
	if err != nil {
		return nil, fmt.Errorf("%s: this is no JSON", at)
	}
	n.move(at.Line)
	r.roots = append(r.roots, n)
	return n, nil
}
