package replace

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"
)

// Authority vouches for the hosts that are played, and can vouch for no others: their
// names are its constraints. Its key is in the memory of this process alone and is gone
// with it.
type Authority struct {
	key         *ecdsa.PrivateKey
	certificate *x509.Certificate
}

// valid is how long its certificates hold: longer than any run, and not much.
const valid = 7 * 24 * time.Hour

// NewAuthority makes one for these hosts.
func NewAuthority(hosts []Host) (*Authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make a certificate authority for the run: %w", err)
	}
	now := time.Now()
	of := &x509.Certificate{
		SerialNumber: serial(), Subject: pkix.Name{CommonName: "Holdfast: a run of tests", Organization: []string{"Holdfast"}},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(valid), // clocks of containers and of people are a little off
		IsCA: true, BasicConstraintsValid: true, MaxPathLenZero: true, KeyUsage: x509.KeyUsageCertSign,
		PermittedDNSDomains: domains(hosts), PermittedDNSDomainsCritical: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, of, of, key.Public(), key)
	if err != nil {
		return nil, fmt.Errorf("make a certificate authority for the run: %w", err)
	}
	certificate, err := x509.ParseCertificate(der)
	return &Authority{key, certificate}, err
}

// domains are the names of hosts, and the domains of those with a star.
func domains(hosts []Host) []string {
	var all []string
	for _, h := range hosts {
		all = append(all, strings.TrimPrefix(h.Name, "*."))
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// Certificate is what the player of some of the hosts shows.
func (a *Authority) Certificate(hosts []Host) (*tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make a certificate: %w", err)
	}
	var names []string
	for _, h := range hosts {
		names = append(names, h.Name)
	}
	slices.Sort(names)
	of := &x509.Certificate{
		SerialNumber: serial(), Subject: pkix.Name{Organization: []string{"Holdfast"}}, DNSNames: slices.Compact(names),
		NotBefore: a.certificate.NotBefore, NotAfter: a.certificate.NotAfter,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, of, a.certificate, key.Public(), a.key)
	if err != nil {
		return nil, fmt.Errorf("make a certificate for %s: %w", strings.Join(names, ", "), err)
	}
	return &tls.Certificate{Certificate: [][]byte{der, a.certificate.Raw}, PrivateKey: key}, nil
}

// serial is a number that no other certificate has.
func serial() *big.Int {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[0] &= 0x7f           // above zero
	return new(big.Int).SetBytes(b[:])
}
