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
	"net/http"
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
	// Standard is the secret of Standard Webhooks, which Svix and others have: the
	// headers webhook-id, webhook-timestamp and webhook-signature: v1,BASE64, an
	// HMAC-SHA256 over "ID.SECONDS.BODY". The secret is base64, also behind whsec_.
	Standard string
	HMAC     HMAC
}

// HMAC is a signature of another shape.
type HMAC struct {
	Secret string
	Header string // that bears it
	// Algorithm is sha1, sha256 or sha512. Defaults to sha256.
	Algorithm string
	// Encoding is hex or base64. Defaults to hex.
	Encoding string
	// Prefix stands before it, for example sha1=. It may name {timestamp} and {id}.
	// Defaults to nothing.
	Prefix string
	// Signs is what is signed: a text with {body}, {timestamp} in seconds since 1970,
	// and {id}, which is the same each time that a callback is sent. Defaults to {body}.
	Signs string
	// Timestamp and ID are headers that bear those. Default to none.
	Timestamp, ID string
}

func (h HMAC) withDefaults() HMAC {
	if h == (HMAC{}) {
		return h
	}
	h.Algorithm, h.Encoding, h.Signs = cmp.Or(h.Algorithm, "sha256"), cmp.Or(h.Encoding, "hex"), cmp.Or(h.Signs, "{body}")
	return h
}

// shape is the signature that is asked for; what the known ways sign is one of them.
func (s Sign) shape() HMAC {
	h := s.HMAC
	switch {
	case s.Stripe != "":
		h = HMAC{Secret: s.Stripe, Header: "Stripe-Signature", Prefix: "t={timestamp},v1=", Signs: "{timestamp}.{body}"}
	case s.GitHub != "":
		h = HMAC{Secret: s.GitHub, Header: "X-Hub-Signature-256", Prefix: "sha256="}
	case s.Standard != "":
		h = HMAC{
			Secret: s.Standard, Header: "webhook-signature", Encoding: "base64", Prefix: "v1,", Signs: "{id}.{timestamp}.{body}",
			Timestamp: "webhook-timestamp", ID: "webhook-id",
		}
	}
	return h.withDefaults()
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
	for way, secret := range map[string]string{"stripe": s.Stripe, "github": s.GitHub, "standard": s.Standard} {
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
	if h := s.HMAC.withDefaults(); h != (HMAC{}) {
		errs = append(errs, h.validate()...)
	}
	return errors.Join(errs...)
}

// validate are all that is wrong with it, each behind the name of its part.
func (h HMAC) validate() (errs []error) {
	say := func(part string, err error) { errs = append(errs, within("sign.hmac."+part, err)) }
	if h.Secret == "" {
		say("secret", errors.New("it has no secret"))
	}
	for _, one := range []struct{ part, name string }{{"header", h.Header}, {"timestamp", h.Timestamp}, {"id", h.ID}} {
		if (one.name != "" || one.part == "header") && !headerName(one.name) {
			say(one.part, fmt.Errorf("%q is no name of a header", one.name))
		}
	}
	if _, ok := algorithms()[h.Algorithm]; !ok {
		say("algorithm", other(h.Algorithm, slices.Sorted(maps.Keys(algorithms()))))
	}
	if _, ok := encodings()[h.Encoding]; !ok {
		say("encoding", other(h.Encoding, slices.Sorted(maps.Keys(encodings()))))
	}
	prefix, signs := placeholder.Text(h.Prefix), placeholder.Text(h.Signs)
	_, err := prefix.Bind([]string{"id", "timestamp"})
	say("prefix", err)
	_, err = signs.Bind([]string{"body", "id", "timestamp"})
	say("signs", err)
	if !slices.Contains(signs.Names(), "body") {
		say("signs", fmt.Errorf("%q has no {body}: whatever is sent would have the same signature", h.Signs))
	}
	return errs
}

func headerName(name string) bool { return name != "" && !strings.ContainsAny(name, " :\r\n\t\"") }

func other(name string, all []string) error {
	return fmt.Errorf("%q is none of %s%s", name, strings.Join(all, ", "), nearest.Hint(name, all))
}

// ofRun is what may be named that no request can change: a secret is not the
// client's to choose.
func (s scope) ofRun() scope { return scope{values: s.values, fixed: true} }

// signer signs bodies in one way.
type signer struct {
	HMAC
	secret        text
	decodes       bool // the secret stands in base64
	prefix, signs placeholder.Pattern
}

func (s Sign) compile(place scope) *signer {
	if !s.Signed() {
		return nil
	}
	h := s.shape()
	return &signer{
		HMAC: h, secret: place.ofRun().compile(placeholder.Text(h.Secret)), decodes: s.Standard != "",
		prefix: placeholder.Text(h.Prefix), signs: placeholder.Text(h.Signs),
	}
}

// key is what it signs with.
func (s *signer) key(x *exchange) ([]byte, error) {
	secret, _ := s.secret.fill(x)
	if !s.decodes {
		return []byte(secret), nil
	}
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	if err != nil { // which would say what stands in the secret
		return nil, errors.New("webhook: sign.standard: the secret is no base64, as all who verify read it: of letters and digits that are drawn, generate a multiple of 4")
	}
	return key, nil
}

// sign adds the signature of a body to the headers.
func (s *signer) sign(h http.Header, key []byte, now time.Time, id string, body []byte) {
	known := map[string]string{"timestamp": strconv.FormatInt(now.Unix(), 10), "id": id, "body": string(body)}
	fill := func(p placeholder.Pattern) string {
		return p.Fill(func(name string) (string, bool) { value, ok := known[name]; return value, ok })
	}
	m := hmac.New(algorithms()[s.Algorithm], key)
	m.Write([]byte(fill(s.signs)))
	h.Set(s.Header, fill(s.prefix)+encodings()[s.Encoding](m.Sum(nil)))
	for name, value := range map[string]string{s.Timestamp: known["timestamp"], s.ID: id} {
		if name != "" {
			h.Set(name, value)
		}
	}
}
