package message

import (
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"slices"
	"strings"
)

// decode reads one JSON value, with numbers as they are written.
func decode(raw string) (any, error) {
	dec := json.NewDecoder(strings.NewReader(raw))
	dec.UseNumber()
	var value any
	if err := dec.Decode(&value); err != nil {
		return nil, fmt.Errorf("read JSON value: %w", err)
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, fmt.Errorf("read JSON value: there is more than one in %q", raw)
	}
	return value, nil
}

// SameJSON says whether two JSON values mean the same: 3 is 3.0 and 30e-1, and
// the order of an object's keys is nothing.
func SameJSON(a, b string) bool {
	if a == b {
		return true
	}
	if a == "" || b == "" || a[0] != b[0] && !isNumber(a) {
		return false // the usual case, without decoding
	}
	x, errX := decode(a)
	y, errY := decode(b)
	return errX == nil && errY == nil && same(x, y)
}

func isNumber(raw string) bool { return raw[0] == '-' || raw[0] >= '0' && raw[0] <= '9' }

func same(a, b any) bool {
	switch a := a.(type) {
	case json.Number:
		b, ok := b.(json.Number)
		return ok && sameNumber(string(a), string(b))
	case []any:
		b, ok := b.([]any)
		return ok && slices.EqualFunc(a, b, same)
	case map[string]any:
		b, ok := b.(map[string]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for key, value := range a {
			if other, there := b[key]; !there || !same(value, other) {
				return false
			}
		}
		return true
	}
	return a == b
}

// maxDigits bounds what is compared exactly: what is longer, or has an exponent
// of more than three digits, is the same only if it is written the same.
const maxDigits = 400

// sameNumber compares exactly: 9007199254740993 is not 9007199254740992.
func sameNumber(a, b string) bool {
	if a == b {
		return true
	}
	x, okX := exact(a)
	y, okY := exact(b)
	return okX && okY && x.Cmp(y) == 0
}

func exact(number string) (*big.Rat, bool) {
	_, exponent, _ := strings.Cut(strings.ToLower(number), "e")
	if len(number) > maxDigits || len(strings.TrimLeft(exponent, "+-0")) > 3 {
		return nil, false
	}
	return new(big.Rat).SetString(number)
}
