package search

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

func TestAQueryIsCutIntoWords(t *testing.T) {
	for _, row := range []struct{ name, raw, want string }{
		{"one word", "forêt", "foret"},
		{"words, the longest first", "la forêt", "foret la"},
		{"white space of every kind around and between", "\u00a0 la\t\u202fforêt\n", "foret la"},
		{"the same word twice, in other letters", "Été ete ÉTÉ", "ete"},
		{"a word that another implies", "ret forêts", "forets"},
		{"ligatures and typographic apostrophes", "l’Œuvre", "l'oeuvre"},
		{"an accent that is a character of its own", "e\u0301te\u0301", "ete"},
		{"punctuation is kept", `100% a_b c:\d`, `100% c:\d a_b`},
	} {
		t.Run(row.name, func(t *testing.T) {
			q, err := parse(row.raw, defaultConfig())
			require.NoError(t, err)
			require.Equal(t, row.raw, q.raw)
			var words []string
			for _, w := range q.words {
				words = append(words, w.text)
			}
			require.Equal(t, row.want, strings.Join(words, " "))
		})
	}
}

func TestAQueryThatCannotBeSearchedForIsRefused(t *testing.T) {
	for _, row := range []struct{ name, raw, why string }{
		{"nothing", "", "empty"},
		{"only white space", " \t\u2009", "empty"},
		{"only an accent, of no letter", "\u0301", "empty"},
		{"too long", strings.Repeat("é", 201), "longer than 200 characters"},
		{"bytes that are not UTF-8", "a\xff", "not valid UTF-8"},
		{"a zero byte, which Postgres has no text for", "a\x00b", "zero byte"},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, err := parse(row.raw, defaultConfig())
			require.ErrorIs(t, err, errQuery)
			require.ErrorContains(t, err, row.why)
		})
	}
}

func TestTheLengthOfAQueryIsCountedInCharacters(t *testing.T) {
	_, err := parse(strings.Repeat("é", 200), defaultConfig())
	require.NoError(t, err)
	_, err = parse(strings.Repeat("é", 5000), Config{MaxQueryLength: 0})
	require.NoError(t, err, "without a bound any length goes")
}

func TestWildcardsStandForThemselvesUnlessLive(t *testing.T) {
	for raw, want := range map[string][2]word{
		"a%":   {{"a%", `%a\%%`, true}, {"a%", "%a%%", false}},
		"a_b":  {{"a_b", `%a\_b%`, true}, {"a_b", "%a_b%", false}},
		`c:\d`: {{`c:\d`, `%c:\\d%`, true}, {`c:\d`, `%c:\d%`, false}},
		"bois": {{"bois", "%bois%", true}, {"bois", "%bois%", true}},
	} {
		q, err := parse(raw, Config{LiteralWildcards: true})
		require.NoError(t, err)
		require.Equal(t, []word{want[0]}, q.words)
		q, err = parse(raw, Config{LiteralWildcards: false})
		require.NoError(t, err)
		require.Equal(t, []word{want[1]}, q.words)
	}
}

func TestLiveWildcardsImplyNothing(t *testing.T) {
	q, err := parse("abc b", Config{LiteralWildcards: false})
	require.NoError(t, err)
	require.Len(t, q.words, 2)
}

func TestGramsAreThoseThatTheDatabaseIndexes(t *testing.T) {
	for text, want := range map[string][]string{
		"é": {"é"}, "qx": {"qx"}, "abc": {"abc"}, "abcab": {"abc", "bca", "cab"}, "aaaa": {"aaa"},
	} {
		require.Equal(t, want, word{text: text}.grams(), text)
	}
}

// likeMatches is LIKE with the default escape character, as Postgres documents it.
func likeMatches(text, pattern []rune) bool {
	switch {
	case len(pattern) == 0:
		return len(text) == 0
	case pattern[0] == '%':
		return likeMatches(text, pattern[1:]) || len(text) > 0 && likeMatches(text[1:], pattern)
	case len(text) == 0:
		return false
	case pattern[0] == '\\' && len(pattern) > 1:
		return text[0] == pattern[1] && likeMatches(text[1:], pattern[2:])
	case pattern[0] == '_':
		return likeMatches(text[1:], pattern[1:])
	}
	return text[0] == pattern[0] && likeMatches(text[1:], pattern[1:])
}

func FuzzAnEscapedPatternMatchesTheTextAloneAndAnywhere(f *testing.F) {
	for _, seed := range []string{"100%", "a_b", `c:\d`, `\`, `%%_\%`, "é"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if !utf8.ValidString(text) || len(text) > 50 {
			t.Skip()
		}
		escaped := escapeLike(text)
		require.True(t, likeMatches([]rune(text), []rune(escaped)))
		require.True(t, likeMatches([]rune("x"+text+"y"), []rune("%"+escaped+"%")))
		for i, r := range []rune(text) { // any other character in any place does not match
			other := []rune(text)
			other[i] = r + 1
			require.False(t, likeMatches(other, []rune(escaped)), "%q matches %q", escaped, string(other))
		}
	})
}

func FuzzParsedWordsAreNormalisedAndHaveNoSpaces(f *testing.F) {
	for _, seed := range []string{"", "Été", "a b\u00a0c", "100% a_b", "ǅ İ ﬁ", strings.Repeat("x ", 150)} {
		f.Add(seed, true)
		f.Add(seed, false)
	}
	f.Fuzz(func(t *testing.T, raw string, literal bool) {
		c := defaultConfig()
		c.LiteralWildcards = literal
		q, err := parse(raw, c)
		if err != nil {
			require.ErrorIs(t, err, errQuery)
			return
		}
		require.NotEmpty(t, q.words)
		require.LessOrEqual(t, len(q.words), 100)
		for _, w := range q.words {
			require.Equal(t, w.text, strings.Join(strings.Fields(w.text), ""))
			require.NotEmpty(t, w.text)
			require.NotEmpty(t, w.grams())
		}
	})
}
