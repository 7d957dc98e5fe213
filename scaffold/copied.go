package scaffold

import (
	"net"
	"net/url"
	"regexp"
	"strings"

	"holdfast.dev/holdfast/redact"
)

var (
	plainValue = regexp.MustCompile(`^[A-Za-z0-9_./:,@+ *-]{1,80}$`)
	randomLook = regexp.MustCompile(`[A-Za-z0-9+/_-]{20,}`)
)

// copied is a value as it may stand in the file: nothing secret, nothing about a person,
// nothing that leads anywhere.
func (d *draft) copied(where string, v Variable) (string, bool) {
	if v.Private || v.Value == "" || redact.Named(v.Name) {
		return "", v.Value == ""
	}
	if !plainValue.MatchString(v.Value) || leadsAway(v.Value) {
		return "", false
	}
	looks := strings.ContainsAny(randomLook.FindString(v.Value), "0123456789")
	if looks {
		d.leftOut[where+" "+v.Name] = true
	}
	if looks || d.stripped(where+" "+v.Name, v.Value) != v.Value {
		return "", false
	}
	return v.Value, true
}

// leadsAway reports whether a value is the address of somebody.
func leadsAway(value string) bool {
	if u, err := url.Parse(value); err == nil && u.Host != "" {
		return true
	}
	host, _, err := net.SplitHostPort(value)
	return err == nil && (strings.Contains(host, ".") || net.ParseIP(host) != nil)
}

// guarded is the guard against loopback addresses that a variable belongs to.
func guarded(name string) (guard, bool) {
	for _, g := range guards() {
		if g.variable == name {
			return g, true
		}
	}
	return guard{}, false
}

// stripped is a text without what is secret in it or about a person; what it was is
// listed.
func (d *draft) stripped(where, text string) string {
	var s redact.Stripper
	out := s.String(where, "", text)
	for _, found := range s.Found() {
		d.leftOut[found.Where+" ("+found.Kind+")"] = true
	}
	return out
}
