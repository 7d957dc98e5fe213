package scaffold

import (
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// valueOf is the value of a key of a mapping, nil where there is none.
func valueOf(n *yaml.Node, key string) *yaml.Node {
	for i := 0; n.Kind == yaml.MappingNode && i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1]
		}
	}
	return nil
}

// listed are the texts of a list, the names of a mapping, the targets of ports, or the one text.
func listed(n *yaml.Node) []string {
	n = behind(n)
	var all []string
	switch n.Kind {
	case yaml.ScalarNode:
		return []string{n.Value}
	case yaml.SequenceNode:
		for _, part := range n.Content {
			part = behind(part)
			if target := valueOf(part, "target"); target != nil {
				part = target
			}
			if part.Kind == yaml.ScalarNode {
				all = append(all, part.Value)
			}
		}
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			all = append(all, n.Content[i].Value)
		}
	}
	return all
}

// behind is what an alias stands for.
func behind(n *yaml.Node) *yaml.Node {
	for range 5 {
		if n.Kind != yaml.AliasNode || n.Alias == nil {
			break
		}
		n = n.Alias
	}
	return n
}

// variables are those of an environment, which is a list or a mapping.
func variables(n *yaml.Node) []Variable {
	n = behind(n)
	var all []Variable
	add := func(name, value string) {
		if name = strings.TrimSpace(name); isVariable(name) && len(all) < 200 {
			all = append(all, Variable{Name: name, Value: resolved(value)})
		}
	}
	switch n.Kind {
	case yaml.SequenceNode:
		for _, part := range n.Content {
			name, value, _ := strings.Cut(behind(part).Value, "=")
			add(name, value)
		}
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			if n.Content[i].Value == "<<" {
				all = append(all, variables(n.Content[i+1])...)
				continue
			}
			if value := behind(n.Content[i+1]); value.Kind == yaml.ScalarNode && value.Tag != "!!null" {
				add(n.Content[i].Value, value.Value)
			} else {
				add(n.Content[i].Value, "")
			}
		}
	}
	return all
}

var variableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,79}$`)

func isVariable(name string) bool { return variableName.MatchString(name) }

var interpolated = regexp.MustCompile(`\$\$|\$\{[A-Za-z_][A-Za-z0-9_]*(?::?([-?+])([^{}]*))?\}|\$[A-Za-z_][A-Za-z0-9_]*`)

// resolved is a text with the defaults of its variables: ${TAG:-16} is 16. One without a
// default is empty, as Compose has it.
func resolved(text string) string {
	return interpolated.ReplaceAllStringFunc(text, func(match string) string {
		m := interpolated.FindStringSubmatch(match)
		switch {
		case match == "$$":
			return "$"
		case strings.TrimLeft(match, "${") == "PORT" || strings.HasPrefix(match, "${PORT"):
			return "$PORT"
		case m[1] == "-":
			return m[2]
		}
		return ""
	})
}

// lineOfCommand is a command as a line, of a text or of a list.
func lineOfCommand(n *yaml.Node) string {
	n = behind(n)
	if n.Kind == yaml.ScalarNode {
		return strings.TrimSpace(strings.ReplaceAll(n.Value, "\n", " "))
	}
	return quotedLine(listed(n))
}

// quotedLine is a list of words as a line that a shell would split into them.
func quotedLine(words []string) string {
	if len(words) == 3 && slices.Contains([]string{"sh", "bash", "/bin/sh", "/bin/bash"}, words[0]) && strings.HasPrefix(words[1], "-") {
		return words[2]
	}
	quoted := make([]string, len(words))
	for i, word := range words {
		if quoted[i] = word; word == "" || strings.ContainsAny(word, " \t\n'\"\\$`<>|&;()*~#") && !strings.Contains(word, "$PORT") {
			quoted[i] = "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
		}
	}
	return strings.Join(quoted, " ")
}

var pathOfHealth = regexp.MustCompile(`https?://[^/\s"']+(/[A-Za-z0-9/_.-]*)`)

// healthPath is the path that a health check asks for.
func healthPath(test []string) string {
	if m := pathOfHealth.FindStringSubmatch(strings.Join(test, " ")); m != nil {
		return m[1]
	}
	return ""
}
