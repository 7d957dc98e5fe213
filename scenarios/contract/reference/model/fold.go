package model

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// alike are the characters that the contract counts as others although Unicode takes
// none of them apart.
var alike = map[rune]string{
	'œ': "oe", 'Œ': "oe", 'æ': "ae", 'Æ': "ae", 'ß': "ss", 'ẞ': "ss", 'ø': "o", 'Ø': "o", 'ł': "l", 'Ł': "l", 'đ': "d", 'Đ': "d",
	'ı': "i", '‘': "'", '’': "'", 'ʻ': "'", 'ʼ': "'", '‐': "-",
}

// fold makes texts the same that differ in case, in accents or in how Unicode writes
// them alone: characters are taken apart (compatibility decomposition), what is not
// seen and what stands over or beside a letter is left out, of the forms of a letter
// the least stands for all, and what is left of what was taken apart is put together.
func fold(text string) string {
	if isPlain(text) {
		return strings.ToLower(text)
	}
	var b strings.Builder
	for _, r := range norm.NFKD.String(text) {
		if unseen(r) {
			continue
		}
		if other, ok := alike[r]; ok {
			b.WriteString(other)
		} else {
			b.WriteString(strings.ToLower(string(leastForm(r))))
		}
	}
	return norm.NFC.String(b.String())
}

// unseen reports whether the contract leaves a character out.
func unseen(r rune) bool {
	for _, span := range [...][2]rune{ // as the contract lists them
		{0x0300, 0x036F}, {0x1AB0, 0x1AFF}, {0x1DC0, 0x1DFF}, {0x20D0, 0x20FF}, {0xFE20, 0xFE2F}, // accents
		{0x00AD, 0x00AD}, {0x061C, 0x061C}, {0x180B, 0x180E}, {0x200B, 0x200F}, {0x202A, 0x202E}, {0x2060, 0x2064},
		{0x2066, 0x206F}, {0xFE00, 0xFE0F}, {0xFEFF, 0xFEFF}, {0xE0000, 0xE007F}, {0xE0100, 0xE01EF},
	} {
		if r >= span[0] && r <= span[1] {
			return true
		}
	}
	return false
}

// leastForm is the first in Unicode of the characters that differ from r in case
// alone: K of k, K and the sign of Kelvin. A mark is no form of a letter: the iota that
// stands below another letter would join the one before it.
func leastForm(r rune) rune {
	least := r
	for other := unicode.SimpleFold(r); other != r; other = unicode.SimpleFold(other) {
		if !unicode.Is(unicode.M, other) {
			least = min(least, other)
		}
	}
	return least
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
