package importer

import (
	"regexp"
	"strings"
)

// jsonPathStep is one step of a JSONPath: .name, ['name'], [0] or [?(@.name == value)].
var jsonPathStep = regexp.MustCompile(`^(?:\.([A-Za-z_$][A-Za-z0-9_$-]*)|\[\s*(?:'([^'\\]*)'|"([^"\\]*)")\s*\]|\[\s*(\d{1,6})\s*\]|\[\s*\?\s*\(\s*@\.([A-Za-z_][A-Za-z0-9_.-]*)\s*(==|!=|<=|>=|<|>)\s*('[^'\\]*'|"[^"\\]*"|-?\d+(?:\.\d+)?|true|false)\s*\)\s*\])`)

// JSONPath is a JSONPath as gjson has it, false for one that it has not: with .., a star,
// a slice or a function in it. An empty one is the whole.
func JSONPath(path string) (string, bool) {
	rest, ok := strings.CutPrefix(strings.TrimSpace(path), "$")
	if !ok {
		return "", false
	}
	var steps []string
	for rest != "" {
		m := jsonPathStep.FindStringSubmatch(rest)
		if m == nil {
			return "", false
		}
		switch {
		case m[4] != "":
			steps = append(steps, m[4])
		case m[5] != "":
			value := m[7]
			if strings.HasPrefix(value, "'") {
				value = Quote(strings.Trim(value, "'"))
			}
			steps = append(steps, "#("+m[5]+m[6]+value+")")
		default:
			step, ok := JSONKey(m[1] + m[2] + m[3])
			if !ok {
				return "", false
			}
			steps = append(steps, step)
		}
		rest = rest[len(m[0]):]
	}
	return strings.Join(steps, "."), true
}

// gjsonSpecial are characters that gjson takes for more than themselves.
var gjsonSpecial = regexp.MustCompile(`[.*?|#@!{}\[\]()=<>%"\\:]`)

// JSONKey is a key of an object as a step of a path of gjson, false for one that it
// cannot have.
func JSONKey(key string) (string, bool) {
	if key == "" || strings.ContainsAny(key, "\n\r\x00") {
		return "", false
	}
	return gjsonSpecial.ReplaceAllString(key, `\$0`), true
}
