package manifest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"mime"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"holdfast.dev/holdfast/manifest/notation"
	"holdfast.dev/holdfast/openapi"
)

// responseOf is what a description has for a status, or, where none is asked for, when all
// is well. note is what of it cannot be played.
func responseOf(o openapi.Operation, status int) (out Response, note string) {
	answer, found := documented(o, status)
	out.Status = status
	if status == 0 {
		out.Status = statusOf(answer)
	}
	if !found {
		return out, ""
	}
	for _, name := range slices.Sorted(maps.Keys(answer.Headers)) {
		out.Headers = append(out.Headers, notation.Row[string]{Name: name, Value: literal(answer.Headers[name])})
	}
	media, _, _ := mime.ParseMediaType(answer.MediaType)
	switch {
	case answer.MediaType == "" || answer.Example == nil:
		return out, ""
	case media == "application/json" || strings.HasSuffix(media, "+json"):
		out.JSON = notation.JSON(echoed(o, answer))
	default:
		var text string
		if json.Unmarshal(answer.Example, &text) != nil || !strings.HasPrefix(media, "text/") {
			return out, fmt.Sprintf("%s answers without its body, which is %s: give it one, routes: { %s: { response: { body: … } } }", o.ID, answer.MediaType, routeName(o.ID, nil))
		}
		out.Body = literal(text)
	}
	if media != "application/json" {
		out.Headers = append(out.Headers, notation.Row[string]{Name: "Content-Type", Value: answer.MediaType})
	}
	return out, ""
}

// documented is the answer that an operation has for a status: that status, its class or
// the default one. Status 0 is the first that is no error.
func documented(o openapi.Operation, status int) (openapi.Answer, bool) {
	wanted := []string{strconv.Itoa(status), strconv.Itoa(status/100) + "XX", "default"}
	if status == 0 {
		wanted = nil
		for _, class := range "231" {
			for _, a := range o.Answers {
				if a.Status[0] == byte(class) {
					wanted = append(wanted, a.Status)
				}
			}
		}
		wanted = append(wanted, "default")
	}
	for _, one := range wanted {
		for _, a := range o.Answers {
			if a.Status == one {
				return a, true
			}
		}
	}
	return openapi.Answer{}, false
}

// statusOf is a status of an answer: the first of its class.
func statusOf(a openapi.Answer) int {
	status, err := strconv.Atoi(strings.ReplaceAll(a.Status, "X", "0"))
	if err != nil || status < 200 || status > 599 {
		return http.StatusOK
	}
	return status
}

// literal is a text in which no brace is the beginning of a name.
func literal(text string) string { return strings.ReplaceAll(text, "{", "{{") }

// echoed is the example of an answer as a text of a route. What of it tells which thing is
// meant is not the example's: a property with the name of a part of the path is that part;
// id is the last part of the path, and what is made anew by POST has an id that differs from
// request to request.
func echoed(o openapi.Operation, a openapi.Answer) string {
	var value any
	reader := json.NewDecoder(bytes.NewReader(a.Example))
	reader.UseNumber()
	if reader.Decode(&value) != nil {
		return string(a.Example)
	}
	value = literals(value)
	if object, ok := value.(map[string]any); ok && statusOf(a) < http.StatusBadRequest {
		for name, was := range object {
			if now := identity(o, name, was, a.Properties[name]); now != "" {
				object[name] = now
			}
		}
	}
	var text bytes.Buffer
	writer := json.NewEncoder(&text)
	writer.SetEscapeHTML(false)
	if writer.Encode(value) != nil { // it was JSON before
		return string(a.Example)
	}
	return strings.TrimSpace(text.String())
}

// literals are the texts of a value, and the names of its properties, made literal.
func literals(value any) any {
	switch v := value.(type) {
	case string:
		return literal(v)
	case []any:
		for i := range v {
			v[i] = literals(v[i])
		}
	case map[string]any:
		out := map[string]any{}
		for name, inner := range v {
			out[literal(name)] = literals(inner)
		}
		return out
	}
	return value
}

// identity is the text in place of a property that tells which thing is meant; empty where
// it does not, or where its values are fixed.
func identity(o openapi.Operation, name string, was any, p openapi.Property) string {
	_, number := was.(json.Number)
	if _, text := was.(string); p.Fixed || !number && !text {
		return ""
	}
	part := inPathOf(o, name)
	switch {
	case part != "" && number:
		return "{path." + part + ":int}"
	case part != "":
		return "{path." + part + "}"
	case name != "id" || o.Method != http.MethodPost:
		return ""
	case number:
		return "{n:int}"
	}
	return newID(was.(string), p)
}

// inPathOf is the part of the path that a property repeats; empty: none.
func inPathOf(o openapi.Operation, name string) string {
	last := ""
	for _, p := range o.Parameters {
		if p.In != "path" {
			continue
		}
		if p.Name == name || p.Template == name {
			return p.Template
		}
		if strings.HasSuffix(o.Path, "/{"+p.Name+"}") {
			last = p.Template
		}
	}
	if name == "id" {
		return last
	}
	return ""
}

var (
	looksLikeUUID = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)
	idPrefix      = regexp.MustCompile(`^[A-Za-z]+[_-]`) // ch_ of ch_1EXUPv2eZv
)

// newID is an id like the one of an example; empty where its pattern takes none of ours.
func newID(example string, p openapi.Property) string {
	made, sample := "{uuid}", "01234567-89ab-8cde-8f01-0123456789ab"
	if p.Format != "uuid" && !looksLikeUUID.MatchString(example) {
		prefix := idPrefix.FindString(example)
		made, sample = prefix+"{id}", prefix+"0123456789abcdef"
	}
	if pattern, err := regexp.Compile(p.Pattern); err != nil || !pattern.MatchString(sample) {
		return ""
	}
	return made
}
