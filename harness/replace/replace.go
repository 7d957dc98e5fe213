// Package replace is what it takes to play a host that is a constant in a program's
// code: an [Authority] that vouches for whoever plays it, [Files] by which programs come
// to trust that, a forward [Proxy] that leads to the player and to nobody else, and the
// [Variables] that hand both to the stacks which people use.
//
// Enter at [ParseHost] and [NewAuthority]. The package starts no program and knows no
// dependency: who plays a host, and what came of it, its callers know.
package replace

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

// Host is one that is played, as programs write it: https://api.example.com.
type Host struct {
	Scheme string // http or https
	Name   string // in lower case; *.example.com is each name with one more label
	Port   uint16
}

// name is a name of DNS, perhaps with a star before it.
var name = regexp.MustCompile(`^(\*\.)?([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)

// ParseHost reads a host as a program has it.
func ParseHost(text string) (Host, error) {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return Host{}, fmt.Errorf("%.80q is no host such as https://api.example.com: a scheme, http or https, and a name", text)
	}
	h := Host{Scheme: u.Scheme, Name: strings.TrimSuffix(strings.ToLower(u.Hostname()), "."), Port: 443}
	if u.Scheme == "http" {
		h.Port = 80
	}
	if u.Port() != "" {
		port, err := strconv.ParseUint(u.Port(), 10, 16)
		if err != nil || port == 0 {
			return Host{}, fmt.Errorf("%.80q: there is no port %s", text, u.Port())
		}
		h.Port = uint16(port)
	}
	_, notIP := netip.ParseAddr(h.Name)
	switch {
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return Host{}, fmt.Errorf("%.80q is more than a host: only its scheme, its name and its port are replaced", text)
	case u.Path != "" && u.Path != "/":
		return Host{}, fmt.Errorf("%.80q has a path: a host is replaced as a whole; write %s, and let the routes begin with %.60s", text, h, u.Path)
	case notIP == nil:
		return Host{}, fmt.Errorf("%.80q is an address: a host is replaced by its name", text)
	case h.Name == "localhost" || strings.HasSuffix(h.Name, ".localhost"):
		return Host{}, fmt.Errorf("%.80q is this machine: tell the service where its dependency is by export", text)
	case len(h.Name) > 253 || !name.MatchString(h.Name):
		return Host{}, fmt.Errorf("%.80q: %.80q is no name of a host; a star stands for its first label alone, *.example.com", text, h.Name)
	case strings.HasPrefix(h.Name, "*.") && strings.Count(h.Name, ".") < 2:
		return Host{}, fmt.Errorf("%.80q would replace half of the Internet: a star stands before a domain of at least two labels", text)
	}
	return h, nil
}

// String is the host as [ParseHost] reads it.
func (h Host) String() string {
	if h.Scheme == "https" && h.Port == 443 || h.Scheme == "http" && h.Port == 80 {
		return h.Scheme + "://" + h.Name
	}
	return h.Scheme + "://" + net.JoinHostPort(h.Name, strconv.Itoa(int(h.Port)))
}

// Covers reports whether a program that calls this name and port calls the host.
func (h Host) Covers(name string, port uint16) bool {
	return port == h.Port && h.covers(strings.TrimSuffix(strings.ToLower(name), "."))
}

func (h Host) covers(name string) bool {
	if domain, wild := strings.CutPrefix(h.Name, "*."); wild {
		first, rest, _ := strings.Cut(name, ".")
		return first != "" && rest == domain
	}
	return name == h.Name
}

// Meets reports whether some call would be one of both hosts.
func (h Host) Meets(other Host) bool {
	return h.Port == other.Port && (h.Name == other.Name || h.covers(other.Name) || other.covers(h.Name))
}
