package reference

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"holdfast.dev/holdfast/reference/schema"
	"holdfast.dev/holdfast/scenarios/contract/reference/model"
)

// edges are queries at the edges: the longest and beyond, bad ones, characters that
// mean something elsewhere, and words of the further projects in another writing.
var edges = []string{
	strings.Repeat("é", model.MaxQueryLength), strings.Repeat("é", model.MaxQueryLength+1), strings.Repeat("é", 5000),
	// Characters that are two or none when they are compared count as one.
	strings.Repeat("œ", model.MaxQueryLength), strings.Repeat("œ", model.MaxQueryLength+1), "a" + strings.Repeat("\u00ad", model.MaxQueryLength),
	strings.Repeat("projet ", 28) + "proj", strings.Repeat("projet ", 28) + "proje",
	"", " ", "\t\n\u00a0", "\u00ad", "\u200b\u200d", "\u0301", " \u2060\ufeff ", "\xff", "caf\xc3", "e\xe9", "a\x00b",
	schema.TermAccents, schema.TermPercent, schema.TermUnderscore, schema.TermBackslash, "%", "_", `\`, "%%", "__", `\\`, `\%`, "%projet%", "p_ojet", "projet%", `projet\`,
	"'", `"`, "--", ";", "*", "?", "(", "[a-z]", "^projet$", "a|b", "&", "#", "+", "<b>", "null", "{}", "$1", "😀", "🌳", "日本",
	"œuvre", "oeuvre", "ŒUVRE", "manœuvre", "bœuf", "ÆRØ", "aero", "straße", "STRASSE", "fußball gießen", "fluß", "fluss", "smørrebrød", "SMORREBROD", "øresund københavn",
	"łódź", "lodz", "ŁABĘDŹ", "đakovo", "DAKOVO đak", "ålesund", "A\u030alesund", "izmir", "İZMİR", "I\u0307stanbul", "çiçek", "ёлка", "ЕЛКА", "Й", "їжа", "ПРОЕКТ київ",
	"αθήνα", "ΑΘΗΝΑ", "ελλαδα", "việt", "viet", "trường học", "TRUONG", "éléphants", "ELE\u0301PHANTS sète", "ete foret", "jumeaux", "jumeau minute", "a b c d e", "mentfin", schema.TermRareOld + " " + schema.TermHalfPercentOld,
}

// edges are the queries at the edges, and what the further projects are made of, just as
// it is written there: so each character that stands for another is asked for once.
func (s questions) edges() []string {
	all := slices.Clone(edges)
	for _, row := range s.further {
		var query []string
		length := 0
		for _, word := range strings.Fields(strings.Join(append([]string{row.Title, row.Description, row.Category, row.City}, row.Tags...), " ")) {
			n := utf8.RuneCountInString(norm.NFD.String(word))
			if isASCII(word) || n > model.MaxQueryLength || slices.Contains(query, word) {
				continue
			}
			if len(query) == mostAtOnce || length+n+len(query) > model.MaxQueryLength {
				all, query, length = append(all, strings.Join(query, " ")), nil, 0
			}
			query, length = append(query, word), length+n
		}
		if len(query) > 0 {
			all = append(all, strings.Join(query, " "))
		}
	}
	return all
}

// mostAtOnce is how many words are asked for at once.
const mostAtOnce = 8

func isASCII(text string) bool {
	return !strings.ContainsFunc(text, func(c rune) bool { return c > unicode.MaxASCII })
}
