package chaos

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// words reads a text form word by word. After the first error it gives zero
// values, so that a parser may be written without looking at each step.
type words struct {
	left []string
	err  error
}

func (w *words) fail(format string, args ...any) {
	if w.err == nil {
		w.err = fmt.Errorf(format, args...)
	}
}

// next takes the next word; what says what it should be.
func (w *words) next(what string) string {
	if len(w.left) == 0 {
		w.fail("%s is missing", what)
		return ""
	}
	word := w.left[0]
	w.left = w.left[1:]
	return word
}

// keyword takes the next word if it is this one.
func (w *words) keyword(word string) bool {
	if len(w.left) == 0 || w.left[0] != word {
		return false
	}
	w.left = w.left[1:]
	return true
}

// direction takes the next word if it is a direction.
func (w *words) direction() Direction {
	for _, d := range []Direction{Up, Down, Both} {
		if w.keyword(d.String()) {
			return d
		}
	}
	return Unset
}

func (w *words) duration(what string) time.Duration {
	word := w.next(what)
	if w.err != nil {
		return 0
	}
	d, err := time.ParseDuration(word)
	if err != nil {
		w.fail("%s is a time such as 200ms, not %q", what, word)
	}
	return d
}

func (w *words) count(what string) int {
	word := w.next(what)
	if w.err != nil {
		return 0
	}
	n, err := strconv.Atoi(word)
	if err != nil {
		w.fail("%s is a whole number, not %q", what, word)
	}
	return n
}

// bytes takes a size such as 64kB; suffix is what follows the unit, "/s" for a rate.
func (w *words) bytes(what, suffix string) int64 {
	word := w.next(what)
	if w.err != nil {
		return 0
	}
	if body, ok := strings.CutSuffix(word, "B"+suffix); ok {
		for _, u := range byteUnits() {
			digits, ok := strings.CutSuffix(body, u.prefix)
			n, err := strconv.ParseInt(digits, 10, 64)
			if ok && err == nil && n <= maxBytes/u.size {
				return n * u.size
			}
		}
	}
	w.fail("%s is a size such as 64kB%s, not %q", what, suffix, word)
	return 0
}

// end says what was wrong, or that words are left over.
func (w *words) end() error {
	if len(w.left) > 0 {
		w.fail("%q is too much", strings.Join(w.left, " "))
	}
	return w.err
}

// maxBytes is the largest size or rate that a kind may name: 1 TB.
const maxBytes = 1_000_000_000_000

type byteUnit struct {
	prefix string
	size   int64
}

// byteUnits are the decimal units of text forms, largest first.
func byteUnits() []byteUnit {
	return []byteUnit{{"G", 1_000_000_000}, {"M", 1_000_000}, {"k", 1_000}, {"", 1}}
}

// formatBytes writes a size in the largest unit that gives a whole number.
func formatBytes(n int64) string {
	for _, u := range byteUnits() {
		if n%u.size == 0 && n != 0 {
			return strconv.FormatInt(n/u.size, 10) + u.prefix + "B"
		}
	}
	return "0B"
}

// text puts the parts of a text form together, leaving out empty ones.
func text(parts ...string) string {
	kept := parts[:0:0]
	for _, p := range parts {
		if p != "" {
			kept = append(kept, p)
		}
	}
	return strings.Join(kept, " ")
}

// when is the part of a text form that is there only if yes.
func when(yes bool, part string) string {
	if yes {
		return part
	}
	return ""
}
