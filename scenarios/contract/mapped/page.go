package mapped

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/scenarios/contract"
)

// judge names the class of an answer.
func (s Search) judge(t Term, a load.Answer) string {
	if s.Refused.Judge != nil && s.Refused.Judge(a) == "" {
		return load.ClassShedByTarget
	}
	if class := s.page(a); class != "" {
		return class
	}
	if _, wrong := s.read(t, a.Body); wrong != "" {
		return contract.NotExact
	}
	return ""
}

// page is the class of an answer that is no page.
func (s Search) page(a load.Answer) string {
	if s.OK.Judge == nil {
		return load.Status().Judge(a)
	}
	return s.OK.Judge(a)
}

// read takes the identities of the results out of a page, and says what is wrong with it
// as an answer to a term.
func (s Search) read(t Term, body []byte) (ids []string, wrong string) {
	ids, more, wrong := s.shape(body)
	if wrong != "" {
		return nil, wrong
	}
	want := min(t.Matches, s.Limit)
	if len(ids) != want {
		return ids, fmt.Sprintf("expected %d %s, got %d", want, s.Kind, len(ids))
	}
	sorted := slices.Sorted(slices.Values(ids))
	for i := 1; i < len(sorted); i++ {
		if sorted[i] == sorted[i-1] {
			return ids, fmt.Sprintf("%s stands there twice", short(sorted[i]))
		}
	}
	if s.Truncated != "" && more != (t.Matches > s.Limit) {
		return ids, fmt.Sprintf("%s: expected %t, got %t", s.Truncated, !more, more)
	}
	return ids, ""
}

// shape takes the mapped parts out of a page, and says which is not there.
func (s Search) shape(body []byte) (ids []string, more bool, wrong string) {
	if !gjson.ValidBytes(body) {
		return nil, false, "the answer is no JSON"
	}
	answer := gjson.ParseBytes(body)
	items := answer
	if s.Items != "" {
		items = answer.Get(s.Items)
	}
	if !items.IsArray() {
		return nil, false, missing("response.items", s.Items, "a list", items)
	}
	for _, item := range items.Array() {
		id := item
		if s.ID != "" {
			id = item.Get(s.ID)
		}
		if id.Type != gjson.Number && id.Type != gjson.String || id.String() == "" {
			return nil, false, missing("response.id", s.ID, "a number or a text in each result", id)
		}
		ids = append(ids, id.String())
	}
	if s.Truncated != "" {
		said := answer.Get(s.Truncated)
		if !said.IsBool() {
			return nil, false, missing("response.truncated", s.Truncated, "true or false", said)
		}
		more = said.Bool()
	}
	return ids, more, ""
}

// missing says that a part of the mapping is not what it should be.
func missing(part, path, want string, got gjson.Result) string {
	is := "has none"
	if got.Exists() {
		is = "has " + short(got.Raw)
	}
	return fmt.Sprintf("%s is mapped to %s, which should be %s, and the answer %s there", part, cmp.Or(path, "the whole answer"), want, is)
}

// short is the beginning of a text, for a sentence.
func short(text string) string {
	const most = 80
	text = strings.Join(strings.Fields(text), " ")
	if len(text) > most {
		return strings.ToValidUTF8(text[:most], "") + "…"
	}
	return text
}
