package redact

import (
	"slices"
	"strings"
)

// words are those that make a name a secret's, wherever in it they stand.
var words = []string{
	"password", "passwords", "passwd", "pwd", "passphrase", "passcode", "secret", "secrets", "token", "credential", "credentials", "creds",
	"apikey", "authkey", "secretkey", "accesskey", "privatekey", "privkey", "authtoken", "cvv", "cvc", "otp", "phpsessid", "jsessionid", "sessionid",
}

// endings are those that do so at its end: a cookie_domain is none.
var endings = []string{"authorization", "auth", "cookie", "cookies", "dsn", "jwt", "salt", "pepper", "xsrf", "csrf", "pat"}

// glued are what words end with that somebody wrote together.
var glued = []string{"password", "passwd", "passphrase", "secret", "token", "apikey", "credentials"}

// about are last words of what is said about a secret, and is none itself.
var about = []string{
	"file", "path", "dir", "folder", "url", "uri", "endpoint", "host", "server", "ttl", "expiry", "expires", "expiration", "exp", "length", "len", "min", "max", "count",
	"size", "name", "id", "ids", "enabled", "disabled", "header", "prefix", "type", "policy", "timeout", "limit", "limits", "rounds", "algorithm", "alg", "seconds", "minutes", "hours",
	"days", "ms", "in", "at", "required", "field", "version", "rotation", "issuer", "audience", "domain", "samesite", "secure", "age", "bucket", "budget", "provider", "format", "attempts", "used", "per",
}

// turns are last words that say which of several it is.
var turns = []string{
	"old", "new", "prev", "previous", "next", "current", "primary", "secondary", "base64", "b64", "hex", "value", "raw", "test", "live", "prod", "production", "dev",
	"staging", "sandbox", "encrypted", "enc", "base", "v",
}

// pages are words before "token" with which it is a place in a list.
var pages = []string{"page", "next", "continuation", "pagination", "sync", "resume"}

// locks are words before "key" with which it opens something.
var locks = []string{
	"api", "access", "private", "secret", "signing", "signature", "sign", "encryption", "encrypt", "crypt", "crypto", "auth", "authentication", "master", "service", "app", "application", "account",
	"license", "webhook", "ssh", "session", "deploy", "storage", "jwt", "jws", "jwk", "hmac", "cipher", "aes", "rsa", "pgp", "gpg", "tls", "ssl", "subscription", "client", "shared", "write", "admin",
	"root", "role", "token", "cookie", "stripe", "sendgrid", "mailgun", "mailchimp", "postmark", "resend", "openai", "anthropic", "twilio", "github", "gitlab", "google", "maps", "aws", "azure",
	"gcp", "datadog", "dd", "sentry", "algolia", "segment", "paypal", "adyen", "mollie", "braintree", "square", "shopify", "slack", "heroku", "cloudflare", "newrelic", "mapbox", "functions",
}

// plain are words before "key" in a variable of an environment with which it opens nothing.
var plain = []string{
	"public", "publishable", "pub", "primary", "foreign", "cache", "partition", "sort", "hash", "range", "idempotency", "dedupe", "routing", "row", "lookup", "object", "index", "unique", "map",
	"group", "ledger", "natural", "order", "json", "config", "feature", "translation", "message", "redis", "queue", "topic", "s3", "metric", "label", "tag", "column", "header", "host", "lock", "hot",
}

// Named reports whether a setting, a header or a field of this name is a secret.
func Named(name string) bool {
	all := wordsOf(name)
	if len(all) == 0 {
		return false
	}
	upper := strings.ToUpper(name) == name && len(all) > 1
	for len(all) > 1 && (slices.Contains(turns, all[len(all)-1]) || isDigit(all[len(all)-1][0])) {
		all = all[:len(all)-1]
	}
	last := all[len(all)-1]
	switch {
	case slices.Contains(about, last):
		return false
	case last == "key" || last == "keys":
		return opens(all[:len(all)-1], upper)
	case slices.Contains(endings, last), last == "pass" && len(all) > 1:
		return true
	case last == "signature" && len(all) > 1 && all[len(all)-2] == "amz":
		return true
	}
	return slices.ContainsFunc(all, secretWord) && (last != "token" || len(all) == 1 || !slices.Contains(pages, all[len(all)-2]))
}

// opens reports whether a key of these words opens something.
func opens(before []string, upper bool) bool {
	if len(before) == 0 {
		return false
	}
	if slices.ContainsFunc(before, secretWord) {
		return true
	}
	kind := before[len(before)-1]
	return slices.Contains(locks, kind) || upper && !slices.Contains(plain, kind)
}

func secretWord(word string) bool {
	return slices.Contains(words, word) || slices.ContainsFunc(glued, func(end string) bool { return strings.HasSuffix(word, end) })
}

// longestName bounds what is taken for a name.
const longestName = 128

// wordsOf takes a name apart, as snake_case, kebab-case, camelCase or dotted names have
// their words, in small letters; numbers are words of their own.
func wordsOf(name string) []string {
	var all []string
	name = name[:min(len(name), longestName)]
	start := 0
	flush := func(end int) {
		if end > start {
			all = append(all, strings.ToLower(name[start:end]))
		}
		start = end
	}
	for i := range len(name) {
		c := name[i]
		switch {
		case !isAlnum(c):
			flush(i)
			start = i + 1
		case i > start && (isDigit(c) != isDigit(name[i-1]) || isUpper(c) && (!isUpper(name[i-1]) || i+1 < len(name) && isLetter(name[i+1]) && !isUpper(name[i+1]))):
			flush(i)
		}
	}
	flush(len(name))
	return all
}

func isUpper(c byte) bool { return 'A' <= c && c <= 'Z' }
