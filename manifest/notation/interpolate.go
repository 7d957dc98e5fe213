package notation

import (
	"fmt"
	"regexp"
	"strings"
)

var variable = regexp.MustCompile(`^\$\{([A-Za-z_][A-Za-z0-9_]*)(?:(:?[-?])([^}]*))?\}`)

// interpolate fills in variables of the environment as Compose does: ${NAME},
// ${NAME:-default} where it is unset or empty, ${NAME-default} where it is unset,
// ${NAME:?message} and ${NAME?message}. A dollar before it, $${NAME}, makes it a text.
// Braces of a value are doubled, so that no value becomes a {placeholder}, but in a
// text that is literal anyway.
func (r *reader) interpolate(text, path string, literal bool) (string, error) {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(text, "${")
		b.WriteString(before)
		if !found {
			return b.String(), nil
		}
		if strings.HasSuffix(before, "$") { // $${: the dollar before it is written already
			b.WriteString("{")
			text = rest
			continue
		}
		m := variable.FindStringSubmatch("${" + rest)
		if m == nil {
			return "", fmt.Errorf("%q is no variable such as ${NAME} or ${NAME:-default}; write $${ for the two characters", cut("${"+rest))
		}
		value, err := r.variable(m[1], m[2], m[3])
		if err != nil {
			return "", err
		}
		r.document.variables[path] = true
		if !literal {
			value = strings.ReplaceAll(value, "{", "{{")
		}
		b.WriteString(value)
		text = rest[len(m[0])-len("${"):]
	}
}

// variable is the value of one, given what stands behind its name.
func (r *reader) variable(name, operator, word string) (string, error) {
	value, known := "", false
	if r.options.Environment != nil {
		value, known = r.options.Environment(name)
	}
	if strings.HasPrefix(operator, ":") && value == "" {
		known = false
	}
	switch {
	case known:
		return value, nil
	case strings.HasSuffix(operator, "-"):
		return word, nil
	case operator != "" && word != "":
		return "", fmt.Errorf("the variable %s is not set: %s", name, word)
	}
	return "", fmt.Errorf("the variable %s is not set; set it, or write ${%s:-default}", name, name)
}
