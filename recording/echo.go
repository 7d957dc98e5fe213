package recording

import (
	"slices"

	"github.com/tidwall/gjson"
)

// echo puts the place for what an answer says again of its path: to /users/42 the id of
// the answer is 42, and to another number that one. A value of another field that is equal
// may be so by chance, and stays.
func echo(body []byte, values map[string]string) []byte {
	last := "" // the place that names what is asked for
	for name := range values {
		if len(name) > len(last) || len(name) == len(last) && name > last {
			last = name
		}
	}
	if last == "" {
		return body
	}
	for _, at := range []string{"id", "data.id"} {
		v := gjson.GetBytes(body, at)
		if v.Index == 0 || v.String() != values[last] {
			continue
		}
		instead := `"{path.` + last + `}"`
		if v.Type == gjson.Number {
			if v.Raw != values[last] {
				continue
			}
			instead = `"{path.` + last + `:int}"`
		} else if v.Type != gjson.String {
			continue
		}
		return slices.Concat(body[:v.Index], []byte(instead), body[v.Index+len(v.Raw):])
	}
	return body
}
