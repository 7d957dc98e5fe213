package notation

import (
	"bytes"
	"fmt"
	"maps"
	"slices"

	"go.yaml.in/yaml/v3"
)

// WriteCommented is [Write] with comments above parts, by their paths as
// [Document.At] takes them; an empty path is the top of the file. A comment on what is
// not written is an error.
func WriteCommented(v any, comments map[string]string) ([]byte, error) {
	root, err := Node(v)
	if err != nil {
		return nil, err
	}
	left := maps.Clone(comments)
	comment(root, "", left)
	if text, ok := left[""]; ok {
		root.HeadComment = text
		if len(root.Content) > 0 && root.Content[0].HeadComment != "" {
			root.HeadComment += "\n\n" // or else the two would be read as one
		}
		delete(left, "")
	}
	if len(left) > 0 {
		return nil, fmt.Errorf("a comment is on %s, which is not written", slices.Sorted(maps.Keys(left))[0])
	}
	var b bytes.Buffer
	encoder := yaml.NewEncoder(&b)
	encoder.SetIndent(2)
	if err := encoder.Encode(root); err != nil {
		return nil, fmt.Errorf("write YAML: %w", err)
	}
	return b.Bytes(), encoder.Close()
}

// comment puts comments above the parts of a node, and takes out of the list what it put.
func comment(n *yaml.Node, path string, comments map[string]string) {
	put := func(on *yaml.Node, path string) {
		if text, ok := comments[path]; ok {
			on.HeadComment = text
			delete(comments, path)
		}
	}
	for i, part := range n.Content {
		at := path
		switch {
		case n.Kind == yaml.SequenceNode:
			at = fmt.Sprintf("%s[%d]", path, i)
			put(part, at)
		case i%2 == 0:
			continue
		default:
			if key := n.Content[i-1]; path == "" {
				at = key.Value
			} else {
				at = path + "." + key.Value
			}
			put(n.Content[i-1], at)
		}
		if part.HeadComment != "" || n.Kind == yaml.MappingNode && n.Content[max(0, i-1)].HeadComment != "" {
			n.Style &^= yaml.FlowStyle // a comment needs a line of its own
		}
		comment(part, at, comments)
	}
}
