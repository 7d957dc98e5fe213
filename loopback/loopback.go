// Package loopback says who may call what listens on this machine for its own user:
// an HTTP API without a password that steers something, or shows what arrived.
//
// Enter at [Check], before listening, and at [Foreign], for each request. That
// something listens on loopback keeps other machines out, and no web page: a
// browser on this machine sends what a page asks, and a name that its owner has
// made to mean 127.0.0.1 lets the page read the answer, too. Such a request names a
// host that is not of this machine.
package loopback

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
)

// Is reports whether a host, without a port, is a name or an address of loopback.
func Is(host string) bool {
	host = strings.TrimSuffix(strings.ToLower(strings.Trim(host, "[]")), ".")
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// Check refuses an address, host:port, that others than this machine could reach.
func Check(address string) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("address %q: %w", address, err)
	}
	if !Is(host) {
		return fmt.Errorf("address %q can be reached from outside, and it lets anyone in; use 127.0.0.1", address)
	}
	return nil
}

// ErrOrigin is that a web page sent a request.
var ErrOrigin = errors.New("web pages are not let in")

// Foreign says why a request is not of this machine's own user, or nil. own is the
// host:port at which it was listened for: a request may name that host beside those
// of loopback. Where own is every address of the machine, it may name any address, and
// a name of one word, which is how containers call each other: a page of somebody else's
// has a name with a dot.
func Foreign(r *http.Request, own string) error {
	if r.Header.Get("Origin") != "" {
		return ErrOrigin
	}
	named := hostOf(r.Host)
	if Is(named) || named != "" && strings.EqualFold(named, hostOf(own)) {
		return nil
	}
	if ip := net.ParseIP(hostOf(own)); ip != nil && ip.IsUnspecified() && (net.ParseIP(named) != nil || oneWord(named)) {
		return nil
	}
	return fmt.Errorf("the host %q is not of this machine; use 127.0.0.1 or localhost", r.Host)
}

func oneWord(name string) bool { return name != "" && !strings.ContainsAny(name, ".:") }

// hostOf is a host with or without a port, without it.
func hostOf(address string) string {
	if host, _, err := net.SplitHostPort(address); err == nil {
		return host
	}
	return strings.Trim(address, "[]")
}
