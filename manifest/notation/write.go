package notation

import (
	"bytes"
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"

	"go.yaml.in/yaml/v3"
)

// Write is the inverse of [Read]: a value as YAML text. What is zero is left out.
func Write(v any) ([]byte, error) {
	n, err := Node(v)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	encoder := yaml.NewEncoder(&b)
	encoder.SetIndent(2)
	if err := encoder.Encode(n); err != nil {
		return nil, fmt.Errorf("write YAML: %w", err)
	}
	return b.Bytes(), encoder.Close()
}

// AsJSON is a value as JSON: what a reader of YAML makes of its text.
func AsJSON(v any) (json.RawMessage, error) {
	n, err := Node(v)
	if err != nil {
		return nil, err
	}
	var read any
	if err := n.Decode(&read); err != nil {
		return nil, fmt.Errorf("write JSON: %w", err)
	}
	return json.Marshal(read)
}

// Node is a value as YAML that a comment may still be put into.
func Node(v any) (*yaml.Node, error) {
	value := reflect.ValueOf(v)
	if value.Kind() == reflect.Pointer {
		value = value.Elem()
	}
	return node(value)
}

// node writes what is not zero.
func node(v reflect.Value) (*yaml.Node, error) {
	t := v.Type()
	switch {
	case t.Kind() == reflect.Pointer:
		return node(v.Elem())
	case t == jsonType:
		return jsonNode(v.String())
	case t == wordsType && v.Len() == 1:
		return textNode(v.Index(0).String()), nil
	case isTable(t):
		n := &yaml.Node{Kind: yaml.MappingNode}
		return n, addRows(n, v)
	case t.Kind() == reflect.Slice:
		return listNode(v)
	case t.Kind() == reflect.Struct && !isText(t):
		return structureNode(v)
	}
	return scalarNode(v)
}

func listNode(v reflect.Value) (*yaml.Node, error) {
	n := &yaml.Node{Kind: yaml.SequenceNode}
	flat := true
	for i := range v.Len() {
		part, err := node(v.Index(i))
		if err != nil {
			return nil, err
		}
		flat = flat && part.Kind == yaml.ScalarNode && len(part.Value) < 40
		n.Content = append(n.Content, part)
	}
	if flat {
		n.Style = yaml.FlowStyle
	}
	return n, nil
}

func addRows(n *yaml.Node, v reflect.Value) error {
	for i := range v.Len() {
		value, err := node(v.Index(i).Field(1))
		if err != nil {
			return err
		}
		n.Content = append(n.Content, keyNode(v.Index(i).Field(0).String()), value)
	}
	return nil
}

func structureNode(v reflect.Value) (*yaml.Node, error) {
	s := shapeOf(v.Type())
	if s.scalar >= 0 && !v.Field(s.scalar).IsZero() {
		return node(v.Field(s.scalar))
	}
	if s.list >= 0 && !v.Field(s.list).IsZero() {
		return node(v.Field(s.list))
	}
	n := &yaml.Node{Kind: yaml.MappingNode}
	for _, key := range s.keys {
		field := v.Field(s.fields[key])
		if field.IsZero() && !slices.Contains(s.required, key) {
			continue
		}
		value, err := node(field)
		if err != nil {
			return nil, err
		}
		n.Content = append(n.Content, keyNode(key), value)
	}
	if s.rest >= 0 {
		return n, addRows(n, v.Field(s.rest))
	}
	return n, nil
}

func scalarNode(v reflect.Value) (*yaml.Node, error) {
	if t, ok := v.Interface().(encoding.TextMarshaler); ok {
		text, err := t.MarshalText()
		if err != nil {
			return nil, err
		}
		return textNode(string(text)), nil
	}
	switch v.Kind() {
	case reflect.String:
		return textNode(v.String()), nil
	case reflect.Bool:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!bool", Value: strconv.FormatBool(v.Bool())}, nil
	case reflect.Int, reflect.Int64:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!int", Value: strconv.FormatInt(v.Int(), 10)}, nil
	case reflect.Float64:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!float", Value: strconv.FormatFloat(v.Float(), 'g', -1, 64)}, nil
	}
	return nil, fmt.Errorf("a value of type %s has no notation", v.Type())
}

// textNode is a text, in quotes where it would be read as anything else, also by
// readers that know the words of YAML 1.1. A ${ in it is none of a variable.
func textNode(text string) *yaml.Node { return keyNode(escapeVariables(text)) }

// elsewhere are texts that YAML 1.1 takes for yes, no or a number of base 60.
var elsewhere = regexp.MustCompile(`^(?i:y|n|yes|no|on|off|[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?)$`)

// keyNode is a text without variables.
func keyNode(text string) *yaml.Node {
	n := new(yaml.Node)
	n.SetString(text)
	if elsewhere.MatchString(text) {
		n.Style = yaml.DoubleQuotedStyle
	}
	return n
}

func escapeVariables(text string) string {
	var b bytes.Buffer
	for i := 0; i < len(text); i++ {
		if text[i] == '$' && i+1 < len(text) && text[i+1] == '{' {
			b.WriteByte('$')
		}
		b.WriteByte(text[i])
	}
	return b.String()
}

// jsonNode is JSON as YAML in one line, which YAML is a superset of.
func jsonNode(text string) (*yaml.Node, error) {
	if !json.Valid([]byte(text)) {
		return nil, fmt.Errorf("%s is no JSON", cut(text))
	}
	var n yaml.Node
	if err := yaml.Unmarshal([]byte(text), &n); err != nil {
		return nil, fmt.Errorf("write JSON as YAML: %w", err)
	}
	escapeNode(n.Content[0])
	return n.Content[0], nil
}

func escapeNode(n *yaml.Node) {
	if n.Kind == yaml.ScalarNode && n.Tag == "!!str" {
		n.Value = escapeVariables(n.Value)
	}
	for i, part := range n.Content {
		if n.Kind != yaml.MappingNode || i%2 == 1 { // keys have no variables
			escapeNode(part)
		}
	}
}
