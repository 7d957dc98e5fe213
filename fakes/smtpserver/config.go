package smtpserver

import (
	"cmp"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"math/big"
	"net"
	"slices"
	"strings"
	"time"

	"holdfast.dev/holdfast/fakes/host"
	"holdfast.dev/holdfast/fakes/journal"
	"holdfast.dev/holdfast/nearest"
	"holdfast.dev/holdfast/placeholder"
)

// Config is how the fake runs.
type Config struct {
	host.Config
	// StartTLS offers STARTTLS. Defaults to not.
	StartTLS bool
	// Key is a text over a letter, for example {header.X-Order} or {to}, that is the same
	// for each try at one letter: see [Letter.Value]. Defaults to the recipients and
	// what was said.
	Key string
	// KeepBytes is how much [Server.Messages] may hold, in bytes. Defaults to 64 MiB.
	KeepBytes int
}

const defaultKeepBytes = 64 << 20

func (c Config) withDefaults() Config {
	if len(c.Addresses) == 0 {
		c.Addresses = []string{"127.0.0.1:0"}
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Start.IsZero() {
		c.Start = c.Now()
	}
	if c.Journal == nil {
		c.Journal = journal.New(journal.Config{Start: c.Start, Now: c.Now})
	}
	if c.Log == nil {
		c.Log = func(string) {}
	}
	c.MaxConns = cmp.Or(c.MaxConns, 15_000)
	c.MaxBody = cmp.Or(c.MaxBody, 4<<20)
	c.KeepBytes = cmp.Or(c.KeepBytes, defaultKeepBytes)
	return c
}

// Validate reports all that is wrong with the configuration.
func (c Config) Validate() error {
	errs := []error{c.Config.Validate()}
	if len(c.Addresses) > 1 {
		errs = append(errs, errors.New("a mail server has one address"))
	}
	if c.KeepBytes < 0 {
		errs = append(errs, errors.New("KeepBytes must not be below 0"))
	}
	return errors.Join(append(errs, CheckKey(c.Key))...)
}

// CheckKey says what is wrong with a key over a letter.
func CheckKey(key string) error {
	names := placeholder.Text(key).Names()
	if key != "" && len(names) == 0 {
		return fmt.Errorf("key %q is the same for every letter", key)
	}
	for _, name := range names {
		if !slices.Contains(Names(), name) && !strings.HasPrefix(name, "header.") {
			return fmt.Errorf("key %q: {%s} is nothing of a letter: there are %s and header.NAME%s",
				key, name, strings.Join(Names(), ", "), nearest.Hint(name, Names()))
		}
	}
	return nil
}

// ownCertificate is one that is good for the address and a day.
func ownCertificate(address *net.TCPAddr) (*tls.Config, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make a certificate: %w", err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: domain}, DNSNames: []string{"localhost", domain}, IPAddresses: []net.IP{address.IP},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour), IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, fmt.Errorf("make a certificate: %w", err)
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}, nil
}
