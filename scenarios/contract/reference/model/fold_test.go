package model

import (
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// What a text begins with is found in it: no letter joins the one before it.
func TestLettersDoNotJoin(t *testing.T) {
	require.Contains(t, fold("και"), fold("κα"))
	letter := rapid.RuneFrom(nil, unicode.Latin, unicode.Greek, unicode.Cyrillic, unicode.Armenian, unicode.Georgian, unicode.Cherokee).
		Filter(func(r rune) bool { return unicode.IsLetter(r) })
	rapid.Check(t, func(t *rapid.T) {
		begin, rest := string(rapid.SliceOfN(letter, 1, 4).Draw(t, "begin")), string(rapid.SliceOfN(letter, 1, 4).Draw(t, "rest"))
		require.True(t, strings.HasPrefix(fold(begin+rest), fold(begin)), "%q", begin+rest)
	})
}
