package notation

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// json is a value of any shape as JSON text, with the keys in their order. What one
// reader of YAML takes for one thing and another for another is refused.
func (r *reader) json(n *yaml.Node, path string) string {
	var b bytes.Buffer
	r.writeJSON(&b, n, path)
	return b.String()
}

func (r *reader) writeJSON(b *bytes.Buffer, n *yaml.Node, path string) {
	r.document.positions[path] = Position{n.Line, n.Column}
	switch n = resolve(n); n.Kind {
	case yaml.MappingNode:
		b.WriteByte('{')
		for i, p := range pairs(n, func(at *yaml.Node, text string) { r.say(at, "%s", text) }) {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteString(quoted(p.key.Value) + ":")
			r.writeJSON(b, p.value, path+"."+p.key.Value)
		}
		b.WriteByte('}')
	case yaml.SequenceNode:
		b.WriteByte('[')
		for i, part := range n.Content {
			if i > 0 {
				b.WriteByte(',')
			}
			r.writeJSON(b, part, path+"["+strconv.Itoa(i)+"]")
		}
		b.WriteByte(']')
	default:
		b.WriteString(r.jsonScalar(n, path))
	}
}

// jsonScalar is a text, a number, true, false or null.
func (r *reader) jsonScalar(n *yaml.Node, path string) string {
	switch n.Tag {
	case "!!null":
		return "null"
	case "!!bool":
		return strings.ToLower(n.Value)
	case "!!int", "!!float":
		number := strings.TrimPrefix(n.Value, "+")
		if !fraction.MatchString(number) {
			r.say(n, "%s: is %s a number or a text? write it in quotes, or as JSON has numbers", subject(path), cut(n.Value))
			return "null"
		}
		return number
	}
	text, err := r.interpolate(n.Value, path, false)
	if err != nil {
		r.say(n, "%s: %v", subject(path), err)
	}
	return quoted(text)
}

// quoted is a text as JSON has it, with nothing escaped that need not be.
func quoted(text string) string {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(text) // a text always can be
	return strings.TrimSuffix(b.String(), "\n")
}
