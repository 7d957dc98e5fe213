package notation

import "go.yaml.in/yaml/v3"

// Tree is a document as nothing but texts, lists and mappings: what this reader sees
// before it knows any type.
func Tree(text []byte) any {
	root, problems := parse(text)
	if len(problems) > 0 {
		return problems
	}
	return tree(root)
}

func tree(n *yaml.Node) any {
	switch n = resolve(n); n.Kind {
	case yaml.MappingNode:
		m := map[string]any{}
		for _, p := range pairs(n, func(*yaml.Node, string) {}) {
			m[p.key.Value] = tree(p.value)
		}
		return m
	case yaml.SequenceNode:
		list := []any{}
		for _, part := range n.Content {
			list = append(list, tree(part))
		}
		return list
	}
	return n.Value
}
