package scaffold

import (
	"bytes"
	"fmt"
	"io"
	"reflect"

	"go.yaml.in/yaml/v3"

	"holdfast.dev/holdfast/manifest"
)

// WriteTo writes the file as a person would have: what is short stands in one line, and
// what is said once is an alias after that.
func (d Drafted) WriteTo(w io.Writer) (int64, error) {
	var plain bytes.Buffer
	if err := manifest.Write(&plain, d.File, d.Comments); err != nil {
		return 0, err
	}
	var document yaml.Node
	if err := yaml.Unmarshal(plain.Bytes(), &document); err != nil {
		return 0, fmt.Errorf("write the draft: %w", err)
	}
	root := document.Content[0]
	if version := valueOf(root, "version"); version != nil {
		version.Style, version.Tag = 0, "!!int"
	}
	once(valueOf(root, "processes"), "env", "settings")
	once(valueOf(root, "scenarios"), "load", "asked")
	tidy(root, 0)
	var b bytes.Buffer
	encoder := yaml.NewEncoder(&b)
	encoder.SetIndent(2)
	if err := encoder.Encode(&document); err != nil {
		return 0, fmt.Errorf("write the draft: %w", err)
	}
	return b.WriteTo(w)
}

// once names the first value of a key in a list or a mapping of mappings, and refers to it
// where the value is the same again.
func once(all *yaml.Node, key, anchor string) {
	if all == nil {
		return
	}
	var first *yaml.Node
	for i, part := range all.Content {
		if all.Kind == yaml.MappingNode && i%2 == 0 {
			continue
		}
		for j := 1; j < len(part.Content); j += 2 {
			if part.Content[j-1].Value != key || len(part.Content[j].Content) == 0 {
				continue
			}
			switch value := part.Content[j]; {
			case first == nil:
				first = value
			case same(first, value):
				first.Anchor = anchor
				part.Content[j] = &yaml.Node{Kind: yaml.AliasNode, Alias: first, Value: anchor}
			}
		}
	}
}

// same reports whether two nodes say the same.
func same(a, b *yaml.Node) bool {
	var x, y any
	return a.Decode(&x) == nil && b.Decode(&y) == nil && reflect.DeepEqual(x, y)
}

// inOneLine is how long a part is at most that stands in one line.
const inOneLine = 90

// tidy puts parts that are short into one line, and texts with places for values into
// double quotes. It returns how long the part is in one line; 0: it needs more.
func tidy(n *yaml.Node, depth int) int {
	if n.Kind == yaml.AliasNode {
		return 0
	}
	if n.Kind == yaml.ScalarNode {
		if bytes.ContainsAny([]byte(n.Value), "{}") && !bytes.ContainsAny([]byte(n.Value), "\"\\") {
			n.Style = yaml.DoubleQuotedStyle
		}
		return len(n.Value) + 4
	}
	length := 4
	for i, part := range n.Content {
		one := tidy(part, depth+1)
		if one == 0 || part.HeadComment != "" || part.FootComment != "" || part.Anchor != "" || n.Kind == yaml.MappingNode && n.Content[i/2*2].HeadComment != "" {
			length = -1000
		}
		length += one
	}
	if length < 0 || length > inOneLine || depth < 3 || n.Anchor != "" {
		n.Style &^= yaml.FlowStyle
		return 0
	}
	n.Style |= yaml.FlowStyle
	return length
}
