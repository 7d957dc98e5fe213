package httpfault

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"

	"holdfast.dev/holdfast/fault"
)

// spoiling is [fault.JSON] in force.
type spoiling struct {
	fault.JSON
	answers *atomic.Int64 // that it has spoiled
}

func newSpoiling(k fault.JSON) spoiling { return spoiling{k, new(atomic.Int64)} }

// Spoils reports whether an answer with that body is another one with the fault.
func Spoils(kind fault.JSON, body []byte) bool {
	a := Answer{Status: http.StatusOK, Body: bytes.Clone(body)}
	newSpoiling(kind).Change(nil, &a)
	return a.Status != http.StatusOK || !bytes.Equal(a.Body, body)
}

// Change spoils the answer.
func (j spoiling) Change(_ *Draw, a *Answer) bool {
	switch j.How {
	case "malformed":
		a.Body = append(bytes.TrimRight(bytes.Clone(a.Body), "}\n"), ",,"...)
	case "html":
		replacing{fault.Status{Code: http.StatusOK, HTML: true}}.Change(nil, a)
	case "null":
		a.Body = []byte("null")
	case "deep":
		a.Body = slices.Concat([]byte(`{"data":`), bytes.Repeat([]byte("["), j.Depth), bytes.Repeat([]byte("]"), j.Depth), []byte("}"))
	case "duplicate":
		a.Body = doubled(a.Body)
	case "more":
		a.Body = slices.Concat(bytes.TrimSpace(a.Body), []byte(" {}"))
	case "empty":
		a.Body = nil
	case "nocontent":
		a.Status, a.Body, a.ContentType = http.StatusNoContent, nil, ""
	default:
		before := a.Body
		a.Body = j.rewritten(before)
		return !bytes.Equal(before, a.Body)
	}
	return true
}

// doubled says everything twice: the second time, every value is null.
func doubled(body []byte) []byte {
	nulls := rewrite(body, func(any) any { return nil })
	inner := bytes.TrimSuffix(bytes.TrimSpace(body), []byte("}"))
	return slices.Concat(inner, []byte(","), bytes.TrimPrefix(nulls, []byte("{")))
}

func (j spoiling) rewritten(body []byte) []byte {
	switch j.How {
	case "nulls":
		return rewrite(body, func(any) any { return nil })
	case "nan":
		return rewrite(body, numbers("NaN"))
	case "huge":
		return rewrite(body, numbers("1"+strings.Repeat("0", 400)))
	case "types":
		return rewrite(body, otherType)
	case "one":
		return oneOff(body, int(j.answers.Add(1)-1))
	case "bytes":
		return rewrite(body, notUTF8)
	default:
		return without(body, j.Field)
	}
}

// literal is text that goes into the JSON as it is, be it JSON or not.
type literal string

// numbers returns a rule that puts text in the place of every number.
func numbers(text string) func(any) any {
	return func(v any) any {
		if _, ok := v.(json.Number); ok {
			return literal(text)
		}
		return v
	}
}

// notUTF8 ends a text with half of a character.
func notUTF8(v any) any {
	text, ok := v.(string)
	if !ok {
		return v
	}
	quoted, _ := json.Marshal(text) // a string always can
	return literal(string(quoted[:len(quoted)-1]) + "\xc3\"")
}

// oneOff has one value wrong: the nth of each value in each way.
func oneOff(body []byte, n int) []byte {
	values := 0
	rewrite(body, func(v any) any { values++; return v })
	if values == 0 {
		return body
	}
	at, seen := n%values, -1
	return rewrite(body, func(v any) any {
		if seen++; seen != at {
			return v
		}
		switch n / values % 3 {
		case 0:
			return otherType(v)
		case 1:
			return nil
		default:
			return left{}
		}
	})
}

// left stands for a value that is left out, with its name.
type left struct{}

func otherType(v any) any {
	switch v := v.(type) {
	case json.Number:
		return v.String()
	case string:
		return json.Number(strconv.Itoa(len(v)))
	case bool:
		return "yes"
	default:
		return json.Number("0")
	}
}

// rewrite applies a rule to every value of an object that is neither object nor
// list. What is no object is left as it is.
func rewrite(body []byte, rule func(any) any) []byte {
	object, ok := decode(body)
	if !ok {
		return body
	}
	return encode(nil, object, rule)
}

func decode(body []byte) (map[string]any, bool) {
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	var object map[string]any
	err := dec.Decode(&object)
	return object, err == nil && object != nil
}

func encode(b []byte, v any, rule func(any) any) []byte {
	switch v := v.(type) {
	case map[string]any:
		b = append(b, '{')
		for _, name := range sortedNames(v) {
			quoted, _ := json.Marshal(name)
			b = encodeNext(b, append(quoted, ':'), v[name], rule)
		}
		return append(b, '}')
	case []any:
		b = append(b, '[')
		for _, element := range v {
			b = encodeNext(b, nil, element, rule)
		}
		return append(b, ']')
	}
	switch changed := rule(v).(type) {
	case left:
		return b
	case literal:
		return append(b, changed...)
	default:
		text, _ := json.Marshal(changed)
		return append(b, text...)
	}
}

// encodeNext adds one more value to an object or a list, with what it is called there;
// nothing where it is left out.
func encodeNext(b, name []byte, v any, rule func(any) any) []byte {
	before := len(b)
	if last := b[before-1]; last != '{' && last != '[' {
		b = append(b, ',')
	}
	b = append(b, name...)
	begun := len(b)
	if b = encode(b, v, rule); len(b) == begun {
		return b[:before]
	}
	return b
}

func sortedNames(object map[string]any) []string {
	names := make([]string, 0, len(object))
	for name := range object {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func without(body []byte, field string) []byte {
	object, ok := decode(body)
	if !ok {
		return body
	}
	if names := sortedNames(object); field == "" && len(names) > 0 {
		field = names[0]
	}
	delete(object, field)
	return encode(nil, object, func(v any) any { return v })
}
