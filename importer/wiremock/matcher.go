package wiremock

import (
	"fmt"
	"regexp"
	"strings"

	"holdfast.dev/holdfast/importer"
	"holdfast.dev/holdfast/message"
)

func quoteMeta(text string) string { return regexp.QuoteMeta(text) }

// matcher reads a condition such as {"equalTo": "x"}. What is none here is left.
func (r *reader) matcher(n *importer.Node) (message.Condition, bool) {
	none := message.Condition{}
	for _, list := range []string{"includes", "hasExactly"} {
		if at := n.Get(list); at.Len() == 1 {
			for one := range at.Parts() {
				return r.matcher(one)
			}
		}
	}
	ignore, _ := n.Get("caseInsensitive").Truth()
	for _, key := range []string{"equalTo", "contains", "matches", "absent"} {
		at := n.Get(key)
		if at == nil {
			continue
		}
		text, ok := at.Text()
		switch {
		case !ok:
			return none, false // it is told as all is that nobody can use
		case key == "absent":
			return message.Absent(), true
		case at.Stripped:
			return message.Present(), true // what it was is not taken over
		case key == "contains":
			return message.Like(quoteMeta(text)), true
		case key == "equalTo" && ignore:
			return message.Like("^(?i:" + quoteMeta(text) + ")$"), true
		case key == "equalTo":
			return message.Equal(text), true
		}
		c := message.Like("^(?:" + text + ")$")
		if err := c.Validate(); err != nil {
			r.left(at, "its expression is one of Java's, which Go does not read: "+err.Error(), "write another under the route")
			return none, false
		}
		return c, true
	}
	n.Leave(fmt.Sprintf("a condition here is a value, present, absent or a regular expression, and this one is %s", keysOf(n)),
		"the route answers without it; write another condition by hand")
	return none, false
}

// keysOf names the keys of a matcher.
func keysOf(n *importer.Node) string {
	var all []string
	for part := range n.Parts() {
		if part.Name != "" {
			all = append(all, part.Name)
		}
	}
	if len(all) == 0 {
		return "none of WireMock's"
	}
	return strings.Join(all, ", ")
}

// valueExpression is a regular expression for what a condition asks of a value, without
// its ends.
func valueExpression(c message.Condition) string {
	text, _ := c.Value().(string)
	switch expression, like := strings.CutPrefix(text, "~"); {
	case text == "present":
		return "[^;]+"
	case like && strings.HasPrefix(expression, "^") && strings.HasSuffix(expression, "$"):
		return "(?:" + strings.TrimSuffix(strings.TrimPrefix(expression, "^"), "$") + ")"
	case like:
		return "[^;]*(?:" + expression + ")[^;]*"
	}
	return quoteMeta(strings.TrimPrefix(text, "="))
}
