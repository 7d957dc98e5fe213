// Package visible makes texts fit to be shown, whoever wrote them: what would have
// no shape of its own, or change that of its surroundings, is written out.
package visible

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"holdfast.dev/holdfast/harness/result"
)

// Copy returns a copy of v in which every string is fit to be shown: see [Text]. Numbers are shared with v, which stays as it is.
func Copy[T any](v *T) *T { return result.Rewritten(v, Text) }

// Text writes what has no shape of its own, or changes the shape of what
// stands around it, as an escape: control characters but newline and tab,
// direction marks, zero-width characters, bytes that are not UTF-8. A string
// that needs it gets its backslashes doubled, too, so that nobody can write an
// escape that was not there.
func Text(s string) string {
	if !needsEscape(s) {
		return s
	}
	var b strings.Builder
	for i, r := range s {
		switch {
		case r == utf8.RuneError && invalidAt(s[i:]):
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case r == '\\':
			b.WriteString(`\\`)
		case plain(r):
			b.WriteRune(r)
		case r < 0x80:
			fmt.Fprintf(&b, `\x%02x`, r)
		case r < 0x10000:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			fmt.Fprintf(&b, `\U%08x`, r)
		}
	}
	return b.String()
}

func needsEscape(s string) bool {
	for i, r := range s {
		if !plain(r) || r == utf8.RuneError && invalidAt(s[i:]) {
			return true
		}
	}
	return false
}

// invalidAt reports whether s begins with a byte that is not UTF-8, as against
// with a replacement character that someone wrote.
func invalidAt(s string) bool {
	_, size := utf8.DecodeRuneInString(s)
	return size == 1
}

func plain(r rune) bool { return r == '\n' || r == '\t' || unicode.IsGraphic(r) }
