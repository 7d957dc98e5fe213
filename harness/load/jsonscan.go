package load

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"

	"holdfast.dev/holdfast/message"
)

// JSONArrayLen expects a JSON object whose member at path is an array of exactly
// n elements. A path is a member's name, or several separated by dots.
//
// The body is checked to be JSON from end to end but nothing is decoded, so
// that the check costs about 2 µs per kilobyte and no memory.
func JSONArrayLen(path string, n int) Expectation {
	return jsonLen(path, n, '[', "elements")
}

// JSONObjectLen expects a JSON object whose member at path is an object of
// exactly n members.
func JSONObjectLen(path string, n int) Expectation {
	return jsonLen(path, n, '{', "members")
}

func jsonLen(path string, n int, open byte, what string) Expectation {
	names := strings.Split(path, ".")
	e := Check(checkName(path)+"_len", func(a Answer) bool {
		value, ok := find(a.Body, names)
		if !ok || value[0] != open {
			return false
		}
		got, _ := (&scanner{data: value}).container(0)
		return got == n
	})
	e.Name = path + " has " + strconv.Itoa(n) + " " + what
	return e
}

// JSONField expects a JSON object whose member at path equals want: a bool, a
// number, a string, nil, or what encoding/json makes the same JSON of. Numbers are
// compared exactly.
func JSONField(path string, want any) Expectation {
	names := strings.Split(path, ".")
	text, err := json.Marshal(want)
	e := Check(checkName(path), func(a Answer) bool {
		value, ok := find(a.Body, names)
		return ok && err == nil && message.SameJSON(string(value), string(text))
	})
	e.Name = path + " is " + string(text)
	return e
}

func checkName(path string) string { return strings.ReplaceAll(path, ".", "_") }

// find returns the text of the value at names within an object, if data is JSON
// from end to end. Of equal names the last one counts, as in encoding/json.
func find(data []byte, names []string) ([]byte, bool) {
	value, _ := lookUp(data, names)
	return value, value != nil
}

// JSONValue returns the text of the value at a path, as that of [JSONField], nil where
// there is none. valid is whether the body is JSON from end to end.
func JSONValue(body []byte, path string) (value []byte, valid bool) {
	return lookUp(body, strings.Split(path, "."))
}

func lookUp(data []byte, names []string) (value []byte, valid bool) {
	s := scanner{data: data}
	start := s.space(0)
	_, end := s.value(start)
	if end < 0 || s.space(end) != len(data) {
		return nil, false
	}
	value = data[start:end]
	for _, name := range names {
		if value = member(value, name); value == nil {
			break
		}
	}
	return value, true
}

// member returns the value of the last member of that name. object is valid
// JSON; nil is returned where it is no object or has no such member.
func member(object []byte, name string) (found []byte) {
	s := scanner{data: object}
	if object[0] != '{' {
		return nil
	}
	for i := s.space(1); object[i] != '}'; {
		keyEnd := s.text(i)
		start := s.space(s.space(keyEnd) + 1)
		_, end := s.value(start)
		if sameKey(object[i:keyEnd], name) {
			found = object[start:end]
		}
		if i = s.space(end); object[i] == ',' {
			i = s.space(i + 1)
		}
	}
	return found
}

// sameKey compares a quoted key with a name.
func sameKey(quoted []byte, name string) bool {
	if bytes.IndexByte(quoted, '\\') < 0 {
		return string(quoted[1:len(quoted)-1]) == name
	}
	var key string
	return json.Unmarshal(quoted, &key) == nil && key == name
}

// maxDepth is how deeply values may be nested, as in encoding/json.
const maxDepth = 10000

// scanner walks over JSON text without decoding it. Its methods take where
// something begins and return where it ends, or -1 where it is not valid.
type scanner struct {
	data  []byte
	depth int
}

func (s *scanner) at(i int) byte {
	if i < len(s.data) {
		return s.data[i]
	}
	return 0
}

func (s *scanner) space(i int) int {
	for i < len(s.data) {
		switch s.data[i] {
		case ' ', '\t', '\n', '\r':
			i++
		default:
			return i
		}
	}
	return i
}

// value returns, for an array or an object, how many elements it has.
func (s *scanner) value(i int) (n, end int) {
	switch c := s.at(i); {
	case c == '{' || c == '[':
		return s.container(i)
	case c == '"':
		return 0, s.text(i)
	case c == '-' || isDigit(c):
		return 0, s.number(i)
	}
	for _, word := range []string{"true", "false", "null"} {
		if bytes.HasPrefix(s.data[min(i, len(s.data)):], []byte(word)) {
			return 0, i + len(word)
		}
	}
	return 0, -1
}

func (s *scanner) container(i int) (n, end int) {
	s.depth++
	defer func() { s.depth-- }()
	if s.depth > maxDepth {
		return 0, -1
	}
	closing := s.data[i] + 2 // ] follows [ by two, and } follows {
	if i = s.space(i + 1); s.at(i) == closing {
		return 0, i + 1
	}
	for {
		if closing == '}' {
			if i = s.key(i); i < 0 {
				return 0, -1
			}
		}
		if _, i = s.value(i); i < 0 {
			return 0, -1
		}
		n++
		i = s.space(i)
		switch s.at(i) {
		case closing:
			return n, i + 1
		case ',':
			i = s.space(i + 1)
		default:
			return 0, -1
		}
	}
}

// key passes over a member's name and its colon.
func (s *scanner) key(i int) int {
	if s.at(i) != '"' {
		return -1
	}
	if i = s.text(i); i < 0 {
		return -1
	}
	if i = s.space(i); s.at(i) != ':' {
		return -1
	}
	return s.space(i + 1)
}

// text passes over a string with its quotes.
func (s *scanner) text(i int) int {
	data := s.data
	for i++; i < len(data); i++ {
		switch c := data[i]; {
		case c == '"':
			return i + 1
		case c < ' ':
			return -1
		case c == '\\':
			if i = s.escape(i + 1); i < 0 {
				return -1
			}
		}
	}
	return -1
}

// escape returns the last byte of an escape sequence.
func (s *scanner) escape(i int) int {
	switch s.at(i) {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return i
	case 'u':
		for j := i + 1; j <= i+4; j++ {
			if !isHex(s.at(j)) {
				return -1
			}
		}
		return i + 4
	}
	return -1
}

func (s *scanner) number(i int) int {
	if s.at(i) == '-' {
		i++
	}
	if s.at(i) == '0' {
		i++
	} else if i = s.digits(i); i < 0 {
		return -1
	}
	if s.at(i) == '.' {
		if i = s.digits(i + 1); i < 0 {
			return -1
		}
	}
	if c := s.at(i); c == 'e' || c == 'E' {
		i++
		if c := s.at(i); c == '+' || c == '-' {
			i++
		}
		return s.digits(i)
	}
	return i
}

// digits passes over one digit or more.
func (s *scanner) digits(i int) int {
	if !isDigit(s.at(i)) {
		return -1
	}
	for isDigit(s.at(i)) {
		i++
	}
	return i
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isHex(c byte) bool {
	return isDigit(c) || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}
