package openapi

import (
	"math"
	"regexp"
	"regexp/syntax"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// formats are a value for each format that has a form of its own.
var formats = map[string]string{
	"date-time": "2024-01-02T03:04:05Z", "date": "2024-01-02", "time": "03:04:05Z", "duration": "P1D",
	"email": "name@example.com", "idn-email": "name@example.com", "hostname": "example.com", "idn-hostname": "example.com",
	"ipv4": "192.0.2.1", "ipv6": "2001:db8::1", "uri": "https://example.com/", "url": "https://example.com/", "iri": "https://example.com/",
	"uri-reference": "/path", "iri-reference": "/path", "uri-template": "/path/{name}", "uuid": "5f0c7b6e-3c1d-4a52-9d3e-0a1b2c3d4e5f",
	"byte": "dGV4dA==", "json-pointer": "/path", "regex": "^text$", "decimal": "1.5", "int64": "1", "int32": "1",
}

// textOf is a text of a schema: of its format, or its pattern, and as long as it must be.
func textOf(schema *openapi3.Schema) string {
	text, known := formats[schema.Format]
	if schema.Pattern != "" {
		expression, err := regexp.Compile(schema.Pattern)
		if err == nil && !(known && expression.MatchString(text)) {
			if made := ofPattern(schema.Pattern, int(min(schema.MinLength, mostText))); expression.MatchString(made) {
				return made
			}
		}
	}
	if !known {
		text = "text"
	}
	for uint64(len(text)) < min(schema.MinLength, mostText) {
		text += "text"
	}
	if schema.MinLength > 4 && !known {
		text = text[:min(uint64(len(text)), schema.MinLength)]
	}
	if schema.MaxLength != nil && uint64(len(text)) > *schema.MaxLength {
		text = text[:*schema.MaxLength]
	}
	return text
}

// mostText is how long a text is made, whatever is asked for.
const mostText = 10_000

// ofPattern is a short text that a pattern matches, if it can be had without much ado.
func ofPattern(pattern string, least int) string {
	parsed, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return ""
	}
	parsed = parsed.Simplify()
	var text string
	for more := range 3 { // as short as it can be, or with more of what may be repeated
		var b strings.Builder
		write(&b, parsed, []int{0, 1, max(1, least)}[more])
		text = b.String()
		if len(text) >= max(least, 1) {
			break
		}
	}
	return text
}

// write writes a text that is matched, with so many of what may be repeated for ever.
func write(b *strings.Builder, re *syntax.Regexp, repeated int) {
	if b.Len() > mostText {
		return
	}
	switch re.Op {
	case syntax.OpLiteral:
		for _, r := range re.Rune {
			b.WriteRune(r)
		}
	case syntax.OpCharClass:
		b.WriteRune(likely(re.Rune))
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		b.WriteByte('a')
	case syntax.OpCapture, syntax.OpConcat:
		for _, sub := range re.Sub {
			write(b, sub, repeated)
		}
	case syntax.OpAlternate, syntax.OpQuest:
		if re.Op == syntax.OpAlternate || repeated > 0 {
			write(b, re.Sub[0], repeated)
		}
	case syntax.OpStar, syntax.OpPlus:
		n := repeated
		if re.Op == syntax.OpPlus {
			n = max(n, 1)
		}
		for range n {
			write(b, re.Sub[0], repeated)
		}
	}
}

// likely is a letter or a digit of a class, or else its first.
func likely(class []rune) rune {
	for _, wanted := range []rune{'a', 'A', '1', '0'} {
		for i := 0; i+1 < len(class); i += 2 {
			if class[i] <= wanted && wanted <= class[i+1] {
				return wanted
			}
		}
	}
	for i := 0; i+1 < len(class); i += 2 {
		if class[i] > ' ' || class[i+1] > ' ' {
			return max(class[i], '!')
		}
	}
	if len(class) > 0 {
		return class[0]
	}
	return 'a'
}

// numberOf is a number of a schema: 1, or what its bounds ask for.
func numberOf(schema *openapi3.Schema, whole bool) any {
	low, high := bound(schema.Min, schema.ExclusiveMin, math.Inf(-1), 1, whole), bound(schema.Max, schema.ExclusiveMax, math.Inf(1), -1, whole)
	value := min(max(1, low), high)
	if m := schema.MultipleOf; m != nil && *m > 0 {
		value = math.Ceil(value / *m) * *m
		if value > high {
			value = math.Floor(high / *m) * *m
		}
	}
	if whole {
		value = math.Ceil(value)
		if value > high {
			value = math.Floor(high)
		}
		if math.Abs(value) < 1<<53 {
			return int64(value)
		}
	}
	return value
}

// bound is where a schema's numbers end, or without where they don't. One that is
// exclusive is moved inwards.
func bound(inclusive *float64, exclusive openapi3.ExclusiveBound, without, inwards float64, whole bool) float64 {
	at, open := without, false
	if inclusive != nil {
		at, open = *inclusive, exclusive.IsTrue()
	}
	if v := exclusive.Value; v != nil && (inclusive == nil || (*v-at)*inwards >= 0) {
		at, open = *v, true
	}
	switch {
	case !open:
		return at
	case whole && at == math.Trunc(at):
		return at + inwards
	case whole:
		return at
	}
	return at + inwards*max(math.Abs(at)*1e-6, 1e-3)
}
