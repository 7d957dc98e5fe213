package fault

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// size is a number of bytes in the text form: 16KiB, 1MiB, 512.
type size int64

type sizeUnit struct {
	name  string
	bytes size
}

func sizeUnits() [3]sizeUnit {
	return [3]sizeUnit{{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}}
}

// String returns the size in the largest unit that divides it.
func (s size) String() string {
	for _, u := range sizeUnits() {
		if s != 0 && s%u.bytes == 0 {
			return strconv.FormatInt(int64(s/u.bytes), 10) + u.name
		}
	}
	return strconv.FormatInt(int64(s), 10)
}

func parseSize(text string) (size, error) {
	factor, digits := size(1), text
	for _, u := range sizeUnits() {
		if rest, ok := strings.CutSuffix(text, u.name); ok {
			factor, digits = u.bytes, rest
		}
	}
	n, err := strconv.ParseInt(digits, 10, 40)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("%q is not a size such as 512, 16KiB or 1MiB", text)
	}
	if n > 1<<40/int64(factor) {
		return 0, fmt.Errorf("%q is more than 1024GiB", text)
	}
	return size(n) * factor, nil
}

// words joins a head and name=value pairs, leaving out values that are zero.
func words(head string, pairs ...any) string {
	var b strings.Builder
	b.WriteString(head)
	for i := 0; i < len(pairs); i += 2 {
		if text := word(pairs[i+1]); text != "" {
			fmt.Fprintf(&b, " %s=%s", pairs[i], text)
		}
	}
	return b.String()
}

func word(v any) string {
	switch v := v.(type) {
	case time.Duration:
		if v == 0 {
			return ""
		}
		return v.String()
	case float64:
		if v == 0 {
			return ""
		}
		return strconv.FormatFloat(v, 'g', -1, 64)
	case int:
		if v == 0 {
			return ""
		}
		return strconv.Itoa(v)
	case size:
		if v == 0 {
			return ""
		}
		return v.String()
	default:
		return fmt.Sprint(v)
	}
}
