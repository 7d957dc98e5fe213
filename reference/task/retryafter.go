package task

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// parseRetryAfter reads a Retry-After header: seconds or an HTTP date in any of its
// three forms (RFC 9110, section 10.2.3). Seconds are whole there; some servers send
// decimals, of which a part of a second counts as one. What is neither, negative or
// past asks for no wait; a number too large for a duration asks for the longest one.
func parseRetryAfter(value string, now time.Time) time.Duration {
	const longest = time.Duration(1<<63 - 1)
	value = strings.TrimSpace(value)
	if whole, part, _ := strings.Cut(value, "."); isDigits(whole) && (isDigits(part) || part == "" && whole == value) {
		seconds, err := strconv.ParseInt(whole, 10, 64)
		if strings.Trim(part, "0") != "" {
			seconds++
		}
		if err != nil || seconds > int64(longest/time.Second) {
			return longest
		}
		return time.Duration(seconds) * time.Second
	}
	date, err := http.ParseTime(value)
	if err != nil {
		return 0
	}
	return max(0, date.Sub(now)) // Sub stops at the longest duration by itself
}

func isDigits(text string) bool { return text != "" && strings.Trim(text, "0123456789") == "" }
