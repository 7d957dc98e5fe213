package fault

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// words are the words after a kind's name. Reading one uses it up; what is left
// over is an error. An option is written name=value, or as two words: gap=2ms
// and "gap 2ms" are the same. Options are to be read before flags and other
// words, since their values may look like one.
type words struct {
	left  []string
	taken []string // names of the options that were there
	errs  []error
}

func (w *words) fail(format string, v ...any) { w.errs = append(w.errs, fmt.Errorf(format, v...)) }

func (w *words) take(i int) string {
	word := w.left[i]
	w.left = slices.Delete(w.left, i, i+1)
	return word
}

// next takes the next word that is no option; what says what it should be.
func (w *words) next(what string) string {
	word := w.nextOr("")
	if word == "" {
		w.fail("%s is missing", what)
	}
	return word
}

func (w *words) nextOr(otherwise string) string {
	i := slices.IndexFunc(w.left, func(word string) bool { return !strings.Contains(word, "=") })
	if i < 0 {
		return otherwise
	}
	return w.take(i)
}

// flag takes the word if it is there.
func (w *words) flag(word string) bool {
	i := slices.Index(w.left, word)
	if i >= 0 {
		w.take(i)
	}
	return i >= 0
}

// direction takes the first word that is a direction.
func (w *words) direction() Direction {
	for i, word := range w.left {
		for _, d := range []Direction{Up, Down, Both} {
			if word == d.String() {
				w.take(i)
				return d
			}
		}
	}
	return Unset
}

// option takes the value of an option; empty if it is not there.
func (w *words) option(name string) string {
	for i, word := range w.left {
		value, ok := strings.CutPrefix(word, name+"=")
		switch {
		case ok && value == "":
			w.fail("%s= has no value", name)
		case !ok && word == name && i+1 < len(w.left):
			value = w.take(i + 1)
		case !ok && word == name:
			w.fail("%s has no value", name)
		case !ok:
			continue
		}
		w.take(i)
		w.taken = append(w.taken, name)
		return value
	}
	return ""
}

// Options and words of a type. A value that is wrong is noted, and read as 0.

func (w *words) duration(name string) time.Duration { return w.durationOr(name, 0) }

func (w *words) durationOr(name string, otherwise time.Duration) time.Duration {
	value := w.option(name)
	if value == "" {
		return otherwise
	}
	return w.toDuration(name, value)
}

func (w *words) toDuration(name, value string) time.Duration {
	d, err := time.ParseDuration(value)
	if err != nil {
		w.fail("%s is a time such as 200ms, not %q", name, value)
	}
	return d
}

func (w *words) number(name string) float64 {
	value := w.option(name)
	if value == "" {
		return 0
	}
	f, err := strconv.ParseFloat(value, 64)
	if err != nil {
		w.fail("%s is a number, not %q", name, value)
	}
	return f
}

func (w *words) count(name string) int { return w.countOr(name, 0) }

func (w *words) countOr(name string, otherwise int) int {
	value := w.option(name)
	if value == "" {
		return otherwise
	}
	return w.toCount(name, value)
}

func (w *words) toCount(name, value string) int {
	n, err := strconv.Atoi(value)
	if err != nil {
		w.fail("%s is a whole number, not %q", name, value)
	}
	return n
}

func (w *words) sizeOr(name string, otherwise Size) Size {
	value := w.option(name)
	if value == "" {
		return otherwise
	}
	return w.toSize(name, value)
}

func (w *words) toSize(name, value string) Size {
	n, err := parseSize(value)
	if err != nil {
		w.fail("%s: %w", name, err)
	}
	return n
}

// nextDuration, nextCount and nextSize take the next word; where it is missing,
// that is all that is said of it.

func (w *words) nextDuration(what string) time.Duration {
	if word := w.next(what); word != "" {
		return w.toDuration(what, word)
	}
	return 0
}

func (w *words) nextCount(what string) int {
	if word := w.next(what); word != "" {
		return w.toCount(what, word)
	}
	return 0
}

func (w *words) nextSize(what string) Size {
	if word := w.next(what); word != "" {
		return w.toSize(what, word)
	}
	return 0
}

// nextRate takes a size for each second; the "/s" may be left out.
func (w *words) nextRate(what string) Size {
	if word := w.next(what); word != "" {
		return w.toSize(what, strings.TrimSuffix(word, "/s"))
	}
	return 0
}

// end reports all that was wrong, and what was not understood.
func (w *words) end() error {
	for _, word := range w.left {
		name, _, option := strings.Cut(word, "=")
		switch {
		case option && slices.Contains(w.taken, name):
			w.fail("%s is there twice", name)
		case option:
			w.fail("option %s is not understood here", name)
		default:
			w.fail("%q is not understood here", word)
		}
	}
	return errors.Join(w.errs...)
}
