// Package placeholder reads texts in which {name} stands for a value: paths,
// headers, bodies, environment variables, addresses.
//
// A text is read as what it is ([Text], [Path], [Query], [Header], [JSON]), and a
// value that is filled in is escaped for its place, so that it cannot become more
// than a value. Two opening braces are one that means nothing, and a brace that no
// name follows means nothing either: regular expressions, JSON and /tasks/{id} do
// not collide.
//
// [Pattern.Fill] leaves a name that nobody knows as it was written. Where each name
// must be known, [Pattern.Bind] says which is not.
package placeholder

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"holdfast.dev/holdfast/nearest"
)

// Pattern is a text with places for values.
type Pattern []piece

// piece is a literal text or, with a name, the place of a value.
type piece struct {
	literal string // of a place: as it was written
	name    string
	kind    string // behind the colon: nothing, or int
	place   place
	index   int // of the value, once bound
}

// place says how a value is escaped where it stands.
type place int

const (
	asIs place = iota
	asSegment
	asQuery
	asHeader
	asJSON
	asNumber // the whole of a JSON string, without its quotes
)

func (p place) escape(value string) string {
	switch p {
	case asSegment:
		return url.PathEscape(value)
	case asQuery:
		return url.QueryEscape(value)
	case asJSON:
		quoted, _ := json.Marshal(value) // a string always can be
		return string(quoted[1 : len(quoted)-1])
	case asNumber:
		if !isNumber(value) {
			return "null" // or else the value would become more than a value
		}
	}
	return value
}

// isNumber says whether a text is a number as JSON has it.
func isNumber(text string) bool {
	return text != "" && (text[0] == '-' || text[0] >= '0' && text[0] <= '9') && json.Valid([]byte(text)) && strings.TrimRight(text, " \n\r\t") == text
}

// Spot is a place for a value as a text has it.
type Spot struct {
	Name string
	// Kind is what stands behind a colon: empty, or int.
	Kind string
	// Number says that the value stands alone in JSON, without quotes; Header that it
	// stands in a header.
	Number, Header bool
}

// Text reads a text that takes values as they are.
func Text(text string) Pattern { return read(text, asIs) }

// Header reads the value of a header.
func Header(text string) Pattern { return read(text, asHeader) }

// Query reads a query, or a body of the type application/x-www-form-urlencoded.
func Query(text string) Pattern { return read(text, asQuery) }

// Path reads a path with its query.
func Path(text string) Pattern {
	path, query, ok := strings.Cut(text, "?")
	if !ok {
		return read(path, asSegment)
	}
	return append(append(read(path, asSegment), piece{literal: "?"}), read(query, asQuery)...)
}

var number = regexp.MustCompile(`^"\{([A-Za-z_][A-Za-z0-9_.-]*):([A-Za-z0-9_]*)\}"`)

// JSON reads a valid JSON text, in which values stand inside of strings. A string
// that is nothing but "{name:int}" becomes a number.
func JSON(text string) (p Pattern) {
	for len(text) > 0 {
		i := strings.IndexByte(text, '"')
		if i < 0 {
			break
		}
		p = append(p, piece{literal: text[:i]})
		text = text[i:]
		if m := number.FindStringSubmatch(text); m != nil {
			p = append(p, piece{literal: m[0], name: m[1], kind: m[2], place: asNumber})
			text = text[len(m[0]):]
			continue
		}
		end := stringEnd(text)
		p = append(p, read(text[:end], asJSON)...)
		text = text[end:]
	}
	return append(p, piece{literal: text})
}

// stringEnd is the length of the JSON string with which text begins.
func stringEnd(text string) int {
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(text)
}

// name is what stands in braces: words with dots, indexes in brackets, for example
// web.url or form.metadata[cart].
var name = regexp.MustCompile(`^\{([A-Za-z_][A-Za-z0-9_.-]*(?:\[[A-Za-z0-9_.-]*\])*)(?::([A-Za-z0-9_]*))?\}`)

// read reads a text in which braces may stand anywhere.
func read(text string, where place) (p Pattern) {
	var literal strings.Builder
	flush := func() {
		if literal.Len() > 0 {
			p = append(p, piece{literal: literal.String()})
			literal.Reset()
		}
	}
	for len(text) > 0 {
		switch m := name.FindStringSubmatch(text); {
		case strings.HasPrefix(text, "{{"):
			literal.WriteByte('{')
			text = text[2:]
		case m != nil:
			flush()
			p = append(p, piece{literal: m[0], name: m[1], kind: m[2], place: where})
			text = text[len(m[0]):]
		default:
			literal.WriteByte(text[0])
			text = text[1:]
		}
	}
	flush()
	return p
}

// Spots are the places for values, in their order.
func (p Pattern) Spots() []Spot {
	var all []Spot
	for _, piece := range p {
		if piece.name != "" {
			all = append(all, Spot{Name: piece.name, Kind: piece.kind, Number: piece.place == asNumber, Header: piece.place == asHeader})
		}
	}
	return all
}

// Names are those of the values that it takes, each once, in their order.
func (p Pattern) Names() []string {
	var all []string
	for _, piece := range p {
		if piece.name != "" && !slices.Contains(all, piece.name) {
			all = append(all, piece.name)
		}
	}
	return all
}

// Fill puts values into their places. A name that value does not know stays as it
// was written, braces included.
func (p Pattern) Fill(value func(name string) (string, bool)) string {
	var b strings.Builder
	for _, piece := range p {
		if piece.name == "" {
			b.WriteString(piece.literal)
		} else if v, known := value(piece.name); known {
			b.WriteString(piece.place.escape(v))
		} else {
			b.WriteString(piece.literal)
		}
	}
	return b.String()
}

// Bound is a pattern that knows where each of its values stands in a list.
type Bound struct{ pieces Pattern }

// Bind finds each value in a sorted list of names, and reports the places that have
// none, with the nearest name. p remains as it is.
func (p Pattern) Bind(names []string) (Bound, error) {
	b := Bound{slices.Clone(p)}
	var errs []error
	for i := range b.pieces {
		piece := &b.pieces[i]
		if piece.name == "" {
			continue
		}
		at, known := slices.BinarySearch(names, piece.name)
		if !known {
			errs = append(errs, fmt.Errorf("there is no variable %s%s", piece.name, nearest.Hint(piece.name, names)))
			continue
		}
		piece.index = at
	}
	return b, errors.Join(errs...)
}

// Fill puts values into their places, in the order of the names that it was bound
// to.
func (b Bound) Fill(values []string) string {
	if len(b.pieces) == 1 && b.pieces[0].name == "" {
		return b.pieces[0].literal
	}
	var text strings.Builder
	for _, piece := range b.pieces {
		if piece.name == "" {
			text.WriteString(piece.literal)
		} else {
			text.WriteString(piece.place.escape(values[piece.index]))
		}
	}
	return text.String()
}
