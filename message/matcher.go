package message

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"holdfast.dev/holdfast/redact"
)

// Matcher says which messages are meant. All that is set must hold; the zero
// value matches every message.
type Matcher struct {
	Status []int  // one of them
	Method string // in any case
	// Path is a template, see [ParseTemplate]. What its names stand for is put
	// into the message's PathValues.
	Path string
	// Query, Headers and Form are conditions by name, JSON by gjson path.
	Query, Headers, JSON, Form map[string]Condition
	// Body is about the body as a text.
	Body Condition
}

// Validate reports all that is wrong with it.
func (m Matcher) Validate() error {
	_, err := m.Compile()
	return err
}

// Match is empty for a message that is meant, and else the first thing about it
// that is otherwise. Who asks often compiles first.
func (m Matcher) Match(msg *Message) string {
	c, err := m.Compile()
	if err != nil {
		return err.Error()
	}
	return c.Match(msg)
}

// Compiled is a [Matcher] ready to be asked, by any number of goroutines.
type Compiled struct {
	status     []int
	method     string
	path       *Template // nil: any
	conditions []placed
}

// placed is a condition with the part that it is about.
type placed struct {
	path      Path
	condition Condition
}

// Compile makes it ready, and reports all that is wrong with it.
func (m Matcher) Compile() (*Compiled, error) {
	c := &Compiled{status: m.Status, method: strings.ToUpper(m.Method)}
	var errs []error
	for _, status := range m.Status {
		if status < 100 || status > 599 {
			errs = append(errs, fmt.Errorf("status %d is not between 100 and 599", status))
		}
	}
	if m.Method != "" && !isToken(m.Method) {
		errs = append(errs, fmt.Errorf("%q can't be a method", m.Method))
	}
	if m.Path != "" {
		template, err := ParseTemplate(m.Path)
		errs = append(errs, err)
		c.path = &template
	}
	for _, group := range []struct {
		part string
		of   map[string]Condition
	}{{"query", m.Query}, {"header", m.Headers}, {"json", m.JSON}, {"form", m.Form}} {
		errs = append(errs, c.add(group.part, group.of)...)
	}
	if !m.Body.IsZero() {
		errs = append(errs, m.Body.Validate())
		c.conditions = append(c.conditions, placed{Path{part: "body"}, m.Body})
	}
	return c, errors.Join(errs...)
}

// add adds the conditions on parts of one sort, by name.
func (c *Compiled) add(part string, conditions map[string]Condition) (errs []error) {
	for _, name := range slices.Sorted(maps.Keys(conditions)) {
		path, err := ParsePath(part + "." + name)
		if err == nil {
			err = conditions[name].Validate()
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("%s %s: %w", part, name, err))
			continue
		}
		c.conditions = append(c.conditions, placed{path, conditions[name]})
	}
	return errs
}

// Match is empty for a message that is meant, and else the first thing about it
// that is otherwise, for example: json.state is "new", it should be "done".
func (c *Compiled) Match(m *Message) string {
	if len(c.status) > 0 && !slices.Contains(c.status, m.Status) {
		return fmt.Sprintf("status is %d, it should be %s", m.Status, alternatives(c.status))
	}
	if c.method != "" && c.method != m.Method {
		return fmt.Sprintf("method is %s, it should be %s", m.Method, c.method)
	}
	if c.path != nil {
		values, ok := c.path.Match(m.Path)
		if !ok {
			return fmt.Sprintf("path is %s, it should be %s", visible(m.Path), c.path)
		}
		m.PathValues = values
	}
	for _, p := range c.conditions {
		if v := p.path.look(m); !p.condition.holds(v) {
			return p.mismatch(m, v)
		}
	}
	return ""
}

// Path is the template of the paths that are meant, false if any is.
func (c *Compiled) Path() (Template, bool) {
	if c.path == nil {
		return Template{}, false
	}
	return *c.path, true
}

// Conditions is how many conditions there are beside status, method and path.
func (c *Compiled) Conditions() int { return len(c.conditions) }

func (p placed) mismatch(m *Message, v found) string {
	is := "is absent"
	switch {
	case p.path.part == "json" && m.isJSON == invalid:
		is = "is absent, as the body is no JSON"
	case v.null:
		is = "is null"
	case v.there && p.hidden():
		is = "is otherwise"
	case v.there && v.raw != "":
		is = "is " + visible(redact.Text(v.raw))
	case v.there:
		is = "is " + visible(strconv.Quote(redact.Text(v.text)))
	}
	return fmt.Sprintf("%s %s, it should %s", p.path, is, p.condition)
}

// hidden says whether what stands there is a secret in most messages.
func (p placed) hidden() bool {
	return redact.Named(p.path.name)
}

func alternatives(status []int) string {
	texts := make([]string, len(status))
	for i, s := range status {
		texts[i] = strconv.Itoa(s)
	}
	return strings.Join(texts, " or ")
}

// maxShown is how many bytes of a value a mismatch shows.
const maxShown = 80

func visible(text string) string {
	if len(text) <= maxShown {
		return text
	}
	end := maxShown
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + "…"
}
