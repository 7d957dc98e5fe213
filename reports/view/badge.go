package view

import (
	"math"
	"strconv"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
)

// Badge is a verdict as word and mark.
type Badge struct {
	Is                result.Verdict
	Class, Mark, Word string
	Means             string // the [Word] of the page that explains it; empty: none does
}

// badgeOf is how a verdict is shown.
func badgeOf(v result.Verdict) Badge {
	class := string(v)
	if !v.Valid() {
		class = "none"
	}
	return Badge{Is: v, Class: class, Mark: v.Mark(), Word: v.Label()}
}

// Text is the badge in one piece of text.
func (b Badge) Text() string { return b.Mark + nbsp + b.Word }

// Bar is how much of its limit a value used: the limit's mark is at two thirds
// of the width, and the bar is cut at one and a half limits.
type Bar struct {
	Width string // percent
	Text  string
	Over  bool
}

func barOf(c result.Check) *Bar {
	used, ok := verdict.LimitUsed(c)
	if !ok {
		return nil
	}
	width := strconv.FormatFloat(min(used, 1.5)/1.5*100, 'f', 1, 64)
	return &Bar{Width: width + "%", Text: usedText(used), Over: used > 1}
}

// usedText says how the value stands to the limit.
func usedText(used float64) string {
	switch {
	case used >= verdict.FarPast:
		return "far past the limit"
	case used >= 10:
		return result.Number(math.Round(used)) + "× the limit"
	case used >= 1.995:
		return strconv.FormatFloat(used, 'f', 1, 64) + "× the limit"
	case used > 1 && used < 1.005:
		return "just past the limit"
	case used < 0.005:
		return "under 1" + nbsp + "% of the limit"
	default:
		return strconv.FormatFloat(used*100, 'f', 0, 64) + nbsp + "% of the limit"
	}
}
