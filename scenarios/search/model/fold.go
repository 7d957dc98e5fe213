package model

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// alike are the letters that the contract counts as others although Unicode takes
// none of them apart.
var alike = map[rune]string{'œ': "oe", 'æ': "ae", 'ß': "ss", 'ø': "o", 'ł': "l", 'đ': "d"}

// fold makes texts the same that differ in case and accents alone: letters are
// taken apart from their accents (canonical decomposition), the accents (U+0300 to
// U+036F) left out, the rest put in lower case.
func fold(text string) string {
	if isPlain(text) {
		return strings.ToLower(text)
	}
	var b strings.Builder
	for _, r := range norm.NFD.String(text) {
		if r >= 0x0300 && r <= 0x036F {
			continue
		}
		r = unicode.ToLower(r)
		if other, ok := alike[r]; ok {
			b.WriteString(other)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// isPlain reports whether a text is ASCII, of which only the case can differ.
func isPlain(text string) bool {
	for i := range len(text) {
		if text[i] >= 0x80 {
			return false
		}
	}
	return true
}
