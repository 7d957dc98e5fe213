package search

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"holdfast.dev/holdfast/reference/fold"
)

// errQuery is in the chain of every error about a query that cannot be
// searched for; the error's text may be shown to whoever asked.
var errQuery = errors.New("bad query")

// query is what was asked, ready to be searched for.
type query struct {
	raw   string
	words []word // at least one, the longest first
}

// word is one word that a document must hold a part of.
type word struct {
	text    string // normalised
	pattern string // for LIKE
	literal bool   // pattern matches text and nothing else
}

// parse checks a query and cuts it into words.
func parse(raw string, c Config) (query, error) {
	switch {
	case !utf8.ValidString(raw):
		return query{}, fmt.Errorf("%w: the query is not valid UTF-8", errQuery)
	case strings.ContainsRune(raw, 0):
		return query{}, fmt.Errorf("%w: the query holds a zero byte", errQuery)
	case c.MaxQueryLength > 0 && utf8.RuneCountInString(raw) > c.MaxQueryLength:
		return query{}, fmt.Errorf("%w: the query is longer than %d characters", errQuery, c.MaxQueryLength)
	}
	q := query{raw: raw}
	for _, text := range distinct(strings.Fields(fold.Text(raw)), c.LiteralWildcards) {
		q.words = append(q.words, newWord(text, c.LiteralWildcards))
	}
	if len(q.words) == 0 {
		return query{}, fmt.Errorf("%w: the query is empty", errQuery)
	}
	return q, nil
}

// distinct sorts the words, the longest first, and drops those that a longer
// one implies by holding them as a part. Where wildcards are live, only equal
// words imply each other.
func distinct(words []string, literal bool) []string {
	slices.SortFunc(words, func(a, b string) int {
		return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a, b))
	})
	var kept []string
	for _, text := range words {
		implied := slices.ContainsFunc(kept, func(longer string) bool {
			return longer == text || literal && strings.Contains(longer, text)
		})
		if !implied {
			kept = append(kept, text)
		}
	}
	return kept
}

func newWord(text string, literal bool) word {
	if literal {
		return word{text: text, pattern: "%" + escapeLike(text) + "%", literal: true}
	}
	return word{text: text, pattern: "%" + text + "%", literal: !strings.ContainsAny(text, `%_\`)}
}

// patterns returns the words' LIKE patterns.
func patterns(words []word) []string {
	all := make([]string, len(words))
	for i, w := range words {
		all[i] = w.pattern
	}
	return all
}

// grams returns the substrings by which the word is looked up: its own three
// characters in a row, or the whole of a shorter one. The database has them
// from search_grams.
func (w word) grams() []string {
	runes := []rune(w.text)
	if len(runes) <= 3 {
		return []string{w.text}
	}
	all := make([]string, 0, len(runes)-2)
	for i := range len(runes) - 2 {
		all = append(all, string(runes[i:i+3]))
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// escapeLike makes every character of a LIKE pattern stand for itself.
func escapeLike(text string) string {
	return strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(text)
}
