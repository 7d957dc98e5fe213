package redact

import (
	"regexp"
	"strings"
)

// shape is a key that is known by its beginning.
type shape struct {
	prefix string
	least  int // characters behind it
	of     string
	digit  bool // at least one of them is a digit: the prefix is a word's, too
}

const (
	digits  = "0123456789"
	letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	alnum   = digits + letters
	wordy   = alnum + "_-"
	base64s = alnum + "+/=_-"
	dotted  = alnum + "_-."
)

// shapes are of the services that give them out, as their documents and the rules of
// gitleaks have them.
var shapes = []shape{
	{"sk_live_", 10, alnum, false}, {"sk_test_", 10, alnum, false}, {"rk_live_", 10, alnum, false}, {"rk_test_", 10, alnum, false},
	{"whsec_", 16, base64s, false}, {"sk-", 20, wordy, false}, {"rk-", 20, wordy, false}, {"re_", 8, alnum + "_", true},
	{"ghp_", 20, alnum, false}, {"gho_", 20, alnum, false}, {"ghu_", 20, alnum, false}, {"ghs_", 20, alnum, false}, {"ghr_", 20, alnum, false},
	{"github_pat_", 20, alnum + "_", false},
	{"glpat-", 20, dotted, false}, {"gldt-", 20, wordy, false}, {"glrt-", 20, dotted, false}, {"glptt-", 20, wordy, false}, {"glcbt-", 20, wordy, false},
	{"glft-", 20, wordy, false}, {"glsoat-", 20, wordy, false}, {"glimt-", 20, wordy, false}, {"glagent-", 20, wordy, false}, {"gloas-", 20, wordy, false},
	{"npm_", 30, alnum, false}, {"pypi-", 32, base64s, false}, {"rubygems_", 32, alnum, false}, {"dckr_pat_", 20, wordy, false},
	{"SG.", 32, dotted, false}, {"xkeysib-", 32, wordy, false}, {"AIza", 30, wordy, false}, {"ya29.", 20, dotted, false}, {"GOCSPX-", 20, wordy, false},
	{"xoxb-", 10, wordy, false}, {"xoxp-", 10, wordy, false}, {"xoxa-", 10, wordy, false}, {"xoxr-", 10, wordy, false}, {"xoxs-", 10, wordy, false},
	{"xoxe-", 10, wordy, false}, {"xoxe.", 10, dotted, false}, {"xapp-", 10, wordy, false},
	{"AKIA", 16, digits + letters[26:], false}, {"ASIA", 16, digits + letters[26:], false}, {"ABIA", 16, digits + letters[26:], false}, {"ACCA", 16, digits + letters[26:], false},
	{"LTAI", 20, alnum, true}, {"ABSK", 100, base64s, false},
	{"shpat_", 32, alnum, false}, {"shpss_", 32, alnum, false}, {"shpca_", 32, alnum, false}, {"shppa_", 32, alnum, false},
	{"dop_v1_", 32, alnum, false}, {"doo_v1_", 32, alnum, false}, {"dor_v1_", 32, alnum, false}, {"hf_", 30, alnum, false},
	{"hvs.", 20, wordy, false}, {"hvb.", 20, wordy, false}, {"hvr.", 20, wordy, false}, {"dp.pt.", 40, alnum, false}, {"dp.st.", 40, dotted, false},
	{"lin_api_", 30, alnum, false}, {"ATATT3", 30, base64s, false}, {"NRAK-", 20, alnum, false}, {"PMAK-", 20, wordy, false}, {"sntrys_", 30, base64s, false},
	{"sntryu_", 30, alnum, false}, {"glc_", 32, base64s, false}, {"glsa_", 32, alnum + "_", false}, {"sbp_", 40, alnum, false}, {"sb_secret_", 20, wordy, false},
	{"secret_", 40, alnum, true}, {"ntn_", 40, alnum, false}, {"CFPAT-", 20, wordy, false}, {"pul-", 40, alnum, true}, {"fo1_", 40, wordy, false},
	{"dapi", 32, "0123456789abcdef", true}, {"dt0c01.", 60, dotted, false}, {"duffel_live_", 40, base64s, false}, {"duffel_test_", 40, base64s, false},
	{"FLWSECK_TEST-", 12, wordy, false}, {"FLWSECK-", 12, wordy, false}, {"AGE-SECRET-KEY-1", 20, alnum, false}, {"pscale_tkn_", 32, dotted, false}, {"pscale_pw_", 32, dotted, false},
	{"EZAK", 54, alnum, true}, {"PRIVATE-TOKEN-", 20, wordy, false}, {"sq0atp-", 20, wordy, false}, {"sq0csp-", 20, wordy, false}, {"figd_", 20, wordy, false},
}

// byFirst are the shapes by the first byte of their beginning.
var byFirst = func() (t [256][]shape) {
	for _, s := range shapes {
		t[s.prefix[0]] = append(t[s.prefix[0]], s)
	}
	return t
}()

// others are known by more than their beginning: a JWT by its two or more parts, hooks of
// Slack and Discord and keys of a Telegram bot by where they stand, the signature of an
// address that was signed.
var others = []struct {
	words []string // one of them is in such a text: it spares the expression
	re    *regexp.Regexp
}{
	{[]string{"eyJ"}, regexp.MustCompile(`()\beyJ[\w-]{6,}\.(?:eyJ[\w-]{6,}\.[\w.-]*|[\w-]*\.[\w.-]{6,})`)},
	{[]string{"hooks.slack.com/"}, regexp.MustCompile(`(hooks\.slack\.com/(?:services|workflows|triggers)/)[\w/-]+`)},
	{[]string{"/api/webhooks/"}, regexp.MustCompile(`(discord(?:app)?\.com/api/webhooks/\d+/)[\w-]+`)},
	{[]string{":AA"}, regexp.MustCompile(`(\b\d{8,10}:)AA[\w-]{33}`)},
	{[]string{"?sig=", "&sig=", "?signature=", "&signature=", "&Signature="}, regexp.MustCompile(`([?&](?:sig|signature|Signature)=)[\w%+/=.-]{16,}`)},
}

// shaped hides keys that are known by their shape.
func shaped(s string) string {
	for _, o := range others {
		for _, word := range o.words {
			if strings.Contains(s, word) {
				s = o.re.ReplaceAllString(s, "${1}"+Hidden)
				break
			}
		}
	}
	var b strings.Builder
	done := 0
	for i := 0; i < len(s); i++ {
		if len(byFirst[s[i]]) == 0 || i > 0 && (isAlnum(s[i-1]) || s[i-1] == '_') {
			continue
		}
		if n := keyAt(s[i:]); n > 0 {
			b.WriteString(s[done:i] + Hidden)
			i += n
			done = i
			i--
		}
	}
	b.WriteString(s[done:])
	return b.String()
}

// keyAt is how long the key is with which a text begins, 0 if it does with none.
func keyAt(s string) int {
	for _, shape := range byFirst[s[0]] {
		if !strings.HasPrefix(s, shape.prefix) {
			continue
		}
		rest := s[len(shape.prefix):]
		n := only(rest, shape.of)
		if n >= shape.least && (!shape.digit || strings.ContainsAny(rest[:n], digits)) {
			return len(shape.prefix) + n
		}
	}
	return 0
}
