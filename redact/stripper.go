package redact

import (
	"fmt"
	"hash/maphash"
	"net/url"
	"slices"
	"strings"
)

// Found is something that was taken away: where it stood and of which kind it was, never
// what it was.
type Found struct{ Where, Kind string }

// Stripper takes secrets and personal data out of what comes from outside. The same value
// gets the same stand-in wherever it stands, so that what belongs together stays so, and
// a stand-in has the form of what it stands for: an address stays an address. The zero
// value is ready. It is for one goroutine.
type Stripper struct {
	seed  maphash.Seed
	known map[[2]uint64]string // stand-ins by value, which is not kept
	count map[string]int       // stand-ins by kind
	found []Found
	have  map[Found]bool
}

// Found is what was taken away, each place and kind once, in the order of its coming.
func (s *Stripper) Found() []Found { return slices.Clone(s.found) }

// String is a value without what is secret or personal in it. Where says where it stands
// for [Stripper.Found]; name is that of its field, header or setting, or empty.
func (s *Stripper) String(where, name, value string) string {
	if strings.TrimSpace(value) == "" || reference(value) || s.ours(value) {
		return value
	}
	if Named(name) || strings.EqualFold(name, "pass") {
		scheme := credentials.FindString(value)
		return scheme + s.instead(where, KindSecret, value[len(scheme):])
	}
	if kind, yes := Personal(name, value); yes {
		return s.instead(where, kind, value)
	}
	if text := Text(value); text != value {
		s.note(where, KindSecret)
		value = text
	}
	return s.within(where, value)
}

// within takes out what stands in the middle of a text.
func (s *Stripper) within(where, text string) string {
	if strings.IndexByte(text, '@') >= 0 {
		text = emailIn.ReplaceAllStringFunc(text, func(m string) string { return s.instead(where, KindEmail, m) })
	}
	if strings.IndexByte(text, '+') >= 0 {
		text = phoneIn.ReplaceAllStringFunc(text, func(m string) string { return s.instead(where, KindPhone, m) })
	}
	return ipv4In.ReplaceAllStringFunc(text, func(m string) string {
		ip := strings.TrimLeft(m, " \t\r\n\"'([=,;")
		if !isIP("", ip) {
			return m
		}
		return m[:len(m)-len(ip)] + s.instead(where, KindIP, ip)
	})
}

// URL is an address without the password, the secrets and the personal data in it.
func (s *Stripper) URL(where, raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return s.String(where, "", raw)
	}
	if u.User != nil {
		s.note(where, KindSecret)
		u.User = nil
	}
	segments := strings.Split(u.EscapedPath(), "/")
	for i, segment := range segments {
		plain, err := url.PathUnescape(segment)
		if err != nil {
			continue
		}
		if stripped := s.String(where, "", plain); stripped != plain {
			segments[i] = url.PathEscape(stripped)
		}
	}
	if path, err := url.PathUnescape(strings.Join(segments, "/")); err == nil {
		u.Path, u.RawPath = path, strings.Join(segments, "/")
	}
	u.RawQuery = s.query(where, u.RawQuery)
	if strings.IndexByte(u.Fragment, '=') >= 0 {
		u.Fragment, u.RawFragment = s.query(where, u.EscapedFragment()), ""
	}
	return u.String()
}

// Form is a query or a form without the secrets and the personal data in it. Order and
// writing of all else stay.
func (s *Stripper) Form(where, raw string) string { return s.query(where, raw) }

func (s *Stripper) query(where, raw string) string {
	pairs := strings.Split(raw, "&")
	for i, pair := range pairs {
		name, value, _ := strings.Cut(pair, "=")
		plainName, err := url.QueryUnescape(name)
		plain, err2 := url.QueryUnescape(value)
		if err != nil || err2 != nil {
			continue
		}
		if signs(plainName) && plain != "" {
			pairs[i] = name + "=" + s.instead(where+" query."+plainName, KindSecret, plain)
			continue
		}
		if stripped := s.String(where+" query."+plainName, plainName, plain); stripped != plain {
			pairs[i] = name + "=" + url.QueryEscape(stripped)
		}
	}
	return strings.Join(pairs, "&")
}

// signs reports whether a parameter of an address opens what it leads to.
func signs(name string) bool {
	return slices.Contains([]string{"sig", "signature", "x-amz-signature", "x-goog-signature", "hmac"}, strings.ToLower(name))
}

// instead is what stands for a value of a kind, the same whenever it is asked.
func (s *Stripper) instead(where, kind, value string) string {
	if s.ours(value) {
		return value
	}
	s.note(where, kind)
	if s.known == nil {
		s.known, s.count, s.seed = map[[2]uint64]string{}, map[string]int{}, maphash.MakeSeed()
	}
	key := [2]uint64{maphash.String(s.seed, kind+"\x00"+value), maphash.String(s.seed, value+"\x00"+kind)}
	if text, ok := s.known[key]; ok {
		return text
	}
	s.count[kind]++
	s.known[key] = standIn(kind, s.count[kind])
	return s.known[key]
}

func (s *Stripper) note(where, kind string) {
	f := Found{where, kind}
	if s.have[f] {
		return
	}
	if s.have == nil {
		s.have = map[Found]bool{}
	}
	s.have[f] = true
	s.found = append(s.found, f)
}

// ours reports whether a value is a stand-in already.
func (s *Stripper) ours(value string) bool { return standsIn.MatchString(value) }

// standIn is the nth of a kind, out of what is set aside for examples: RFC 2606, RFC 5737,
// numbers that no subscriber has.
func standIn(kind string, n int) string {
	switch kind {
	case KindSecret:
		return fmt.Sprintf("stripped-secret-%d", n)
	case KindEmail:
		return fmt.Sprintf("person-%d@example.com", n)
	case KindPhone:
		return fmt.Sprintf("+1555%07d", n)
	case KindIP:
		return fmt.Sprintf("192.0.2.%d", n%256)
	case KindCard:
		return "4242424242424242"
	case KindAccount:
		return "GB33BUKB20201555555555"
	case KindBirth:
		return "1970-01-01"
	case KindIdentity:
		return fmt.Sprintf("000-00-%04d", n)
	case KindAddress:
		return fmt.Sprintf("Street %d", n)
	}
	return fmt.Sprintf("Person %d", n)
}
