package reference

import (
	"math/rand/v2"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"holdfast.dev/holdfast/reference/schema"
	"holdfast.dev/holdfast/scenarios/contract/reference/model"
)

// any draws a query of any shape, now and then one of those at the edges, or one of which
// nothing is left.
func (s questions) any(r *rand.Rand) string {
	switch r.IntN(40) {
	case 0, 1:
		return pick(r, edges)
	case 2:
		return blank(r)
	}
	return s.answerable(r)
}

// blank draws a text without a word: spaces, and characters that nobody sees.
func blank(r *rand.Rand) string {
	unseen := []rune(" \t\u00a0\u3000\u00ad\u0301\u0327\u200b\u200c\u200d\u2060\ufe0f\ufeff")
	text := make([]rune, 1+r.IntN(6))
	for i := range text {
		text[i] = pick(r, unseen)
	}
	return string(text)
}

// answerable draws a query of any shape that has an answer.
func (s questions) answerable(r *rand.Rand) string {
	if r.IntN(6) == 0 {
		return s.narrow(r)
	}
	row, n, all := s.someRow(r), 1+r.IntN(4), r.IntN(2) == 0
	var words []string
	for i := range n {
		if i == n-1 && !all { // of another project: whether some project holds all of them is open
			row = s.someRow(r)
		}
		words = append(words, written(r, someWord(r, row)))
	}
	if len(words) > 1 && r.IntN(8) == 0 {
		words = append(words, words[0])
	}
	query := joined(r, words)
	if utf8.RuneCountInString(norm.NFD.String(query)) > model.MaxQueryLength || strings.TrimSpace(query) == "" {
		return "projet"
	}
	return query
}

// narrow draws some words of one project, now and then many, and a part of a word that may
// be in it: what finds projects by the rarest words, or by the first few, must hold them
// against all others, too.
func (s questions) narrow(r *rand.Rand) string {
	row, n := s.someRow(r), 4
	if r.IntN(3) == 0 {
		n = 8 + r.IntN(6)
	}
	words := strings.Fields(row.Title + " " + row.Description)
	slices.Sort(words)
	words = slices.Compact(words)
	r.Shuffle(len(words), func(i, j int) { words[i], words[j] = words[j], words[i] })
	words = words[:min(len(words), n)]
	other := s.model.Row(1 + r.Int64N(s.model.Projects()))
	part := []rune(strings.Fields(other.Description)[0])
	words = append(words, string(part[:min(len(part), 2+r.IntN(2))]))
	for ; len(words) > 0; words = words[1:] {
		if query := joined(r, words); utf8.RuneCountInString(query) <= model.MaxQueryLength {
			return query
		}
	}
	return row.City // a word that is a page long
}

// someRow draws a project: one that is not seeded, one of the newest or the oldest,
// or any.
func (s questions) someRow(r *rand.Rand) schema.Row {
	further, n := s.further, s.model.Projects()
	switch k := r.IntN(8); {
	case k < 3 && len(further) > 0:
		return pick(r, further)
	case k == 3:
		return s.model.Row(n - r.Int64N(min(n, 50)))
	case k == 4:
		return s.model.Row(1 + r.Int64N(min(n, 50)))
	}
	return s.model.Row(1 + r.Int64N(n))
}

// someWord draws a word of a project, of any of its fields, or a part of one; now and
// then a planted term, or a word that is nowhere.
func someWord(r *rand.Rand, row schema.Row) string {
	switch r.IntN(12) {
	case 0, 1:
		return pick(r, schema.Terms()).Query
	case 2:
		return string(rune('a'+r.IntN(26))) + schema.TermAbsentTwo
	}
	fields := append([]string{row.Title, row.Description, row.Category, row.City}, row.Tags...)
	words := strings.Fields(pick(r, fields))
	if len(words) == 0 {
		return row.City
	}
	word := []rune(pick(r, words))
	if r.IntN(2) == 0 || len(word) == 1 {
		return string(word)
	}
	from := r.IntN(len(word))
	to := from + 1 + r.IntN(len(word)-from)
	if part := string(word[from:to]); strings.ContainsFunc(part, isBase) {
		return part
	}
	return string(word)
}

