package fold

import (
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// The table has each character of Unicode that the rule folds by itself.
func TestTheTableOfCasesIsThatOfTheRule(t *testing.T) {
	folded := cases.Fold()
	var a, b strings.Builder
	for r := rune(0x80); r <= unicode.MaxRune; r++ {
		if r >= 0xD800 && r < 0xE000 {
			continue // no characters
		}
		text := string(r)
		if other := folded.String(text); other != text && norm.NFKD.IsNormalString(text) && doubles.Replace(text) == text {
			a.WriteString(text)
			b.WriteString(other)
		}
	}
	capitals, small := caseTable()
	require.Equal(t, a.String(), capitals)
	require.Equal(t, b.String(), small)
}

func BenchmarkCaseTable(b *testing.B) {
	for b.Loop() {
		SQL("f")
		newCaseTable()
	}
}
