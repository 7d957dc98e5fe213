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
	"time"

	"holdfast.dev/holdfast/fakes/host"
	"holdfast.dev/holdfast/fakes/journal"
)

// Config is how the fake runs.
type Config struct {
	host.Config
	// StartTLS offers STARTTLS. Defaults to not.
	StartTLS bool
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
	return errors.Join(errs...)
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
