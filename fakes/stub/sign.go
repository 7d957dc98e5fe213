package stub

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha1" // what some providers sign with to this day
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"holdfast.dev/holdfast/nearest"
	"holdfast.dev/holdfast/placeholder"
)

// Sign is how a callback is signed, in at most one way. Secrets are texts over
// [Config.Values], for example {secrets.whsec}.
type Sign struct {
	// Stripe is the secret of Stripe-Signature: t=SECONDS,v1=HEX, an HMAC-SHA256 over
	// "SECONDS.BODY".
	Stripe string
	// GitHub is the secret of X-Hub-Signature-256: sha256=HEX, an HMAC-SHA256 over the
	// body.
	GitHub string
	HMAC   HMAC
}

// HMAC is a plain signature of the body.
type HMAC struct {
	Secret string
	Header string // that bears it
	// Algorithm is sha1, sha256 or sha512. Defaults to sha256.
	Algorithm string
	// Encoding is hex or base64. Defaults to hex.
	Encoding string
	// Prefix stands before it, for example sha1=. Defaults to nothing.
	Prefix string
}

func (h HMAC) withDefaults() HMAC {
	if h == (HMAC{}) {
		return h
	}
	h.Algorithm, h.Encoding = cmp.Or(h.Algorithm, "sha256"), cmp.Or(h.Encoding, "hex")
	return h
}

func algorithms() map[string]func() hash.Hash {
	return map[string]func() hash.Hash{"sha1": sha1.New, "sha256": sha256.New, "sha512": sha512.New}
}

func encodings() map[string]func([]byte) string {
	return map[string]func([]byte) string{"hex": hex.EncodeToString, "base64": base64.StdEncoding.EncodeToString}
}

// ways are the ways to sign that are asked for, with their secrets.
func (s Sign) ways() map[string]string {
	all := map[string]string{}
	for way, secret := range map[string]string{"stripe": s.Stripe, "github": s.GitHub} {
		if secret != "" {
			all[way] = secret
		}
	}
	if s.HMAC != (HMAC{}) {
		all["hmac"] = s.HMAC.Secret
	}
	return all
}

// Signed says whether it signs at all.
func (s Sign) Signed() bool { return len(s.ways()) > 0 }

func (s Sign) validate(place scope) error {
	var errs []error
	ways := s.ways()
	if len(ways) > 1 {
		errs = append(errs, within("sign", fmt.Errorf("it is signed in more than one way: %s", strings.Join(slices.Sorted(maps.Keys(ways)), ", "))))
	}
	for way, secret := range ways {
		at := "sign." + way
		if way == "hmac" {
			at += ".secret"
		}
		errs = append(errs, within(at, place.ofRun().text(secret).err))
	}
	h := s.HMAC.withDefaults()
	if h == (HMAC{}) {
		return errors.Join(errs...)
	}
	if h.Secret == "" {
		errs = append(errs, within("sign.hmac", errors.New("it has no secret")))
	}
	if h.Header == "" || !headerName(h.Header) {
		errs = append(errs, within("sign.hmac.header", fmt.Errorf("%q is no name of a header", h.Header)))
	}
	if _, ok := algorithms()[h.Algorithm]; !ok {
		errs = append(errs, within("sign.hmac.algorithm", other(h.Algorithm, slices.Sorted(maps.Keys(algorithms())))))
	}
	if _, ok := encodings()[h.Encoding]; !ok {
		errs = append(errs, within("sign.hmac.encoding", other(h.Encoding, slices.Sorted(maps.Keys(encodings())))))
	}
	return errors.Join(errs...)
}

func headerName(name string) bool { return !strings.ContainsAny(name, " :\r\n\t\"") }

func other(name string, all []string) error {
	return fmt.Errorf("%q is none of %s%s", name, strings.Join(all, ", "), nearest.Hint(name, all))
}

// ofRun is what may be named that no request can change: a secret is not the
// client's to choose.
func (s scope) ofRun() scope { return scope{values: s.values, fixed: true} }

// signer signs bodies in one way.
type signer struct {
	secret text
	sign   func(secret string, now time.Time, body []byte) (header, value string)
}

func (s Sign) compile(place scope) *signer {
	place = place.ofRun()
	switch h := s.HMAC.withDefaults(); {
	case s.Stripe != "":
		return &signer{place.compile(placeholder.Text(s.Stripe)), func(secret string, now time.Time, body []byte) (string, string) {
			seconds := strconv.FormatInt(now.Unix(), 10)
			return "Stripe-Signature", "t=" + seconds + ",v1=" + hex.EncodeToString(mac(sha256.New, secret, []byte(seconds+"."), body))
		}}
	case s.GitHub != "":
		return &signer{place.compile(placeholder.Text(s.GitHub)), func(secret string, _ time.Time, body []byte) (string, string) {
			return "X-Hub-Signature-256", "sha256=" + hex.EncodeToString(mac(sha256.New, secret, body))
		}}
	case h.Secret != "":
		return &signer{place.compile(placeholder.Text(h.Secret)), func(secret string, _ time.Time, body []byte) (string, string) {
			return h.Header, h.Prefix + encodings()[h.Encoding](mac(algorithms()[h.Algorithm], secret, body))
		}}
	}
	return nil
}

func mac(of func() hash.Hash, secret string, parts ...[]byte) []byte {
	m := hmac.New(of, []byte(secret))
	for _, part := range parts {
		m.Write(part)
	}
	return m.Sum(nil)
}
