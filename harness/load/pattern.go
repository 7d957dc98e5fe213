package load

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

// pattern is a text with places for values.
type pattern []piece

// piece is a literal text or, with a name, the place of a value.
type piece struct {
	literal string
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
	}
	return value
}

var placeholder = regexp.MustCompile(`^\{([A-Za-z_][A-Za-z0-9_.-]*)(?::([A-Za-z0-9_]*))?\}`)

// textPattern reads a text in which braces may stand anywhere.
func textPattern(text string, where place) (p pattern) {
	var literal strings.Builder
	flush := func() {
		if literal.Len() > 0 {
			p = append(p, piece{literal: literal.String()})
			literal.Reset()
		}
	}
	for len(text) > 0 {
		switch m := placeholder.FindStringSubmatch(text); {
		case strings.HasPrefix(text, "{{"):
			literal.WriteByte('{')
			text = text[2:]
		case m != nil:
			flush()
			p = append(p, piece{name: m[1], kind: m[2], place: where})
			text = text[len(m[0]):]
		default:
			literal.WriteByte(text[0])
			text = text[1:]
		}
	}
	flush()
	return p
}

// pathPattern reads a path with its query.
func pathPattern(text string) pattern {
	path, query, ok := strings.Cut(text, "?")
	if !ok {
		return textPattern(path, asSegment)
	}
	return append(append(textPattern(path, asSegment), piece{literal: "?"}), textPattern(query, asQuery)...)
}

var number = regexp.MustCompile(`^"\{([A-Za-z_][A-Za-z0-9_.-]*):([A-Za-z0-9_]*)\}"`)

// jsonPattern reads a valid JSON text, in which places are inside of strings.
func jsonPattern(text string) (p pattern) {
	for len(text) > 0 {
		i := strings.IndexByte(text, '"')
		if i < 0 {
			break
		}
		p = append(p, piece{literal: text[:i]})
		text = text[i:]
		if m := number.FindStringSubmatch(text); m != nil {
			p = append(p, piece{name: m[1], kind: m[2], place: asNumber})
			text = text[len(m[0]):]
			continue
		}
		end := stringEnd(text)
		p = append(p, textPattern(text[:end], asJSON)...)
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

// bind finds each place's variable and reports the places that have none, or one
// that does not fit.
func (p pattern) bind(names []string, vars []variable) error {
	var errs []error
	for i := range p {
		piece := &p[i]
		if piece.name == "" {
			continue
		}
		at, known := slices.BinarySearch(names, piece.name)
		if !known {
			errs = append(errs, fmt.Errorf("there is no variable %s%s", piece.name, nearest.Hint(piece.name, names)))
			continue
		}
		piece.index = at
		errs = append(errs, piece.fits(vars[at]))
	}
	return errors.Join(errs...)
}

// fits reports why a variable's values cannot stand in a place.
func (p piece) fits(v variable) error {
	switch {
	case p.kind != "" && p.kind != "int":
		return fmt.Errorf("{%s:%s}: there is no such kind, only int", p.name, p.kind)
	case p.kind == "int" && p.place != asNumber:
		return fmt.Errorf(`{%s:int} is a number only as a whole string of a JSON body, "{%s:int}"`, p.name, p.name)
	case v == nil: // which is reported already
	case p.place == asNumber && !v.every(isInteger):
		return fmt.Errorf("{%s:int}: not every value of %s is a whole number", p.name, p.name)
	case p.place == asHeader && !v.every(isHeaderText):
		return fmt.Errorf("{%s}: a value of %s has a line break or another control character", p.name, p.name)
	}
	return nil
}

// fill puts values into their places.
func (p pattern) fill(values []string) string {
	if len(p) == 1 && p[0].name == "" {
		return p[0].literal
	}
	var b strings.Builder
	for _, piece := range p {
		if piece.name == "" {
			b.WriteString(piece.literal)
		} else {
			b.WriteString(piece.place.escape(values[piece.index]))
		}
	}
	return b.String()
}
