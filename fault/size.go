package fault

import (
	"fmt"
	"strconv"
	"strings"
)

// maxSize is the largest size or rate that a kind may name: 1 TiB.
const maxSize = 1 << 40

// Size is a number of bytes. Its text form takes decimal and binary units:
// 512, 512B, 64kB, 16KiB, 1MiB.
type Size int64

// sizeUnit is a unit of the text form.
type sizeUnit struct {
	name  string
	bytes Size
}

// sizeUnits are the units, in the order in which one is tried for writing.
func sizeUnits() []sizeUnit {
	return []sizeUnit{
		{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10},
		{"GB", 1_000_000_000}, {"MB", 1_000_000}, {"kB", 1_000}, {"B", 1},
	}
}

// String writes the size in the largest unit that gives a whole number, a
// binary one before a decimal one.
func (s Size) String() string {
	for _, u := range sizeUnits() {
		if s != 0 && s%u.bytes == 0 {
			return strconv.FormatInt(int64(s/u.bytes), 10) + u.name
		}
	}
	return "0B"
}

// bare is String without the unit where that is B: how an option such as
// bytes=512 has it.
func (s Size) bare() string {
	text := s.String()
	if digits, ok := strings.CutSuffix(text, "B"); ok && digits[len(digits)-1] <= '9' {
		return digits
	}
	return text
}

// parseSize reads a size. A number without a unit is of bytes.
func parseSize(text string) (Size, error) {
	factor, digits := Size(1), text
	for _, u := range sizeUnits() {
		if rest, ok := strings.CutSuffix(text, u.name); ok {
			factor, digits = u.bytes, rest
			break
		}
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("%q is not a size such as 512, 64kB or 16KiB", text)
	}
	if Size(n) > maxSize/factor {
		return 0, fmt.Errorf("%q is more than 1024GiB", text)
	}
	return Size(n) * factor, nil
}
