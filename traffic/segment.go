package traffic

import (
	"strconv"
	"strings"
	"time"
)

// literal is the kind of a segment that looks like a part of the path itself.
const literal Kind = ""

// kindOf says what one segment of a path looks like.
func kindOf(segment string) Kind {
	switch {
	case segment == "" || len(segment) < 8 && !hasDigit(segment) && plain(segment):
		return literal
	case isNumber(segment):
		return Number
	case isUUID(segment):
		return UUID
	case isDate(segment):
		return Date
	case isToken(segment):
		return Token
	case !plain(segment):
		return Text
	}
	return literal
}

func hasDigit(s string) bool { return strings.ContainsAny(s, "0123456789") }

// plain reports whether a segment has only letters that a route is written with. A
// percent, a space, an address of mail is a value.
func plain(s string) bool {
	for i := range len(s) {
		c := s[i]
		if !isLetter(c) && !isDigit(c) && !strings.ContainsRune("-_.~$:!*()+,;=", rune(c)) {
			return false
		}
	}
	return true
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }
func isDigit(c byte) bool  { return c >= '0' && c <= '9' }

func isHex(c byte) bool { return isDigit(c) || c|0x20 >= 'a' && c|0x20 <= 'f' }

func isNumber(s string) bool {
	s = strings.TrimPrefix(s, "-")
	for i := range len(s) {
		if !isDigit(s[i]) {
			return false
		}
	}
	return s != ""
}

func number(s string) (int64, bool) {
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil
}

// isUUID reports whether s is 8-4-4-4-12 hexadecimal digits.
func isUUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		if dash := i == 8 || i == 13 || i == 18 || i == 23; dash != (s[i] == '-') || !dash && !isHex(s[i]) {
			return false
		}
	}
	return true
}

func isDate(s string) bool {
	if len(s) < len("2006-01-02") || !isDigit(s[0]) {
		return false
	}
	_, err := time.Parse(time.DateOnly, s[:len("2006-01-02")])
	return err == nil
}

// isToken reports whether s was drawn by a program: a hash, an ObjectID, a ULID, an id
// with a prefix (cus_9s6XKz, ORD-00042), base64.
func isToken(s string) bool {
	if !hasDigit(s) {
		return false
	}
	if prefix, rest := cutPrefix(s); prefix != "" && isNumber(rest) && len(rest) >= 3 {
		return true
	}
	hex, digits, turns := true, 0, 0
	for i := range len(s) {
		c := s[i]
		hex = hex && isHex(c)
		if isDigit(c) {
			digits++
		}
		if i > 0 && isDigit(c) != isDigit(s[i-1]) {
			turns++
		}
		if !isLetter(c) && !isDigit(c) && !strings.ContainsRune("-_=.", rune(c)) {
			return false
		}
	}
	switch {
	case hex && len(s) >= 8 && turns >= 1:
		return true
	case strings.Contains(s, "."): // a file with a version in its name
		return false
	}
	return len(s) >= 10 && digits >= 2 && turns >= 3
}

// cutPrefix splits ORD-00042 and px_42 at the last dash.
func cutPrefix(s string) (prefix, rest string) {
	at := strings.LastIndexAny(s, "-_")
	if at < 1 || at > 8 {
		return "", s
	}
	for i := range at {
		if !isLetter(s[i]) {
			return "", s
		}
	}
	return s[:at], s[at+1:]
}
