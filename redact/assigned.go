package redact

import (
	"regexp"
	"slices"
	"strings"
)

// assigned hides what stands behind the name of a secret: password=…, "api_key": "…",
// token: …, Authorization: …, <secret>…</secret>, escaped or not. The names are those of
// [Named].
func assigned(s string) string {
	var b strings.Builder
	done := 0 // what is written of s
	for i := 0; i < len(s); {
		at := strings.IndexAny(s[i:], "=:>")
		if at < 0 {
			break
		}
		at += i
		name, ok := nameBefore(s[done:at], s[at] == '>')
		i = at + 1
		if !ok || !Named(name) {
			continue
		}
		if from, to := valueAt(s, at, wide(name)); to > from {
			b.WriteString(s[done:from] + Hidden)
			done, i = to, to
		}
	}
	b.WriteString(s[done:])
	return b.String()
}

// wide reports whether what stands behind a name goes on to the end of its line.
func wide(name string) bool {
	all := wordsOf(name)
	return slices.Contains([]string{"authorization", "cookie"}, all[len(all)-1])
}

// nameBefore is the name that a text ends with, behind which a value begins: in quotes,
// brackets or none. A tag stands in angle brackets.
func nameBefore(s string, tag bool) (string, bool) {
	s = s[max(0, len(s)-longestName-8):]
	if !tag {
		s = strings.TrimRight(s, " \t")
		s = strings.TrimRight(s, "\"'`]")
		s = strings.TrimRight(s, `\`)
	}
	from := len(s)
	for from > 0 && (isAlnum(s[from-1]) || strings.IndexByte("_-.", s[from-1]) >= 0) {
		from--
	}
	if tag && (from == 0 || s[from-1] != '<') {
		return "", false
	}
	name := strings.Trim(s[from:], "-.")
	if name == "key" && from > 0 && s[from-1] == ' ' { // the API key: …
		before, _ := nameBefore(s[:from-1], false)
		name = before + "_" + name
	}
	return name, name != ""
}

// valueAt is where the value begins and ends that stands behind the separator at a place.
func valueAt(s string, at int, wide bool) (from, to int) {
	i := at + 1
	if s[at] == '>' {
		return trimmedValue(s, i, i+until(s[i:], "<"))
	}
	for i < len(s) && strings.IndexByte("=>", s[i]) >= 0 && i < at+3 {
		i++
	}
	for i < len(s) && (s[i] == ' ' || s[i] == '\t') {
		i++
	}
	if strings.HasPrefix(s[i:], "//") || strings.HasPrefix(s[i:], ":") {
		return 0, 0 // token://, a scheme, and Token::Kind, a name
	}
	i += len(credentials.FindString(s[i:]))
	slashes := only(s[i:], `\`)
	switch open := i + slashes; {
	case open < len(s) && strings.IndexByte("\"'`", s[open]) >= 0:
		return trimmedValue(s, open+1, closing(s, open+1, s[open], slashes))
	case slashes == 0 && i < len(s) && s[i] == '[':
		return trimmedValue(s, i+1, i+1+until(s[i+1:], "]\r\n"))
	case wide:
		return trimmedValue(s, i, i+until(s[i:], "\"'`\\\r\n"))
	}
	return trimmedValue(s, i, bareEnd(s, i))
}

// until is how far a text goes before the first of the bytes.
func until(s, bytes string) int {
	if i := strings.IndexAny(s, bytes); i >= 0 {
		return i
	}
	return len(s)
}

// only is how far a text goes with nothing but the bytes.
func only(s, bytes string) int {
	for i := range len(s) {
		if strings.IndexByte(bytes, s[i]) < 0 {
			return i
		}
	}
	return len(s)
}

// bareEnd is the end of a value without quotes. A backslash belongs to it, unless it
// begins an escape behind which something else stands.
func bareEnd(s string, i int) int {
	for ; i < len(s); i++ {
		switch c := s[i]; {
		case strings.IndexByte(" \t\r\n\"'`,;&)}]<>", c) >= 0:
			return i
		case c == '\\' && i+1 < len(s) && strings.IndexByte(`nrt"'\u`, s[i+1]) >= 0:
			return i
		}
	}
	return i
}

// closing is where a value ends that was opened by a quote behind so many backslashes:
// at a quote as deep, or with its line, if there is none.
func closing(s string, i int, quote byte, slashes int) int {
	run := 0
	for ; i < len(s) && s[i] != '\n'; i++ {
		switch {
		case s[i] == '\\':
			run++
			continue
		case s[i] != quote || run%(2*(slashes+1)) != slashes:
		case slashes == 0 && quote == '\'' && i+1 < len(s) && s[i+1] == quote:
			i++ // as SQL writes a quote in a text
		default:
			return i - slashes
		}
		run = 0
	}
	return i
}

// credentials is a scheme of HTTP with what belongs to it.
var credentials = regexp.MustCompile(`(?i)^(?:bearer|basic|token|digest|apikey|negotiate|ntlm|hawk|signature|aws4-hmac-sha256) +`)

// trimmedValue is what of a value is to be hidden: not the scheme before it, and nothing
// where it only says that there is a secret.
func trimmedValue(s string, from, to int) (int, int) {
	from += len(credentials.FindString(s[from:to]))
	for to > from && (s[to-1] == ' ' || s[to-1] == '\t') {
		to--
	}
	if reference(s[from:to]) {
		return 0, 0
	}
	return from, to
}

// references are values that name a secret, or say that there is one, and hold none:
// ${TOKEN}, {secrets.app}, null, what was hidden already.
var references = regexp.MustCompile(`^(?:|\*+|\$[A-Z_][A-Z0-9_]*|\$?\{.*|<[A-Za-z][^<>]*>|%[sdqv]|…|null|nil|None|true|false|True|False|undefined|none|present|absent|required|optional|missing|\(left out\)|\[secret\])$`)

func reference(value string) bool {
	return len(value) < longestName && references.MatchString(value)
}
