package redact

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
)

// Shortest is how long a text is at least that is hidden because somebody said that it is
// a secret: hiding a shorter one shreds what is said.
const Shortest = 8

// Known are texts that nobody could tell as secrets, but for having been told.
type Known struct {
	replacer *strings.Replacer
	longest  int
}

// Know makes them known, those that are long enough. None is known to nil.
func Know(secrets ...string) *Known {
	var forms []string
	for _, secret := range secrets {
		if len(secret) >= Shortest {
			forms = append(forms, Forms(secret)...)
		}
	}
	slices.SortFunc(forms, func(a, b string) int { // where one holds another, the whole goes
		return cmp.Or(len(b)-len(a), strings.Compare(a, b))
	})
	k := &Known{}
	var pairs []string
	for _, form := range slices.Compact(forms) {
		pairs = append(pairs, form, Hidden)
		k.longest = max(k.longest, len(form))
	}
	k.replacer = strings.NewReplacer(pairs...)
	return k
}

// Text is s without them.
func (k *Known) Text(s string) string {
	if k == nil || k.longest == 0 {
		return s
	}
	return k.replacer.Replace(s)
}

// Longest is how many bytes the longest has, in whatever form.
func (k *Known) Longest() int {
	if k == nil {
		return 0
	}
	return k.longest
}

// Forms are how a secret may stand in a text: as it is, encoded for an address, for JSON,
// or in base64.
func Forms(secret string) []string {
	quoted, _ := json.Marshal(secret) // a string always marshals
	forms := []string{
		secret, url.QueryEscape(secret), url.PathEscape(secret), url.UserPassword("", secret).String()[1:], string(quoted[1 : len(quoted)-1]),
		base64.StdEncoding.EncodeToString([]byte(secret)), base64.RawURLEncoding.EncodeToString([]byte(secret)),
	}
	slices.Sort(forms)
	return slices.Compact(forms)
}
