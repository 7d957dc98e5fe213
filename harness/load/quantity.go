package load

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// rateText writes a rate, for example 200/s, so that parseRate reads the same.
func rateText(rate float64) string { return strconv.FormatFloat(rate, 'f', -1, 64) + "/s" }

// maxRate bounds a rate that is read, in requests per second.
const maxRate = 1e9

var rateForm = regexp.MustCompile(`^([0-9]+(?:\.[0-9]+)?)/(s|min|h)$`)

// parseRate reads a rate as requests per second: 200/s, 90/min, 20/h.
func parseRate(text string) (float64, error) {
	m := rateForm.FindStringSubmatch(text)
	if m == nil {
		return 0, fmt.Errorf("%q is no rate such as 200/s, 90/min or 20/h", text)
	}
	rate, err := strconv.ParseFloat(m[1], 64)
	if err != nil {
		return 0, fmt.Errorf("%q is no rate: %w", text, err)
	}
	rate /= map[string]float64{"s": 1, "min": 60, "h": 3600}[m[2]]
	if rate > maxRate {
		return 0, fmt.Errorf("%s is more than %s", text, rateText(maxRate))
	}
	return rate, nil
}

// lengthText writes a duration as people do: 1m30s, and 2m for 2m0s.
func lengthText(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// parseLength reads a duration that is longer than nothing.
func parseLength(text string) (time.Duration, error) {
	d, err := time.ParseDuration(text)
	if err != nil {
		return 0, fmt.Errorf("%q is no time such as 10s, 500ms or 1m30s", text)
	}
	if d <= 0 {
		return 0, fmt.Errorf("%s is no time that lasts", text)
	}
	return d, nil
}
