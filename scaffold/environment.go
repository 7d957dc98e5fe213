package scaffold

import (
	"strings"

	"holdfast.dev/holdfast/manifest/dotenv"
)

// environment reads the files that say which variables there are: those that are there
// to be copied, and a developer's own .env, of which no value is copied.
func environment(f folder) []Finding {
	var all []Finding
	seen := map[string]bool{}
	for _, file := range []string{".env.example", ".env.sample", ".env.template", ".env.dist", ".env.defaults", "env.example", ".env", ".env.local", ".env.development", ".env.development.local", ".flaskenv"} {
		text, ok := f.read(file)
		if !ok {
			continue
		}
		own := strings.HasPrefix(file, ".") && !isTemplate(file)
		kept := map[int]bool{} // lines that may not reach the service
		for _, problem := range dotenv.Parse(file, []byte(text)).Problems(nil, func(string) bool { return false }) {
			kept[problem.Line] = true
		}
		for n, line := range strings.Split(text, "\n") {
			name, value, ok := assigned(line)
			if !ok || seen[name] || len(all) >= 300 {
				continue
			}
			seen[name] = true
			all = append(all, Finding{File: f.name(file), Line: n + 1, Shown: name, Variable: &Variable{Name: name, Value: resolved(value), Private: own, Kept: own && kept[n+1]}})
		}
	}
	return all
}

func isTemplate(file string) bool {
	for _, end := range []string{".example", ".sample", ".template", ".dist", ".defaults"} {
		if strings.HasSuffix(file, end) {
			return true
		}
	}
	return false
}

// assigned is what one line of such a file sets, if it does. A line that is commented out
// names a variable that may be set, and is not one.
func assigned(line string) (name, value string, ok bool) {
	line = strings.TrimSpace(line)
	if line == "" || line[0] == '#' {
		return "", "", false
	}
	name, raw, ok := strings.Cut(strings.TrimPrefix(line, "export "), "=")
	if name = strings.TrimSpace(name); !ok || !isVariable(name) {
		return "", "", false
	}
	return name, unquoted(strings.TrimSpace(raw)), true
}

// unquoted is a value without its quotes, or without the comment behind it.
func unquoted(raw string) string {
	if raw != "" && strings.IndexByte("\"'`", raw[0]) >= 0 {
		if end := strings.IndexByte(raw[1:], raw[0]); end >= 0 {
			return raw[1 : 1+end]
		}
	}
	if raw, _, ok := strings.Cut(" "+raw, " #"); ok {
		return strings.TrimSpace(raw)
	}
	return raw
}
