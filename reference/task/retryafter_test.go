package task

import (
	"math"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var noon = time.Date(2026, time.March, 1, 12, 0, 0, 0, time.UTC)

func TestRetryAfterInAllItsForms(t *testing.T) {
	const longest = time.Duration(math.MaxInt64)
	for value, want := range map[string]time.Duration{
		"":                                  0,
		"0":                                 0,
		"1":                                 time.Second,
		" 120 ":                             2 * time.Minute,
		"007":                               7 * time.Second,
		"3600":                              time.Hour,
		"-5":                                0,
		"+5":                                0,
		"1.5":                               2 * time.Second,
		"4.0":                               4 * time.Second,
		"0.001":                             time.Second,
		".5":                                0,
		"5.":                                0,
		"1.5.2":                             0,
		"1,5":                               0,
		"9223372036.5":                      longest,
		"1e3":                               0,
		"0x10":                              0,
		"5 seconds":                         0,
		"soon":                              0,
		"5, 7":                              0,
		"٣":                                 0, // a digit, but not HTTP's
		"9223372036":                        9223372036 * time.Second,
		"9223372037":                        longest, // more than a duration holds
		"99999999999999999999999":           longest, // more than 64 bits hold
		"Sun, 01 Mar 2026 12:00:30 GMT":     30 * time.Second,
		"Sun, 01 Mar 2026 11:00:00 GMT":     0,
		"Sunday, 01-Mar-26 12:00:01 GMT":    time.Second, // the older forms of a date
		"Sun Mar  1 12:00:02 2026":          2 * time.Second,
		"Fri, 31 Dec 9999 23:59:59 GMT":     longest,
		"Sun, 01 Mar 2026 12:00:30 +0100":   0, // HTTP knows GMT only
		"2026-03-01T12:00:30Z":              0,
		"Sun, 41 Mar 2026 12:00:30 GMT":     0,
		"Thu, 01 Jan 1970 00:00:00 GMT":     0,
		"Sun, 01 Mar 2026 12:00:30 GMT; a":  0,
		"Sun, 01 Mar 2026 12:00:30 GMT\x00": 0,
	} {
		require.Equal(t, want, parseRetryAfter(value, noon), "%q", value)
	}
}

func FuzzRetryAfter(f *testing.F) {
	for _, value := range []string{"", "0", "120", "-1", "soon", "99999999999999999999", "Sun, 01 Mar 2026 12:00:30 GMT"} {
		f.Add(value)
	}
	c := defaultConfig()
	f.Fuzz(func(t *testing.T, value string) {
		asked := parseRetryAfter(value, noon)
		if asked < 0 {
			t.Fatalf("%q asks for %v", value, asked)
		}
		if date, err := http.ParseTime(value); err == nil && date.Before(noon) && asked != 0 {
			t.Fatalf("%q has passed and yet asks for %v", value, asked)
		}
		most := time.Duration(float64(c.MaxRetryAfter) * (1 + c.Jitter))
		if wait := c.countdown(classRule{Area: areaStatus}, 0, asked, 0.999); wait <= 0 || wait > most {
			t.Fatalf("%q leads to a wait of %v", value, wait)
		}
	})
}
