package notation

import (
	"encoding"
	"reflect"
	"strings"
)

// Text is a type that stands as one text, of a form of its own. UnmarshalText and
// MarshalText are each other's inverse.
type Text interface {
	encoding.TextMarshaler
	encoding.TextUnmarshaler
}

// Choice is a text that is one of some words.
type Choice interface {
	// Words are those that there are.
	Words() []string
}

// Formed is a text of which a schema says what it looks like.
type Formed interface {
	// Pattern is a regular expression that each of its texts matches.
	Pattern() string
}

// Literal is a text in which braces mean nothing, whatever a variable of the
// environment brings.
type Literal string

// JSON is a value of any shape, as JSON text. Texts in it are as they were written.
type JSON string

// Words is a list of texts, of which one alone may stand without brackets.
type Words []string

// Table is a mapping whose keys are names that a file gives, in their order.
type Table[T any] []Row[T]

// Row is one name of a [Table] with what it stands for.
type Row[T any] struct {
	Name  string
	Value T
}

// table marks a [Table] for who only has its type.
func (Table[T]) table() {}

// Get is what a name stands for, false where there is none.
func (t Table[T]) Get(name string) (T, bool) {
	for _, row := range t {
		if row.Name == name {
			return row.Value, true
		}
	}
	var none T
	return none, false
}

// Names are those of the table, in their order.
func (t Table[T]) Names() []string {
	names := make([]string, len(t))
	for i, row := range t {
		names[i] = row.Name
	}
	return names
}

// Map is the table without its order.
func (t Table[T]) Map() map[string]T {
	m := make(map[string]T, len(t))
	for _, row := range t {
		m[row.Name] = row.Value
	}
	return m
}

type tabled interface{ table() }

var (
	textType    = reflect.TypeFor[encoding.TextUnmarshaler]()
	choiceType  = reflect.TypeFor[Choice]()
	formedType  = reflect.TypeFor[Formed]()
	tableType   = reflect.TypeFor[tabled]()
	jsonType    = reflect.TypeFor[JSON]()
	literalType = reflect.TypeFor[Literal]()
	wordsType   = reflect.TypeFor[Words]()
)

func isTable(t reflect.Type) bool { return t.Kind() == reflect.Slice && t.Implements(tableType) }
func isText(t reflect.Type) bool  { return reflect.PointerTo(t).Implements(textType) }

// shape is what the fields of a type say of it.
type shape struct {
	keys               []string // in order of the fields
	fields             map[string]int
	required           []string
	rest, list, scalar int // of the field, or -1
}

// shapeOf reads the tags of a structure.
func shapeOf(t reflect.Type) shape {
	s := shape{fields: map[string]int{}, rest: -1, list: -1, scalar: -1}
	for i := range t.NumField() {
		key, option, _ := strings.Cut(t.Field(i).Tag.Get("yaml"), ",")
		switch {
		case option == "rest":
			s.rest = i
		case option == "list":
			s.list = i
		case option == "scalar":
			s.scalar = i
		}
		if key == "" || key == "-" {
			continue
		}
		s.keys = append(s.keys, key)
		s.fields[key] = i
		if option == "required" {
			s.required = append(s.required, key)
		}
	}
	return s
}

// Walk visits a structure and all that it is made of, each once, with its name and its
// keys in their order.
func Walk(t reflect.Type, visit func(name string, keys []string)) {
	walk(t, map[reflect.Type]bool{}, visit)
}

func walk(t reflect.Type, seen map[reflect.Type]bool, visit func(name string, keys []string)) {
	switch {
	case isTable(t):
		walk(t.Elem().Field(1).Type, seen, visit)
	case t.Kind() == reflect.Pointer, t.Kind() == reflect.Slice:
		walk(t.Elem(), seen, visit)
	case t.Kind() == reflect.Struct && !isText(t) && !seen[t]:
		seen[t] = true
		visit(t.Name(), shapeOf(t).keys)
		for i := range t.NumField() {
			walk(t.Field(i).Type, seen, visit)
		}
	}
}
