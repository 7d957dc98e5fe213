// Package fold says how texts are compared in a search: what differs in case, in
// accents or in how Unicode writes it alone is the same. Enter at [Text].
//
// Documents are folded by the database, by whoever writes them, and queries by the
// program. Both take the rule from the tables of this package: [SQL] is the
// database's function, which depends on no locale of a server.
package fold

import (
	"fmt"
	"strings"
	"sync"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// ignored are the characters that a reader does not see, or sees as an accent: marks
// beside or over a letter, soft hyphens, joiners, directions, variations. Marks of
// scripts that spell with them, か and が, are no accents and stay.
var ignored = &unicode.RangeTable{
	R16: []unicode.Range16{
		{0x00AD, 0x00AD, 1}, {0x0300, 0x036F, 1}, {0x061C, 0x061C, 1}, {0x180B, 0x180E, 1}, {0x1AB0, 0x1AFF, 1},
		{0x1DC0, 0x1DFF, 1}, {0x200B, 0x200F, 1}, {0x202A, 0x202E, 1}, {0x2060, 0x2064, 1}, {0x2066, 0x206F, 1},
		{0x20D0, 0x20FF, 1}, {0xFE00, 0xFE0F, 1}, {0xFE20, 0xFE2F, 1}, {0xFEFF, 0xFEFF, 1},
	},
	R32:         []unicode.Range32{{0xE0000, 0xE007F, 1}, {0xE0100, 0xE01EF, 1}},
	LatinOffset: 1,
}

// Characters that count as another one, in two rows of the same length: letters
// with a stroke, the dotless i, the apostrophes and hyphens that programs put in for
// those of the keyboard, and every space. Unicode takes none of these apart.
const (
	lettersFrom = "ØøŁłĐđı’‘ʼʻ‐" + "\t\n\v\f\r\u0085\u1680\u2028\u2029"
	lettersTo   = "OoLlDdi''''-" + "         "
)

// Cherokee's small letters came after its capitals, and the library folds each of the
// two to the other: here the small ones count as capitals before it does.
var (
	from = lettersFrom + letters(0xAB70, 0xABBF) + letters(0x13F8, 0x13FD)
	to   = lettersTo + letters(0x13A0, 0x13EF) + letters(0x13F0, 0x13F5)
)

// letters are all from one to another.
func letters(first, last rune) string {
	var b strings.Builder
	for r := first; r <= last; r++ {
		b.WriteRune(r)
	}
	return b.String()
}

// several are the letters that count as two.
var several = []string{"Œ", "oe", "œ", "oe", "Æ", "ae", "æ", "ae", "ß", "ss", "ẞ", "ss"}

// singles and doubles replace characters by what they count as.
var (
	singles = strings.NewReplacer(pairs(from, to)...)
	doubles = strings.NewReplacer(several...)
)

func pairs(from, to string) []string {
	var all []string
	others := []rune(to)
	for i, r := range []rune(from) {
		all = append(all, string(r), string(others[i]))
	}
	return all
}

// Text folds a text. What Text returns it folds to itself.
func Text(text string) string {
	visible := strings.Map(func(r rune) rune {
		if unicode.Is(ignored, r) {
			return -1
		}
		return r
	}, norm.NFKD.String(text))
	return norm.NFC.String(cases.Fold().String(doubles.Replace(singles.Replace(visible))))
}

// SQL is the statement that creates the function of that name, which folds a text in
// Postgres. A text that is ASCII by then, as most are, is spared the long table.
func SQL(name string) string {
	capitals, small := caseTable()
	replaced := fmt.Sprintf("translate(regexp_replace(normalize(original, NFKD), %s, '', 'g'), %s, %s)", quoted("["+class(ignored)+"]+"), quoted(from), quoted(to))
	for i := 0; i < len(several); i += 2 {
		replaced = fmt.Sprintf("replace(%s, '%s', '%s')", replaced, several[i], several[i+1])
	}
	return fmt.Sprintf(`CREATE FUNCTION %s(original text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
AS $$
DECLARE
    plain text := lower(%s COLLATE "C");
BEGIN
    IF octet_length(plain) = length(plain) THEN
        RETURN plain;
    END IF;
    RETURN normalize(translate(plain,
        '%s',
        '%s'), NFC);
END $$;
`, name, replaced, capitals, small)
}

// caseTable has each character outside of ASCII that case folding makes another, and
// that other, in the same order.
var caseTable = sync.OnceValues(newCaseTable)

func newCaseTable() (capitals, small string) {
	var a, b strings.Builder
	folded := cases.Fold()
	last := unicode.CaseRanges[len(unicode.CaseRanges)-1].Hi
	for r := rune(0x80); r <= rune(last); r++ {
		if unicode.SimpleFold(r) == r { // what has no other case is not folded, but for some that are written otherwise
			continue
		}
		text := string(r)
		if other := folded.String(text); other != text && norm.NFKD.IsNormalString(text) && doubles.Replace(text) == text {
			a.WriteString(text)
			b.WriteString(other)
		}
	}
	return a.String(), b.String()
}

// class is a table as a class of Postgres's regular expressions.
func class(t *unicode.RangeTable) string {
	var b strings.Builder
	add := func(lo, hi rune) {
		fmt.Fprintf(&b, `\U%08X`, lo)
		if hi != lo {
			fmt.Fprintf(&b, `-\U%08X`, hi)
		}
	}
	for _, r := range t.R16 {
		add(rune(r.Lo), rune(r.Hi))
	}
	for _, r := range t.R32 {
		add(rune(r.Lo), rune(r.Hi))
	}
	return b.String()
}

// quoted is a literal of Postgres in which control characters are written out.
func quoted(text string) string {
	var b strings.Builder
	escaped := false
	for _, r := range text {
		switch {
		case r == '\'':
			b.WriteString("''")
		case r < ' ' || r == 0x85 || r == 0x1680 || r >= 0x2028 && r <= 0x2029:
			escaped = true
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	if escaped {
		return "E'" + b.String() + "'"
	}
	return "'" + b.String() + "'"
}
