package result

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// secretPattern finds one kind of secret within text. What to keep of a match is
// in groups 1 and 2. In lower case such text holds one of the words: looking for
// them first spares nearly all text the expression.
type secretPattern struct {
	words []string
	re    *regexp.Regexp
}

// secretPatterns err on the side of hiding too much.
var secretPatterns = []secretPattern{
	// scheme://user:PASSWORD@host; a password may hold an @ that nobody encoded.
	{[]string{"://"}, regexp.MustCompile(`([a-zA-Z][a-zA-Z0-9+.-]*://[^\s:/?#@]*:)[^\s/?#]+(@)`)},
	// password=… of a DSN or an address, token: …, "api_key": "…", api-key=…
	{[]string{"passw", "secret", "token", "key"}, regexp.MustCompile(`(?i)((?:^|[^a-z0-9])(?:[a-z0-9]+[_-])*(?:password|passwd|pgpassword|secret|token|api[_-]?key|access[_-]?key|private[_-]?key)\\?["']?\s*[=:]\s*)(?:\\?"[^"\\]*\\?"|'(?:[^'\\]|\\.)*'|[^\s"',;&})\]]+)()`)},
	// Authorization: Bearer …
	{[]string{"bearer", "basic"}, regexp.MustCompile(`(?i)(\b(?:bearer|basic)\s+)[a-z0-9._~+/=-]{6,}()`)},
	// Keys that are known by their shape: Resend, Stripe and OpenAI, GitHub, Slack, AWS, JWT.
	{[]string{"re_", "sk_", "sk-", "rk_", "rk-", "gh", "xox", "akia", "eyj"}, regexp.MustCompile(`()\b(?:re_[A-Za-z0-9]{6,}_?[A-Za-z0-9]*|[sr]k[-_][A-Za-z0-9_-]{12,}|gh[opsu]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|xox[abprs]-[A-Za-z0-9-]{10,}|AKIA[0-9A-Z]{16}|eyJ[\w-]{6,}\.eyJ[\w-]{6,}\.[\w-]+)()`)},
	// A private key in PEM.
	{[]string{"-----begin"}, regexp.MustCompile(`(?s)(-----BEGIN [A-Z ]*PRIVATE KEY-----).*?(-----END [A-Z ]*PRIVATE KEY-----|$)`)},
}

// secretName is a setting whose whole value is a secret.
var secretName = regexp.MustCompile(`(?i)(^|[_.-])(password|passwd|pgpassword|secret|token|api_?key|access_?key|private_?key)($|[_.-])`)

// Redacted returns a copy of v, a [Run] or a part of one, in which no text holds
// a credential that can be told as one: passwords in connection strings, values
// of settings with telling names, authorization headers, keys of known shape.
// [Write] does the same, so that no file ever holds them. v stays as it is;
// numbers are shared with it.
func Redacted[T any](v *T) *T {
	return rewritten(v, rewriting{text: redactText, hides: secretName.MatchString})
}

// Without returns a copy of v, a [Run] or a part of one, in which none of the texts
// stands, nor one as a URL has it: secrets that nobody could tell as such.
func Without[T any](v *T, secrets []string) *T {
	var pairs []string
	for _, secret := range longestFirst(secrets) {
		for _, form := range []string{secret, url.QueryEscape(secret), url.PathEscape(secret)} {
			pairs = append(pairs, form, hidden)
		}
	}
	return rewritten(v, rewriting{text: strings.NewReplacer(pairs...).Replace})
}

// longestFirst are the texts but empty ones, so that of two of which one holds the
// other the whole is hidden.
func longestFirst(texts []string) []string {
	texts = slices.DeleteFunc(slices.Clone(texts), func(s string) bool { return s == "" })
	slices.SortFunc(texts, func(a, b string) int { return len(b) - len(a) })
	return texts
}

func redactText(s string) string {
	lower := strings.ToLower(s)
	for _, p := range secretPatterns {
		if slices.ContainsFunc(p.words, func(w string) bool { return strings.Contains(lower, w) }) {
			s = p.re.ReplaceAllString(s, "${1}"+hidden+"${2}")
		}
	}
	return s
}
