package openapi

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
)

// mostNotes is how many things of one kind are named.
const mostNotes = 20

// unicodeEscape is how ECMA-262 writes a character by its number.
var unicodeEscape = regexp.MustCompile(`\\u([0-9A-Fa-f]{4})`)

// readable makes a document one that the library can hold requests against, as far as that
// goes, and returns a line for what it cannot. A pattern that we cannot read, such as one
// that looks ahead, is taken away: otherwise each value would be called wrong.
func readable(document *openapi3.T) []string {
	var notes []string
	told := map[string]bool{}
	err := document.WalkSchemas(func(_ string, ref *openapi3.SchemaRef) error {
		schema := ref.Value
		rewritten := unicodeEscape.ReplaceAllString(schema.Pattern, `\x{$1}`)
		if _, err := regexp.Compile(rewritten); err == nil {
			schema.Pattern = rewritten
			return nil
		}
		if !told[schema.Pattern] && len(notes) < mostNotes {
			notes = append(notes, fmt.Sprintf("the pattern %s is not looked at: it is no regular expression that is read here", short(schema.Pattern)))
		}
		told[schema.Pattern] = true
		schema.Pattern = ""
		return nil
	})
	if err != nil {
		notes = append(notes, short(err.Error()))
	}
	return notes
}

// bracketed has objects in forms read as clients write them, a[b]=c, where the file does not
// say how.
func bracketed(body *openapi3.RequestBodyRef) {
	if body == nil || body.Value == nil {
		return
	}
	media := body.Value.Content[form]
	if media == nil || media.Schema == nil || media.Schema.Value == nil {
		return
	}
	explode := true
	for name, property := range media.Schema.Value.Properties {
		if property == nil || property.Value == nil || typeOf(property.Value) != openapi3.TypeObject || media.Encoding[name] != nil {
			continue
		}
		if media.Encoding == nil {
			media.Encoding = openapi3.Encodings{}
		}
		media.Encoding[name] = &openapi3.Encoding{Style: openapi3.SerializationDeepObject, Explode: &explode}
	}
}

// unjudged finds what of operations is not carried over: parts of requests that the library
// cannot look at, whatever is sent, and callbacks.
func (d *Description) unjudged() map[string][]int {
	found := map[string][]int{}
	for at, rule := range d.rules {
		note := func(part string, err error) {
			if err != nil && len(problems(part, err)) == 0 {
				text := fmt.Sprintf("%s is not looked at: %s", short(part), plain(cause(err).Error()))
				found[text] = append(found[text], at)
			}
		}
		if len(rule.operation.Callbacks) > 0 {
			const text = "callbacks are not sent: give the route its webhook"
			found[text] = append(found[text], at)
		}
		input := d.input(at, &http.Request{Method: d.Operations[at].Method, URL: &url.URL{Path: "/"}, Header: http.Header{}})
		for _, p := range given(rule.item, rule.operation) {
			input.QueryParams.Set(p.Name, "1")
			note(p.In+" "+p.Name, openapi3filter.ValidateParameter(context.Background(), input, p))
		}
		if body := rule.operation.RequestBody; body != nil && body.Value != nil && body.Value.Content[form] != nil {
			_, err := decoded(form, http.Header{}, body.Value.Content[form], []byte("a=1"))
			note("a form", err)
		}
	}
	return found
}

// NotesOf are those notes that are about some operations, by their IDs, or about the file as
// a whole. None are all operations.
func (d *Description) NotesOf(operations []string) []string {
	notes := slices.Clone(d.Notes)
	var read []string
	for _, text := range slices.Sorted(maps.Keys(d.unread)) {
		n := 0
		for _, at := range d.unread[text] {
			if len(operations) == 0 || slices.Contains(operations, d.Operations[at].ID) {
				n++
			}
		}
		if n > 0 && len(read) < mostNotes {
			read = append(read, fmt.Sprintf("%s (in %d operations)", text, n))
		}
	}
	return append(notes, read...)
}

// form is the media type of forms.
const form = "application/x-www-form-urlencoded"
