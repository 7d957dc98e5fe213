package harness

import (
	"crypto/rand"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"

	"holdfast.dev/holdfast/harness/standing"
)

// confidant is a fake that gives the target secrets which do not stand in its
// settings, for example in a file.
type confidant interface{ Secrets() []string }

// sessionCookie is carried by every request: a secret of the caller's, which the
// target has no reason to tell anybody.
const sessionCookie = "session"

// callersHeader is what every request carries beside its own headers, with the
// caller's secret.
func callersHeader(secret string) http.Header {
	return http.Header{"Cookie": {sessionCookie + "=" + secret}}
}

// callersSecret is a new one.
func callersSecret() string { return "hfs-" + rand.Text() }

// secretsOf are what a target is told with these settings and must not tell: the
// values of settings with telling names, passwords in addresses, where its database
// is, what its fakes gave it besides, and the caller's.
func secretsOf(env map[string]string, fakes map[string]Fake, caller string) []standing.Secret {
	hidden := redacted(env)
	all := []standing.Secret{{What: "the session of a caller", Text: caller}}
	for _, name := range slices.Sorted(maps.Keys(env)) {
		if hidden[name] != env[name] {
			all = append(all, secretsIn(name, env[name])...)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(fakes)) {
		if c, ok := fakes[name].(confidant); ok {
			for _, text := range c.Secrets() {
				all = append(all, standing.Secret{What: "a key of " + name, Text: text})
			}
		}
	}
	return all
}

// secretsIn are those of one setting: an address has a password, or of the web a key
// that stands there alone, as in a DSN of Sentry, a host and the name of a database; any
// other is one as a whole.
func secretsIn(name, value string) []standing.Secret {
	u, err := url.Parse(value)
	if err != nil || u.Host == "" {
		return secret("the value of "+name, value)
	}
	password, given := u.User.Password()
	if !given && strings.HasPrefix(u.Scheme, "http") {
		password = u.User.Username()
	}
	all := append(secret("the password of "+name, password), standing.Secret{What: "the address of " + name, Text: u.Host, Loggable: true})
	if name == databaseVariable {
		all = append(all, standing.Secret{What: "the name of the database", Text: u.Path[min(1, len(u.Path)):], Loggable: true})
	}
	return all
}

// secret is one, unless it is a plain word: the password "postgres" stands in many a line
// that tells nothing.
func secret(what, text string) []standing.Secret {
	if len(text) < 16 && strings.Trim(text, "abcdefghijklmnopqrstuvwxyz") == "" {
		return nil
	}
	return []standing.Secret{{What: what, Text: text}}
}

// spills is which secrets the target wrote into its log.
type spills struct {
	secrets *standing.Secrets

	mu    sync.Mutex // guards all below
	lines int64
	what  []string
}

// line looks at one line of the log.
func (s *spills) line(text string) {
	what := s.secrets.In([]byte(text))
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lines++
	if what != "" && !slices.Contains(s.what, what) {
		s.what = append(s.what, what)
	}
}

// seen is how many lines there were, and which secrets stood in them.
func (s *spills) seen() (lines int64, what []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lines, slices.Clone(s.what)
}

// unloggable are those that may not stand in a log either.
func unloggable(all []standing.Secret) []standing.Secret {
	return slices.DeleteFunc(slices.Clone(all), func(s standing.Secret) bool { return s.Loggable })
}

// texts are the secrets as they stand.
func texts(all []standing.Secret) []string {
	var out []string
	for _, s := range all {
		out = append(out, s.Text)
	}
	return out
}
