package fold_test

import (
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"holdfast.dev/holdfast/reference/fold"
)

func TestWhatIsTheSameToAReader(t *testing.T) {
	for _, pair := range [][2]string{
		{"İstanbul", "istanbul"}, {"ıstanbul", "ISTANBUL"}, {"Straße", "STRASSE"}, {"STRAẞE", "strasse"}, {"οδός", "ΟΔΟΣ"},
		{"Ofﬁce", "office"}, {"ＦＵＬＬ", "full"}, {"so\u00adft", "soft"}, {"wi\u200bnd", "wind"}, {"می\u200cخواهم", "میخواهم"},
		{"L’eau", "L'eau"}, {"Hawaiʻi", "hawai'i"}, {"Jean\u2011Luc", "jean-luc"}, {"CO₂", "co2"}, {"300 \u212a", "300 k"},
		{"µ", "μ"}, {"𐐀", "𐐨"}, {"e\u0301", "É"}, {"\u1112\u1161\u11ab", "한"}, {"か\u3099", "が"}, {"Łódź", "lodz"}, {"❤\ufe0f", "❤"},
		{"ᏣᎳᎩ", "ꮳꮃꭹ"}, {"\u13f0", "\u13f8"},
	} {
		require.Equal(t, fold.Text(pair[0]), fold.Text(pair[1]), "%q and %q", pair[0], pair[1])
	}
	for _, pair := range [][2]string{{"か", "が"}, {"하", "한"}, {"a", "b"}, {"h", "ħ"}, {"1", "l"}} {
		require.NotEqual(t, fold.Text(pair[0]), fold.Text(pair[1]), "%q and %q", pair[0], pair[1])
	}
	require.NotContains(t, fold.Text("が"), fold.Text("か"))
	require.NotContains(t, fold.Text("한국"), fold.Text("하"))
}

func TestEachCharacterIsFoldedOnce(t *testing.T) {
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if once := fold.Text(string(r)); fold.Text(once) != once {
			t.Errorf("%U is folded to %q, and that to %q", r, once, fold.Text(once))
		}
	}
}

func TestFoldingTwiceIsFoldingOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		once := fold.Text(rapid.StringOf(rapid.RuneFrom(nil, unicode.Letter, unicode.Mark, unicode.Latin, unicode.Hangul, unicode.Greek)).Draw(t, "text"))
		require.Equal(t, once, fold.Text(once))
	})
}
