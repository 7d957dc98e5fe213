package traffic

import (
	"strconv"
	"time"
)

// layouts are the notations of time in logs: Apache's and nginx's, ISO 8601, and what
// programs print.
var layouts = []string{
	"02/Jan/2006:15:04:05 -0700",
	time.RFC3339Nano,
	"2006-01-02T15:04:05.999999999Z0700",
	"2006-01-02 15:04:05.999999999 -0700",
	"2006-01-02T15:04:05.999999999",
	"2006-01-02 15:04:05.999999999",
	"2006/01/02 15:04:05",
}

// timeOf reads a time, or seconds, milliseconds and so on since 1970. It is zero where
// nothing is known by it.
func timeOf(text string) time.Time {
	if n, err := strconv.ParseFloat(text, 64); err == nil {
		return epoch(n)
	}
	for _, layout := range layouts {
		if len(text) > 2 && (layout[2] == '/') != (text[2] == '/') {
			continue // a failed parse costs more than all the rest of the line
		}
		if at, err := time.Parse(layout, text); err == nil {
			return at
		}
	}
	return time.Time{}
}

// epoch is a number of seconds since 1970, or of a thousandth, a millionth, a billionth
// of them: which, is told by its size.
func epoch(n float64) time.Time {
	if n <= 0 || n > 1e19 {
		return time.Time{}
	}
	for n >= 1e11 {
		n /= 1000
	}
	return time.Unix(0, int64(n*float64(time.Second)))
}
