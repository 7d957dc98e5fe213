package replace

import (
	"crypto/sha1"
	"crypto/x509"
	"encoding/binary"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
	"unicode/utf16"
)

// Files are those by which programs come to trust the authority of a run.
type Files struct {
	// Roots is the certificates as PEM; Java the same as a key store of Java.
	Roots, Java string
	// PHP is a folder with settings of PHP, which reads no variable, that name Roots.
	PHP string
}

// systemRoots are where systems keep the certificates that they trust: the first that
// there is.
func systemRoots() []string {
	return []string{
		"/etc/ssl/certs/ca-certificates.crt",                // Debian, Ubuntu, Alpine
		"/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", // Fedora, RHEL
		"/etc/pki/tls/certs/ca-bundle.crt",                  // older ones
		"/etc/ssl/ca-bundle.pem",                            // SUSE
		"/etc/ssl/cert.pem",                                 // macOS, BSD
	}
}

// Write writes the files into a folder. They have the authority's certificate alone, for
// nobody else is there to be trusted; system has them have what this system trusts as
// well, for runs that call somebody real.
func (a *Authority) Write(dir string, system bool) (Files, error) {
	all := []*x509.Certificate{a.certificate}
	if system {
		more, err := fromSystem()
		if err != nil {
			return Files{}, err
		}
		all = append(all, more...)
	}
	var text []byte
	for _, c := range all {
		text = append(text, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})...)
	}
	f := Files{Roots: filepath.Join(dir, "roots.pem"), Java: filepath.Join(dir, "roots.jks"), PHP: filepath.Join(dir, "php")}
	settings := fmt.Sprintf("curl.cainfo = %q\nopenssl.cafile = %[1]q\n", f.Roots)
	err := os.Mkdir(f.PHP, 0o755)
	for path, content := range map[string][]byte{f.Roots: text, f.Java: keyStore(all), filepath.Join(f.PHP, "replaces.ini"): []byte(settings)} {
		err = errors.Join(err, os.WriteFile(path, content, 0o644)) // for everybody to read
	}
	if err != nil {
		return Files{}, fmt.Errorf("write the run's certificate: %w", err)
	}
	return f, nil
}

// fromSystem are the certificates that this system trusts.
func fromSystem() ([]*x509.Certificate, error) {
	for _, path := range systemRoots() {
		text, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		var all []*x509.Certificate
		for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
			if c, err := x509.ParseCertificate(block.Bytes); err == nil {
				all = append(all, c) // one that Go cannot read the others may not need
			}
		}
		return all, nil
	}
	return nil, fmt.Errorf("this system has no file of the certificates that it trusts, of %q: a host that --allow-host names could not be trusted", systemRoots())
}

// keyStore is certificates as Java's own format of key stores, JKS, has them. It is read
// by every version; the newer format, PKCS #12, not by those before 8u301.
func keyStore(all []*x509.Certificate) []byte {
	const magic, version, trusted = 0xfeedfeed, 2, 2
	var b []byte
	number := func(n int) { b = binary.BigEndian.AppendUint32(b, uint32(n)) }
	text := func(s string) { b = append(binary.BigEndian.AppendUint16(b, uint16(len(s))), s...) }
	number(magic)
	number(version)
	number(len(all))
	for i, c := range all {
		number(trusted)
		text(fmt.Sprintf("root-%d", i))
		b = binary.BigEndian.AppendUint64(b, uint64(time.Now().UnixMilli()))
		text("X.509")
		number(len(c.Raw))
		b = append(b, c.Raw...)
	}
	sum := sha1.New() // it guards against no one
	for _, unit := range utf16.Encode([]rune(StorePassword)) {
		_ = binary.Write(sum, binary.BigEndian, unit) // a hash takes all
	}
	sum.Write([]byte("Mighty Aphrodite"))
	sum.Write(b)
	return sum.Sum(b)
}

// StorePassword is that of the key store. It is Java's own default and protects nothing:
// the store has no secrets.
const StorePassword = "changeit"
