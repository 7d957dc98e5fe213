package model

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	other "holdfast.dev/holdfast/reference/fold"
)

// The characters that count as the same here and those that do to the reference, whose
// rule was written apart: each pair of classes is one and the same, for all characters
// of Unicode.
func TestTheSameCharactersAreAlikeForTheReference(t *testing.T) {
	here, there := map[string]string{}, map[string]string{} // from one's text to the other's
	for r := rune(1); r <= unicode.MaxRune; r++ {
		if !utf8.ValidRune(r) || unicode.Is(unicode.Co, r) || unicode.IsSpace(r) { // at spaces both take a query apart
			continue
		}
		a, b := fold(string(r)), other.Text(string(r))
		if known, ok := here[a]; ok && known != b {
			t.Errorf("%U: alike here with one that is %q there, and is %q there", r, known, b)
		}
		if known, ok := there[b]; ok && known != a {
			t.Errorf("%U: alike there with one that is %q here, and is %q here", r, known, a)
		}
		here[a], there[b] = b, a
	}
	require.Greater(t, len(here), 100_000)
}

// Nor do texts of several characters, which may join, differ in what is found in them.
func TestTheSameIsFoundByTheReference(t *testing.T) {
	graphic := rapid.RuneFrom(nil, unicode.L, unicode.M, unicode.N, unicode.P, unicode.S)
	near := rapid.RuneFrom(nil, unicode.Latin, unicode.Greek, unicode.Mn)
	some := rapid.SliceOfN(rapid.SliceOfN(rapid.OneOf(graphic, near), 1, 6), 30, 30)
	rapid.Check(t, func(t *rapid.T) {
		for _, text := range some.Draw(t, "texts") {
			whole := string(text)
			for from := range text {
				for to := from + 1; to <= len(text); to++ {
					part := string(text[from:to])
					require.Equal(t, strings.Contains(other.Text(whole), other.Text(part)), strings.Contains(fold(whole), fold(part)), "%q in %q", part, whole)
				}
			}
		}
	})
}
