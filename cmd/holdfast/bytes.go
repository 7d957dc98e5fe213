package main

import (
	"errors"
	"strconv"
	"strings"
)

// parseBytes reads a size as container engines write it: a whole number with
// b, k, m or g, powers of 1,024.
func parseBytes(s string) (uint64, error) {
	digits := strings.TrimRight(strings.ToLower(s), "bkmg")
	shift, ok := map[string]uint{"": 0, "b": 0, "k": 10, "kb": 10, "m": 20, "mb": 20, "g": 30, "gb": 30}[strings.ToLower(s)[len(digits):]]
	n, err := strconv.ParseUint(digits, 10, 64)
	if err != nil || !ok || n == 0 || n > 1<<63>>shift {
		return 0, errors.New("not a size: a whole number with k, m or g behind it, for example 100m")
	}
	return n << shift, nil
}
