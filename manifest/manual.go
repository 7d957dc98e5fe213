package manifest

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
)

const manualHead = `# holdfast.yaml

Every key of the file by which Holdfast is run on a service of your own, made from the types that read it
(` + "`holdfast schema service`" + ` prints the same for editors). [Your service](your-service.md) leads through a first one.

- What is not said here is refused, with its line, its column and the nearest name: ` + "`holdfast validate`" + ` does only that.
- Texts are kept as they are written: ` + "`False`, `010` and `1.10`" + ` in an ` + "`env`" + ` are those letters. There is no shell and no code.
- ` + "`${NAME}`" + ` is a variable of the shell that reads the file, ` + "`${NAME:-default}`" + ` one with a default, as Compose has them; one that is not set is an
  error, and ` + "`$${`" + ` is a dollar and a brace. None stands in a command, which everybody on the machine can read.
- ` + "`{name}`" + ` is a value that is known when the service runs. It stands only where the name is known, and any other brace is a brace; ` + "`{{`" + ` is one always.
- Parts of a request or an answer have one name everywhere: ` + "`json.order.id`, `form.metadata[cart]`, `header.Retry-After`, `query.q`, `path.id`, `status`, `body`" + `.
- A condition on one is a value, ` + "`present`, `absent`, or `~` and a regular expression" + `.
- Anchors, aliases and ` + "`<<`" + ` work, within one file of at most 1 MiB, 100,000 keys and values, and a depth of 64.

What a name may be, by where it stands:

| where | names |
|---|---|
| command and env of a process | {port} {ports.NAME} {host} {address} {url} {replica}, those of other processes and of dependencies ({web.url}, {db.host}, and in env {db.dsn}), {parameters.NAME}, and in env {secrets.NAME} |
| command and env of a dependency | {address} {host} {port} {url}, which clients use; {own.address} {own.host} {own.port}, which it binds itself; {data} |
| export | {url} {host} {port} {address}, of a Postgres {dsn} {database} {user} {password} too, {secrets.NAME} {parameters.NAME} |
| key and response of a route | {key} {json.…} {form.…} {header.…} {query.…} {path.…} {method} {body}, {id}, {uuid} and {n}, and names of its path for short |
| requests of load | what vary, sessions, steps and setup give; addresses, {secrets.NAME}, {parameters.NAME} |
| setup and actions | addresses, {secrets.NAME}, {parameters.NAME}, what was captured before |

`

// part is a schema as far as the manual needs it.
type part struct {
	Ref         string          `json:"$ref"`
	Type        any             `json:"type"`
	Description string          `json:"description"`
	Enum        []any           `json:"enum"`
	Pattern     string          `json:"pattern"`
	Required    []string        `json:"required"`
	AnyOf       []part          `json:"anyOf"`
	Items       *part           `json:"items"`
	Properties  map[string]part `json:"properties"`
	Further     json.RawMessage `json:"additionalProperties"`
	Defs        map[string]part `json:"$defs"`
}

// WriteManual writes docs/holdfast-yaml.md: every key, from the schema.
func WriteManual(w io.Writer) error {
	text, err := Schema()
	if err != nil {
		return err
	}
	var root part
	if err := json.Unmarshal(text, &root); err != nil {
		return fmt.Errorf("read the schema: %w", err)
	}
	m := manual{defs: root.Defs, keys: keyOrder()}
	m.b.WriteString(manualHead)
	m.section("The file", "File", root)
	for len(m.queue) > 0 {
		name := m.queue[0]
		m.queue = m.queue[1:]
		m.section(name, name, m.defs[name])
	}
	_, err = io.WriteString(w, m.b.String())
	return err
}

type manual struct {
	b     strings.Builder
	defs  map[string]part
	keys  map[string][]string // of each type, in their order
	queue []string            // sections that are still to come
	known []string            // those that have been or will be
}

