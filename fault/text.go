package fault

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// text puts the parts of a text form together, leaving out empty ones.
func text(parts ...string) string {
	kept := parts[:0:0]
	for _, p := range parts {
		if p != "" {
			kept = append(kept, p)
		}
	}
	return strings.Join(kept, " ")
}

// when is the part of a text form that is there only if yes.
func when(yes bool, part string) string {
	if yes {
		return part
	}
	return ""
}

// named is name=value, or nothing where the value is empty.
func named(name, value string) string { return when(value != "", name+"="+value) }

// The values of options as they are written; empty where they are 0.

func timeText(d time.Duration) string { return when(d != 0, d.String()) }
func countText(n int) string          { return when(n != 0, strconv.Itoa(n)) }
func shareText(f float64) string      { return when(f != 0, strconv.FormatFloat(f, 'g', -1, 64)) }
func sizeText(s Size) string          { return when(s != 0, s.bare()) }

// plain says whether a value can stand in the text form as it is.
func plain(value string) bool {
	return value != "" && !strings.Contains(value, "->") && !strings.ContainsFunc(value, func(r rune) bool {
		return !unicode.IsPrint(r) || unicode.IsSpace(r) || r == '"' || r == utf8.RuneError
	})
}

// oneOf refuses a value that is none of those.
func oneOf(kind, value string, values ...string) error {
	for _, v := range values {
		if v == value {
			return nil
		}
	}
	return fmt.Errorf("%s %q: want one of %s", kind, value, list(values))
}

// list is a list of words in a sentence: "a, b or c".
func list(words []string) string {
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " or " + words[last]
}
