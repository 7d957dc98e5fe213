package manifest

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Duration is a time such as 500ms, 10s or 1m30s.
type Duration time.Duration

// longest is the longest time that is read.
const longest = 24 * time.Hour

// Pattern is what each of its texts looks like.
func (Duration) Pattern() string { return `^(0|([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h))+)$` }

// UnmarshalText reads it.
func (d *Duration) UnmarshalText(text []byte) error {
	parsed, err := time.ParseDuration(string(text))
	switch {
	case err != nil && strings.Trim(string(text), "0123456789.") == "" && len(text) > 0:
		return fmt.Errorf("%q has no unit; write %ss or %sms", text, text, text)
	case err != nil:
		return fmt.Errorf("%q is no time such as 500ms, 10s or 1m30s", text)
	case parsed < 0:
		return fmt.Errorf("%s is before it begins", text)
	case parsed > longest:
		return fmt.Errorf("%s is longer than a day", text)
	case strings.ContainsAny(string(text), "+-"):
		return fmt.Errorf("%q is no time such as 500ms, 10s or 1m30s", text)
	}
	*d = Duration(parsed)
	return nil
}

// MarshalText writes it as people do: 1m30s, and 2m for 2m0s.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// String is the text that is read back.
func (d Duration) String() string {
	s := time.Duration(d).String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// Size is a number of bytes: 512MiB, 100MB, or as Compose has it, 512m.
type Size uint64

// sizeUnit is a unit of a size.
type sizeUnit struct {
	name  string
	bytes uint64
}

// sizeUnits are those that are read; the first of each size is the one that is written.
func sizeUnits() []sizeUnit {
	return []sizeUnit{
		{"TiB", 1 << 40}, {"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10},
		{"GB", 1e9}, {"MB", 1e6}, {"kB", 1e3}, {"g", 1 << 30}, {"m", 1 << 20}, {"k", 1 << 10}, {"b", 1}, {"B", 1},
	}
}

var sizeForm = regexp.MustCompile(Size(0).Pattern())

// Pattern is what each of its texts looks like.
func (Size) Pattern() string { return `^([0-9]{1,15})(TiB|GiB|MiB|KiB|GB|MB|kB|g|m|k|b|B)$` }

// UnmarshalText reads it.
func (s *Size) UnmarshalText(text []byte) error {
	m := sizeForm.FindStringSubmatch(string(text))
	if m == nil {
		return fmt.Errorf("%q is no size such as 512MiB or 100MB", text)
	}
	n, err := strconv.ParseUint(m[1], 10, 64)
	if err != nil {
		return fmt.Errorf("%q is no size: %w", text, err)
	}
	for _, u := range sizeUnits() {
		if u.name == m[2] {
			if n > 1<<50/u.bytes {
				return fmt.Errorf("%s is more than any machine has", text)
			}
			*s = Size(n * u.bytes)
		}
	}
	return nil
}

// MarshalText writes it in the largest unit that gives a whole number.
func (s Size) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// String is the text that is read back.
func (s Size) String() string {
	for _, u := range sizeUnits() {
		if s > 0 && uint64(s)%u.bytes == 0 {
			return strconv.FormatUint(uint64(s)/u.bytes, 10) + u.name
		}
	}
	return "0B"
}