// section writes one mapping: what it is, and its keys.
func (m *manual) section(title, typ string, p part) {
	var instead []part
	for _, other := range p.AnyOf {
		if other.Properties != nil || other.Further != nil {
			p = other
		} else {
			instead = append(instead, other)
		}
	}
	fmt.Fprintf(&m.b, "## %s\n\n%s\n", title, strings.TrimSpace(afterName(p.Description)))
	if len(p.Properties) == 0 && !m.hasFurther(p) {
		m.b.WriteString("\n")
		return
	}
	m.b.WriteString("\n| key | value | what it means |\n|---|---|---|\n")
	for _, other := range instead {
		fmt.Fprintf(&m.b, "| in its place | %s | %s |\n", m.form(other), cell(other.Description))
	}
	for _, key := range m.keys[typ] {
		of, ok := p.Properties[key]
		if !ok {
			continue
		}
		mark := ""
		if slices.Contains(p.Required, key) {
			mark = " (required)"
		}
		fmt.Fprintf(&m.b, "| `%s`%s | %s | %s |\n", key, mark, m.form(of), cell(of.Description))
	}
	if m.hasFurther(p) {
		fmt.Fprintf(&m.b, "| any name | %s | |\n", m.further(p))
	}
	m.b.WriteString("\n")
}

func cell(text string) string { return strings.ReplaceAll(text, "|", `\|`) }

// afterName is a comment without the name of the type that it begins with.
func afterName(text string) string {
	_, rest, ok := strings.Cut(text, " is ")
	if first, after, found := strings.Cut(text, " says "); found && (!ok || len(first) < len(text)-len(rest)) {
		return "It says " + after
	}
	if first, after, found := strings.Cut(text, " are "); found && (!ok || len(first) < len(text)-len(rest)-4) {
		return upper(after)
	}
	if !ok {
		return text
	}
	return upper(rest)
}

func upper(text string) string {
	if text == "" {
		return text
	}
	return strings.ToUpper(text[:1]) + text[1:]
}

func (m *manual) hasFurther(p part) bool {
	return len(p.Further) > 0 && string(p.Further) != "false" && len(p.Properties) == 0 || len(p.Further) > 0 && p.Further[0] == '{'
}

// further is the form of what stands under names that a file gives.
func (m *manual) further(p part) string {
	var of part
	if json.Unmarshal(p.Further, &of) != nil {
		return ""
	}
	return m.form(of)
}

// form says what a value looks like, with a link to what has a section.
func (m *manual) form(p part) string {
	switch {
	case p.Ref != "":
		return m.link(strings.TrimPrefix(p.Ref, "#/$defs/"))
	case len(p.Enum) > 0:
		return words(p.Enum)
	case p.Items != nil:
		return "list of " + m.form(*p.Items)
	case m.hasFurther(p):
		return "names, each with " + m.further(p)
	case len(p.AnyOf) > 0:
		return m.either(p.AnyOf)
	}
	switch t := p.Type.(type) {
	case string:
		return map[string]string{"string": "text", "boolean": "true or false", "integer": "whole number", "number": "number"}[t]
	case []any:
		return "text"
	}
	return "any value"
}

// either joins the forms that a value may have; a variable of the environment may
// stand for any.
func (m *manual) either(all []part) string {
	var forms []string
	for _, p := range all {
		if p.Pattern == `\$\{` || p.Type == nil && p.Ref == "" && len(p.Enum) == 0 && len(p.AnyOf) == 0 {
			continue
		}
		form := m.form(p)
		if p.Pattern != "" {
			form = formed(p.Pattern)
		}
		if !slices.Contains(forms, form) {
			forms = append(forms, form)
		}
	}
	return strings.Join(forms, ", or ")
}

// formed names a text of a form of its own.
func formed(pattern string) string {
	if strings.Contains(pattern, "MiB") {
		return "size"
	}
	return "time"
}

func words(all []any) string {
	var texts []string
	for _, word := range all {
		if text, ok := word.(string); ok {
			texts = append(texts, "`"+text+"`")
		}
	}
	return strings.Join(texts, ", ")
}

// link is a link to a section, which is written once.
func (m *manual) link(name string) string {
	if len(m.defs[name].Properties) == 0 && len(m.defs[name].AnyOf) == 0 && !m.hasFurther(m.defs[name]) {
		return "`{}`"
	}
	if !slices.Contains(m.known, name) {
		m.known = append(m.known, name)
		m.queue = append(m.queue, name)
	}
	return fmt.Sprintf("[%s](#%s)", name, strings.ToLower(name))
}
