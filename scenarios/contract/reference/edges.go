package reference

import (
	"strings"

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
	"αθήνα", "ΑΘΗΝΑ", "ελλαδα", "việt", "viet", "trường học", "TRUONG", "éléphants", "ELE\u0301PHANTS sète", "ete foret", "jumeaux", "jumeau minute", "a b c d e", "mentfin",
}
