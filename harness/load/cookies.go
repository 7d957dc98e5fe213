package load

import (
	"maps"
	"net/http"
	"net/http/cookiejar"
	"net/netip"
	"net/url"
	"strings"
)

// jar keeps the cookies of one journey or session. Its zero value is empty.
type jar struct {
	kept  *cookiejar.Jar
	taken []setCookies // in their order
}

// setCookies are those that one answer sets.
type setCookies struct {
	from    *url.URL
	cookies []*http.Cookie
}

// take keeps the cookies that an answer sets.
func (j *jar) take(from *url.URL, header http.Header) {
	if len(header["Set-Cookie"]) == 0 {
		return
	}
	j.put(setCookies{from, (&http.Response{Header: header}).Cookies()})
}

func (j *jar) put(set setCookies) {
	if j.kept == nil {
		j.kept, _ = cookiejar.New(nil) // never fails, by its contract
	}
	j.kept.SetCookies(set.from, set.cookies)
	j.taken = append(j.taken, set)
}

// of is what a request to an address carries of them.
func (j *jar) of(to *url.URL) string {
	if j.kept == nil {
		return ""
	}
	var pairs []string
	for _, c := range j.kept.Cookies(to) {
		pairs = append(pairs, c.Name+"="+c.Value)
	}
	return strings.Join(pairs, "; ")
}

// copy is a jar with the same cookies, which goes its own way.
func (j *jar) copy() *jar {
	own := new(jar)
	for _, set := range j.taken {
		own.put(set)
	}
	return own
}

// cookieURL is the address by which cookies are kept for a request: of the service,
// whichever instance answers. What is on this machine counts as safe, as browsers
// have it, so that cookies which are for https alone come back.
func (s *caller) cookieURL(ask Request) *url.URL {
	base := s.via.addresses[0].base
	path, _, _ := strings.Cut(ask.Path, "?")
	u := &url.URL{Scheme: base.Scheme, Host: base.Host, Path: base.Path + path}
	if addr, err := netip.ParseAddr(base.Hostname()); err == nil && addr.IsLoopback() || base.Hostname() == "localhost" {
		u.Scheme = "https"
	}
	if host := ask.Header.Get("Host"); host != "" {
		u.Host = host
	}
	return u
}

// session is what a login ended with.
type session struct {
	values map[string]string
	jar    *jar
}

// sessionOf is the session that request or journey n takes; nil where there are none.
func sessionOf(all []*session, n int64) *session {
	if len(all) == 0 {
		return nil
	}
	return all[n%int64(len(all))]
}

// knows are the session's values, and those that are known anyway.
func (s *session) knows(before given) given { return over(s.values, before) }

// over are values that go before others.
func over(values map[string]string, before given) given {
	if len(values) == 0 {
		return before
	}
	return func(name string) (string, bool) {
		if value, ok := values[name]; ok {
			return value, true
		}
		return before(name)
	}
}

// valuesOf are values of a map, which is not changed afterwards.
func valuesOf(values map[string]string) given { return over(maps.Clone(values), nothing) }
