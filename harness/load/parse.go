package load

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"holdfast.dev/holdfast/nearest"
)

// ProfileForms are the ways to write a profile that [ParseProfile] reads. Parts
// that follow each other have ", then " between them.
func ProfileForms() []string {
	return []string{
		"200/s for 10s", "50/s to 200/s over 10s", "bursts of 50 every 500ms for 6s",
		"steps of 10/s, 20/s, 5s each", "waves of 50/s to 150/s every 20s for 1m",
	}
}

// ParseProfile reads a profile in its text form, for example "200/s for 10s" or
// "50/s to 200/s over 10s, then 200/s for 1m". It is the inverse of
// [Profile.String].
func ParseProfile(text string) (Profile, error) {
	var parts []Profile
	for _, t := range strings.Split(text, strings.TrimSuffix(andThen, " ")) {
		p, err := parsePart(t)
		if err != nil {
			return nil, fmt.Errorf("profile %q: %w", text, err)
		}
		parts = append(parts, p)
	}
	return Sequence(parts...), nil
}

func parsePart(text string) (Profile, error) {
	w := &wording{rest: strings.Fields(text)}
	switch w.peek() {
	case "":
		return nil, fmt.Errorf("nothing is planned; %s", formsHint())
	case "bursts":
		p := bursts{}
		w.word("bursts", "of")
		p.size = w.count()
		p.every = w.length("every")
		p.d = w.length("for")
		return p, w.end(2)
	case "steps":
		return parseSteps(w)
	case "waves":
		p := waves{}
		w.word("waves", "of")
		p.low, p.high = w.rate(), w.rateAfter("to")
		p.period, p.d = w.length("every"), w.length("for")
		if p.high < p.low {
			w.fail(errors.New("waves go from the lower rate to the higher one"))
		}
		return p, w.end(4)
	}
	if first := w.peek(); first[0] < '0' || first[0] > '9' {
		return nil, fmt.Errorf("%q begins no profile%s; %s", first, nearest.Hint(first, []string{"bursts", "steps", "waves"}), formsHint())
	}
	p := ramp{from: w.rate()}
	if w.peek() == "to" {
		p.to, p.d = w.rateAfter("to"), w.length("over")
		return p, w.end(1)
	}
	p.to, p.d = p.from, w.length("for")
	return p, w.end(0)
}

// parseSteps reads "steps of 10/s, 20/s, 5s each".
func parseSteps(w *wording) (Profile, error) {
	w.word("steps", "of")
	var rates []float64
	for strings.HasSuffix(w.peek(), ",") {
		w.rest[0] = strings.TrimSuffix(w.rest[0], ",")
		rates = append(rates, w.rate())
	}
	if len(rates) == 0 {
		w.fail(errors.New("there is no step: a comma follows each rate"))
	}
	each := w.length("")
	w.word("each")
	if err := w.end(3); err != nil {
		return nil, err
	}
	return Steps(each, rates...), nil
}

func formsHint() string { return `write it as "` + strings.Join(ProfileForms(), `", "`) + `"` }

// wording is a text that is read word by word. What comes after a mistake is read
// as nothing.
type wording struct {
	rest []string
	err  error
}

func (w *wording) fail(err error) {
	if w.err == nil {
		w.err = err
	}
}

// peek returns the next word, or nothing at the end.
func (w *wording) peek() string {
	if len(w.rest) == 0 {
		return ""
	}
	return w.rest[0]
}

func (w *wording) next(what string) string {
	if len(w.rest) == 0 {
		w.fail(fmt.Errorf("%s is missing at the end", what))
		return ""
	}
	word := w.rest[0]
	w.rest = w.rest[1:]
	return word
}

// word reads words that must stand here.
func (w *wording) word(words ...string) {
	for _, want := range words {
		if got := w.next(strconv.Quote(want)); got != want {
			w.fail(fmt.Errorf("%q stands where %q should", got, want))
		}
	}
}

func readAs[T any](w *wording, what string, parse func(string) (T, error)) T {
	v, err := parse(w.next(what))
	if err != nil {
		w.fail(err)
	}
	return v
}

func (w *wording) rate() float64 { return readAs(w, "a rate", parseRate) }

func (w *wording) rateAfter(word string) float64 {
	w.word(word)
	return w.rate()
}

// length reads a time after a word; without one, the time alone.
func (w *wording) length(word string) time.Duration {
	if word != "" {
		w.word(word)
	}
	return readAs(w, "a time", parseLength)
}

func (w *wording) count() int64 {
	return readAs(w, "a number", func(text string) (int64, error) {
		n, err := strconv.ParseInt(text, 10, 32)
		if err != nil || n <= 0 {
			return 0, fmt.Errorf("%q is no number of requests", text)
		}
		return n, nil
	})
}

// done reports the first mistake, or words that are left.
func (w *wording) done() error {
	if len(w.rest) > 0 {
		w.fail(fmt.Errorf("%q is too much", strings.Join(w.rest, " ")))
	}
	return w.err
}

// end is done with the form of a profile that was meant.
func (w *wording) end(form int) error {
	if err := w.done(); err != nil {
		return fmt.Errorf("%w; write it as %q", err, ProfileForms()[form])
	}
	return nil
}
