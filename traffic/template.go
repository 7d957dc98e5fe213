package traffic

import "strings"

// Template is a path in which what looks like a value is a place: /users/42 becomes
// /users/{id}. The values stand by the names of their places.
func Template(path string) (template string, values map[string]string) {
	values = map[string]string{}
	segments := strings.Split(path, "/")
	for i, segment := range segments {
		if kindOf(segment) == literal {
			segments[i] = strings.ReplaceAll(segment, "{", "{{")
			continue
		}
		name := nameOf(len(values))
		values[name] = segment
		segments[i] = "{" + name + "}"
	}
	return strings.Join(segments, "/"), values
}
