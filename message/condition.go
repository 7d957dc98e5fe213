package message

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Condition is what must hold of one part of a message. The zero value asks
// nothing. Make one with [Present], [Absent], [Equal], [Like] or [ConditionOf].
type Condition struct {
	what    what
	text    string // the text that it is to be, or the regular expression
	raw     string // the JSON value that it is to be
	pattern *regexp.Regexp
	wrong   error // what was wrong with it as it was made; see Validate
}

// what is asked of a part.
type what int

const (
	anything what = iota
	present
	absent
	equal
	like
)

// Present asks that the part is there, and not null.
func Present() Condition { return Condition{what: present} }

// Absent asks that the part is not there, or null.
func Absent() Condition { return Condition{what: absent} }

// Like asks that a regular expression matches somewhere in the part's text. What
// is wrong with the expression is reported by [Condition.Validate].
func Like(expression string) Condition {
	pattern, err := regexp.Compile(expression)
	if err != nil {
		err = fmt.Errorf("no regular expression: %w", err)
	}
	return Condition{what: like, text: expression, pattern: pattern, wrong: err}
}

// Equal asks for exactly that value: in JSON, of the same type and meaning, so
// that 3 is 3.0 and not "3"; outside of JSON, where all is text, as it is written.
// value is what JSON can hold. What it can't is reported by [Condition.Validate].
func Equal(value any) Condition {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(value); err != nil {
		return Condition{what: equal, wrong: fmt.Errorf("no value that JSON has: %w", err)}
	}
	raw := strings.TrimSuffix(b.String(), "\n")
	c := Condition{what: equal, text: raw, raw: raw}
	if s, ok := value.(string); ok {
		c.text = s
	}
	return c
}

// ConditionOf reads a condition from a decoded YAML or JSON value: a text in the
// form that the package's comment shows; a number, a boolean, null or a list,
// which are asked for exactly; or a map of one of
//
//	equals: VALUE        exactly that, whatever it would mean as a text
//	matches: EXPRESSION  a regular expression
func ConditionOf(value any) (Condition, error) {
	var c Condition
	switch v := value.(type) {
	case string:
		c = ofText(v)
	case time.Time:
		return Condition{}, errors.New("a date without quotes is no text: put it in quotes")
	case map[string]any:
		var err error
		if c, err = ofMap(v); err != nil {
			return Condition{}, err
		}
	default:
		c = Equal(v)
	}
	return c, c.Validate()
}

func ofText(text string) Condition {
	rest, escaped := strings.CutPrefix(text, "=")
	switch {
	case text == "present":
		return Present()
	case text == "absent":
		return Absent()
	case strings.HasPrefix(text, "~"):
		return Like(text[1:])
	case escaped && means(rest):
		return Equal(rest)
	}
	return Equal(text)
}

// means says whether a text stands for more than itself.
func means(text string) bool {
	return text == "present" || text == "absent" || strings.HasPrefix(text, "~") || strings.HasPrefix(text, "=")
}

func ofMap(m map[string]any) (Condition, error) {
	if value, ok := m["equals"]; ok && len(m) == 1 {
		return Equal(value), nil
	}
	if expression, ok := m["matches"].(string); ok && len(m) == 1 {
		return Like(expression), nil
	}
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return Condition{}, fmt.Errorf("a condition as a map has one of equals and matches (a text), not %s", strings.Join(names, ", "))
}

// Value is what [ConditionOf] reads: its inverse. Numbers are json.Number.
func (c Condition) Value() any {
	switch c.what {
	case present:
		return "present"
	case absent:
		return "absent"
	case like:
		return "~" + c.text
	case equal:
		return c.equals()
	}
	return nil
}

func (c Condition) equals() any {
	if strings.HasPrefix(c.raw, `"`) {
		if rest, escaped := strings.CutPrefix(c.text, "="); means(c.text) && !escaped || escaped && means(rest) {
			return "=" + c.text
		}
		return c.text
	}
	value, err := decode(c.raw)
	if err != nil {
		return nil // it is not valid
	}
	if object, ok := value.(map[string]any); ok {
		return map[string]any{"equals": object}
	}
	return value
}

// MarshalJSON writes Value.
func (c Condition) MarshalJSON() ([]byte, error) {
	b, err := json.Marshal(c.Value())
	if err != nil {
		return nil, fmt.Errorf("write condition: %w", err)
	}
	return b, nil
}

// UnmarshalJSON reads what MarshalJSON writes.
func (c *Condition) UnmarshalJSON(b []byte) error {
	value, err := decode(string(b))
	if err != nil {
		return fmt.Errorf("read condition: %w", err)
	}
	*c, err = ConditionOf(value)
	return err
}

// String says the condition as a sentence's end: "be present", `be "paid"`.
func (c Condition) String() string {
	switch c.what {
	case present:
		return "be present"
	case absent:
		return "be absent"
	case like:
		return "match " + c.text
	case equal:
		return "be " + c.raw
	}
	return "be anything"
}

// IsZero says whether it asks nothing.
func (c Condition) IsZero() bool { return c.what == anything }

// Validate reports what was wrong with what the condition was made from.
func (c Condition) Validate() error {
	if c.what == anything {
		return errors.New("it asks nothing: say present, absent, ~EXPRESSION or a value")
	}
	return c.wrong
}

// holds says whether the condition holds of what was found.
func (c Condition) holds(v found) bool {
	switch c.what {
	case present:
		return v.there && !v.null
	case absent:
		return !v.there || v.null
	case like:
		return v.there && !v.null && c.pattern != nil && c.pattern.MatchString(v.text)
	case equal:
		if !v.there || c.wrong != nil {
			return false
		}
		return v.raw != "" && SameJSON(c.raw, v.raw) || v.raw == "" && c.text == v.text
	}
	return true
}
