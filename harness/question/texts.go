package question

import (
	"iter"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Texts yields texts that are simpler than one: each of its words alone, all but
// one of them, halves, all but the first or last character, plain spaces between
// words, lower case, no accents.
func Texts(text string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, next := range simpler(text) {
			if next != text && !yield(next) {
				return
			}
		}
	}
}

func simpler(text string) []string {
	var all []string
	words := strings.Fields(text)
	if len(words) > 1 {
		all = append(all, words...)
		for i := range words {
			rest := append(append([]string{}, words[:i]...), words[i+1:]...)
			all = append(all, strings.Join(rest, " "))
		}
	}
	if runes := []rune(text); len(runes) > 1 {
		half := len(runes) / 2
		all = append(all, string(runes[:half]), string(runes[half:]), string(runes[1:]), string(runes[:len(runes)-1]))
		if len(runes) <= 12 { // what stands in the midst counts where little is left
			for i := 1; i < len(runes)-1; i++ {
				all = append(all, string(runes[:i])+string(runes[i+1:]))
			}
		}
	}
	// What is only written otherwise is simpler only in this order: it comes to an end.
	return append(all, strings.Join(words, " "), strings.ToLower(text), composed(text), withoutAccents(text))
}

// composed is a text with as few characters as it can be written in.
func composed(text string) string { return norm.NFC.String(text) }

func withoutAccents(text string) string {
	return composed(strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return r
	}, norm.NFD.String(text)))
}
