package notation

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"
)

// Schema is the JSON Schema (2020-12) of a type, for editors and other readers.
// about says what a type is for, and each of its fields.
func Schema(of reflect.Type, id, title string, about func(typ, field string) string) ([]byte, error) {
	s := &schemas{about: about, defs: map[string]any{}}
	root := s.structure(of)
	root["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	root["$id"], root["title"], root["$defs"] = id, title, s.defs
	text, err := json.MarshalIndent(root, "", " ")
	if err != nil {
		return nil, fmt.Errorf("write the schema: %w", err)
	}
	return append(text, '\n'), nil
}

type schemas struct {
	about func(typ, field string) string
	defs  map[string]any
}

type object = map[string]any

// of is the schema of a type; what has a name of its own stands once, in $defs.
func (s *schemas) of(t reflect.Type) object {
	switch {
	case t.Kind() == reflect.Pointer:
		return s.of(t.Elem())
	case t == jsonType:
		return object{}
	case t == wordsType:
		return object{"anyOf": []any{text(), object{"type": "array", "items": text()}}}
	case isTable(t):
		return object{"type": "object", "additionalProperties": s.of(t.Elem().Field(1).Type)}
	case t.Kind() == reflect.Slice:
		return object{"type": "array", "items": s.of(t.Elem())}
	case t.Kind() == reflect.Struct && !isText(t):
		return s.named(t, s.structure)
	}
	return s.scalar(t)
}

// named is a reference to a schema in $defs.
func (s *schemas) named(t reflect.Type, make func(reflect.Type) object) object {
	name := t.Name()
	if _, there := s.defs[name]; !there {
		s.defs[name] = object{} // one that holds itself is asked for once
		s.defs[name] = make(t)
	}
	return object{"$ref": "#/$defs/" + name}
}

// text is whatever is kept as it is written: to a reader of YAML it may be a number.
func text() object { return object{"type": []any{"string", "number", "boolean"}} }

func (s *schemas) scalar(t reflect.Type) object {
	zero := reflect.Zero(t).Interface()
	if t.Implements(choiceType) {
		return object{"anyOf": []any{object{"enum": asWritten(zero.(Choice).Words())}, variableText()}}
	}
	if t.Implements(formedType) {
		return object{"anyOf": []any{object{"type": "string", "pattern": "(?:" + zero.(Formed).Pattern() + `)|\$\{`}, object{"const": 0}}}
	}
	switch t.Kind() {
	case reflect.Bool:
		return object{"type": "boolean"}
	case reflect.Int, reflect.Int64:
		return object{"anyOf": []any{object{"type": "integer"}, variableText()}}
	case reflect.Float64:
		return object{"anyOf": []any{object{"type": "number"}, variableText()}}
	}
	return text()
}

// asWritten are words, and those of them that a reader of YAML takes for numbers as
// such, too.
func asWritten(words []string) []any {
	var all []any
	for _, word := range words {
		all = append(all, word)
		if n, err := strconv.Atoi(word); err == nil {
			all = append(all, n)
		}
	}
	return all
}

// variableText is a text that a variable of the environment makes a number.
func variableText() object { return object{"type": "string", "pattern": `\$\{`} }

func (s *schemas) structure(t reflect.Type) object {
	shape := shapeOf(t)
	properties := object{}
	for _, key := range shape.keys {
		field := t.Field(shape.fields[key])
		p := s.of(field.Type)
		if about := s.about(t.Name(), field.Name); about != "" {
			p = with(p, "description", about)
		}
		properties[key] = p
	}
	o := object{"type": "object", "properties": properties, "additionalProperties": false}
	if shape.rest >= 0 {
		o["additionalProperties"] = s.of(t.Field(shape.rest).Type.Elem().Field(1).Type)
	}
	if len(shape.required) > 0 {
		o["required"] = shape.required
	}
	if about := s.about(t.Name(), ""); about != "" {
		o["description"] = about
	}
	return s.orOther(o, t, shape)
}

// orOther lets a text or a list stand for a mapping.
func (s *schemas) orOther(o object, t reflect.Type, shape shape) object {
	others := []any{o}
	for _, i := range []int{shape.scalar, shape.list} {
		if i >= 0 {
			others = append(others, with(s.of(t.Field(i).Type), "description", s.about(t.Name(), t.Field(i).Name)))
		}
	}
	if len(others) == 1 {
		return o
	}
	return object{"anyOf": others}
}

// with adds to a schema, without changing one that others have.
func with(schema object, key string, value any) object {
	all := object{key: value}
	for k, v := range schema {
		all[k] = v
	}
	return all
}

// Sentence is a comment as one paragraph.
func Sentence(comment string) string { return strings.Join(strings.Fields(comment), " ") }