// isBase reports whether a character stands for itself: an accent alone is no word.
func isBase(r rune) bool { return !unicode.Is(unicode.Mn, r) }

// written writes a word otherwise, in a way that makes no difference.
func written(r *rand.Rand, word string) string {
	switch r.IntN(6) {
	case 0:
		word = upper(word)
	case 1:
		word = mapped(r, word, func(c rune) string { return upper(string(c)) })
	case 2:
		word = strings.ToLower(word)
	}
	switch r.IntN(8) {
	case 0:
		word = withoutAccents(word)
	case 1:
		word = mapped(r, word, accented)
	case 2:
		word = mapped(r, ligatures.Replace(word), otherLetter)
	case 3:
		word = mapped(r, word, fullWidth)
	case 4:
		word = mapped(r, word, func(c rune) string { return string(c) + "\u00ad" })
	}
	switch r.IntN(3) {
	case 0:
		word = norm.NFC.String(word)
	case 1:
		word = norm.NFD.String(word)
	}
	return word
}

// upper writes ß as it was always written in capitals.
func upper(text string) string { return strings.ToUpper(strings.ReplaceAll(text, "ß", "ss")) }

func withoutAccents(text string) string {
	return strings.Map(func(c rune) rune {
		if c >= 0x300 && c <= 0x36f {
			return -1
		}
		return c
	}, norm.NFD.String(text))
}

// mapped writes some characters of a text otherwise.
func mapped(r *rand.Rand, text string, other func(rune) string) string {
	var b strings.Builder
	for _, c := range text {
		if r.IntN(2) == 0 {
			b.WriteString(other(c))
		} else {
			b.WriteRune(c)
		}
	}
	return b.String()
}

// accented puts an accent on a letter.
func accented(c rune) string {
	if unicode.In(c, unicode.Latin, unicode.Cyrillic, unicode.Greek) {
		return string(c) + string([]rune("\u0300\u0301\u0302\u0308\u0327\u030c")[int(c)%6])
	}
	return string(c)
}

// fullWidth is the form of an ASCII character among those of East Asia.
func fullWidth(c rune) string {
	if c > ' ' && c < 0x7f {
		c += 0xFEE0
	}
	return string(c)
}

var ligatures = strings.NewReplacer("oe", "œ", "OE", "Œ", "ae", "æ", "AE", "Æ", "ss", "ß")

// otherLetter is one that counts as the same.
func otherLetter(c rune) string {
	switch c {
	case 'o':
		return "ø"
	case 'O':
		return "Ø"
	case 'l':
		return "ł"
	case 'd':
		return "đ"
	case 'D':
		return "Đ"
	}
	return string(c)
}

// joined puts words in any order, with some white space between and around them.
func joined(r *rand.Rand, words []string) string {
	words = slices.Clone(words)
	r.Shuffle(len(words), func(i, j int) { words[i], words[j] = words[j], words[i] })
	spaces := []string{" ", " ", " ", "  ", "\t", "\n", "\u00a0", "\u2009", "\u3000"}
	query := words[0]
	for _, word := range words[1:] {
		query += pick(r, spaces) + word
	}
	if r.IntN(8) == 0 {
		query = pick(r, spaces) + query + pick(r, spaces)
	}
	return query
}

// around draws queries that find what term does, or nearly: the term with a part of
// a word that every project holds, so that no two in a row are the same text. What
// answers from memory must ask the database all the same.
func around(term string) func(*rand.Rand) string {
	all := []rune(schema.TermEverywhere)
	part := func(r *rand.Rand) string {
		from := r.IntN(len(all))
		return string(all[from : from+1+r.IntN(len(all)-from)])
	}
	return func(r *rand.Rand) string {
		words := []string{term, part(r), part(r), part(r)}
		return joined(r, words)
	}
}

// only asks one query over and over.
func only(query string) func(*rand.Rand) string { return func(*rand.Rand) string { return query } }

func pick[T any](r *rand.Rand, all []T) T { return all[r.IntN(len(all))] }
