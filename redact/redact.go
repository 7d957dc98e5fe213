// Package redact knows what may not be shown: credentials, by the name of what they
// belong to and by their shape, and personal data in what comes from outside.
//
// Enter at [Text], which is for whatever people or machines read, and at [Named], which
// says whether a setting, a header or a field is a secret by its name. What a run knows
// to be a secret because somebody said so is [Known]. A [Stripper] is for what is taken
// over from outside, such as a recorded answer: it leaves a stand-in where a secret or a
// person's datum was, and a list of what it took away.
//
// Nothing is hidden because it looks random: an id, a hash or a trace has to stay
// readable, or nobody finds anything again.
package redact

import (
	"regexp"
	"strings"
)

// Hidden stands where a secret stood.
const Hidden = "***"

// Text is s without the secrets that can be told as such. It errs on the side of hiding
// too much, and is its own answer: Text(Text(s)) is Text(s).
func Text(s string) string {
	s = keyBlocks(s)
	s = userinfo(s)
	s = assigned(s)
	s = flags(s)
	s = schemes(s)
	return shaped(s)
}

// Value is the value of a setting, a header or a field without what is secret in it: all
// of it, if the name says so.
func Value(name, value string) string {
	if value != "" && Named(name) && !reference(value) {
		return Hidden
	}
	return Text(value)
}

// A private key in PEM, also where its newlines are written out; one that was cut off is
// hidden up to the end.
var keyBlock = regexp.MustCompile(`(?s)(-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----).*?(-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|$)`)

func keyBlocks(s string) string {
	if !strings.Contains(s, "PRIVATE KEY") {
		return s
	}
	return keyBlock.ReplaceAllString(s, "${1}"+Hidden+"${2}")
}

// flagged is an option of a command with its value behind a space, and what curl takes
// for a name and a password.
var flagged = regexp.MustCompile(`(^|\s)(--([A-Za-z][A-Za-z0-9-]*) +["']?)([^\s"'-][^\s"']*)`)
var curlUser = regexp.MustCompile(`(\bcurl\b[^\n]*?\s(?:-u|--user)[ =]?["']?[^\s:'"]+:)[^\s'"]+`)

func flags(s string) string {
	if strings.Contains(s, "curl") {
		s = curlUser.ReplaceAllString(s, "${1}"+Hidden)
	}
	if !strings.Contains(s, "--") {
		return s
	}
	return flagged.ReplaceAllStringFunc(s, func(match string) string {
		m := flagged.FindStringSubmatch(match)
		if !Named(m[3]) || reference(m[4]) {
			return match
		}
		return m[1] + m[2] + Hidden
	})
}

// scheme is a credential behind the scheme of HTTP that it belongs to.
var scheme = regexp.MustCompile(`(?i)\b(bearer|basic)( +)([a-z0-9._~+/=-]{6,})`)

// schemes hides credentials that stand behind their scheme. "Basic authentication" is
// none: a credential has a digit, a capital in its middle, or great length.
func schemes(s string) string {
	if lower := strings.ToLower(s); !strings.Contains(lower, "bearer ") && !strings.Contains(lower, "basic ") {
		return s
	}
	return scheme.ReplaceAllStringFunc(s, func(match string) string {
		m := scheme.FindStringSubmatch(match)
		if len(m[3]) < 24 && !strings.ContainsAny(m[3], "0123456789") && m[3][1:] == strings.ToLower(m[3][1:]) {
			return match
		}
		return m[1] + m[2] + Hidden
	})
}

// farthest is how far from the beginning of an address its password may end.
const farthest = 512

// userinfo hides the password in scheme://user:password@host, whatever characters nobody
// encoded in it, and a token that stands there alone in an address of the web.
func userinfo(s string) string {
	var b strings.Builder
	for {
		at := strings.Index(s, "://")
		if at < 0 {
			b.WriteString(s)
			return b.String()
		}
		name := schemeBefore(s[:at])
		at += len("://")
		b.WriteString(s[:at])
		s = s[at:]
		if name == "" {
			continue
		}
		if from, to := password(name, s); to > from {
			b.WriteString(s[:from] + Hidden)
			s = s[to:]
		}
	}
}

// schemeBefore is the scheme that a text ends with.
func schemeBefore(s string) string {
	i := len(s)
	for i > 0 && len(s)-i < 32 && (isAlnum(s[i-1]) || strings.IndexByte("+.-", s[i-1]) >= 0) {
		i--
	}
	return strings.ToLower(s[i:])
}

// password is where in what stands behind :// a secret begins and ends.
func password(scheme, s string) (from, to int) {
	s = s[:min(len(s), farthest)]
	if end := strings.IndexAny(s, " \t\r\n\"'`<>\\"); end >= 0 {
		s = s[:end]
	}
	authority := s
	if end := strings.IndexAny(s, "/?#"); end >= 0 {
		authority = s[:end]
	}
	colon := strings.IndexByte(authority, ':')
	if at := strings.LastIndexByte(authority, '@'); at >= 0 {
		switch {
		case colon >= 0 && colon < at:
			return colon + 1, at
		case strings.HasPrefix(scheme, "http") && at >= 16:
			return 0, at
		}
		return 0, 0
	}
	// A password with a slash in it, as against a port and an @ in the path.
	if at := strings.IndexByte(s, '@'); colon > 0 && at > colon && strings.Trim(authority[colon+1:], "0123456789") != "" {
		return colon + 1, at
	}
	return 0, 0
}

func isAlnum(c byte) bool { return isLetter(c) || isDigit(c) }

func isLetter(c byte) bool { return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
