package task

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// parseRetryAfter reads a Retry-After header: whole seconds or an HTTP date
// (RFC 9110, section 10.2.3). What is neither, negative or past asks for no wait;
// a number too large for a duration asks for the longest one.
func parseRetryAfter(value string, now time.Time) time.Duration {
	const longest = time.Duration(1<<63 - 1)
	value = strings.TrimSpace(value)
	if digits := strings.Trim(value, "0123456789"); value != "" && digits == "" {
		seconds, err := strconv.ParseInt(value, 10, 64)
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
