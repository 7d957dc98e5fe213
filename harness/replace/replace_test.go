package replace_test

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"holdfast.dev/holdfast/harness/replace"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func host(t testing.TB, text string) replace.Host {
	t.Helper()
	h, err := replace.ParseHost(text)
	require.NoError(t, err)
	return h
}

func TestAHostIsReadAsProgramsWriteIt(t *testing.T) {
	for text, want := range map[string]string{
		"https://api.stripe.com":      "https://api.stripe.com",
		"https://API.Stripe.com./":    "https://api.stripe.com",
		"https://api.stripe.com:443":  "https://api.stripe.com",
		"http://api.example.com:8080": "http://api.example.com:8080",
		"https://*.example.com":       "https://*.example.com",
		"http://payments":             "http://payments",
		"https://a_b.example.com":     "https://a_b.example.com",
	} {
		require.Equal(t, want, host(t, text).String(), text)
	}
}

func TestWhatIsNoHostIsSaid(t *testing.T) {
	for text, want := range map[string]string{
		"api.stripe.com":                "is no host such as https://api.example.com",
		"ftp://api.stripe.com":          "is no host such as",
		"https://":                      "is no host such as",
		"https://api.stripe.com/v1":     "has a path: a host is replaced as a whole; write https://api.stripe.com, and let the routes begin with /v1",
		"https://user:pw@api.stripe.io": "is more than a host",
		"https://api.stripe.com?a=b":    "is more than a host",
		"https://api.stripe.com:0":      "there is no port 0",
		"https://api.stripe.com:99999":  "there is no port 99999",
		"https://192.0.2.1":             "is an address",
		"https://[2001:db8::1]:443":     "is an address",
		"https://localhost":             "is this machine",
		"https://api.localhost:8443":    "is this machine",
		"https://*.com":                 "half of the Internet",
		"https://*":                     "is no name of a host",
		"https://a.*.com":               "is no name of a host",
		"https://api..com":              "is no name of a host",
		"https://a\x1b[31m.com":         "is no host",
	} {
		_, err := replace.ParseHost(text)
		require.ErrorContains(t, err, want, text)
		require.NotContains(t, err.Error(), "\x1b")
	}
}

func FuzzParseHost(f *testing.F) {
	for _, text := range []string{"https://api.stripe.com", "http://*.a.b:80/", "https://[::1]"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		h, err := replace.ParseHost(text)
		if err != nil {
			return
		}
		again, err := replace.ParseHost(h.String())
		require.NoError(t, err)
		require.Equal(t, h, again, "what is printed is read as what it was")
		require.True(t, h.Meets(h))
	})
}

// Two hosts meet where there is a call of both.
func TestHostsMeetWhereACallIsOneOfBoth(t *testing.T) {
	names := rapid.SampledFrom([]string{"a.example", "b.a.example", "c.b.a.example", "*.a.example", "*.b.a.example", "example"})
	calls := []string{"a.example", "b.a.example", "c.a.example", "c.b.a.example", "d.b.a.example", "example"}
	rapid.Check(t, func(t *rapid.T) {
		of := func(what string) replace.Host {
			return replace.Host{Scheme: "https", Name: names.Draw(t, what), Port: rapid.SampledFrom([]uint16{443, 8443}).Draw(t, what+" port")}
		}
		a, b := of("a"), of("b")
		both := false
		for _, call := range calls {
			for _, port := range []uint16{443, 8443} {
				both = both || a.Covers(call, port) && b.Covers(call, port)
			}
		}
		if a.Meets(b) != both || b.Meets(a) != both {
			t.Fatalf("%s and %s: meet is %v, calls say %v", a, b, a.Meets(b), both)
		}
	})
}

// The authority vouches for the replaced hosts and can vouch for nobody else.
func TestAnAuthorityVouchesForItsHostsAlone(t *testing.T) {
	hosts := []replace.Host{host(t, "https://api.stripe.com"), host(t, "https://*.shop.example")}
	a, err := replace.NewAuthority(hosts)
	require.NoError(t, err)
	dir := t.TempDir()
	files, err := a.Write(dir, false)
	require.NoError(t, err)
	roots := x509.NewCertPool()
	text, err := os.ReadFile(files.Roots)
	require.NoError(t, err)
	require.True(t, roots.AppendCertsFromPEM(text))
	verify := func(c *tls.Certificate, name string) error {
		leaf, err := x509.ParseCertificate(c.Certificate[0])
		require.NoError(t, err)
		_, err = leaf.Verify(x509.VerifyOptions{Roots: roots, DNSName: name})
		return err
	}
	c, err := a.Certificate(hosts)
	require.NoError(t, err)
	require.NoError(t, verify(c, "api.stripe.com"))
	require.NoError(t, verify(c, "eu.shop.example"))
	require.Error(t, verify(c, "stripe.com"))
	require.Error(t, verify(c, "a.eu.shop.example"))

	bank, err := a.Certificate([]replace.Host{host(t, "https://mybank.example")})
	require.NoError(t, err)
	require.ErrorContains(t, verify(bank, "mybank.example"), "not permitted", "also if its key were stolen")

	other, err := replace.NewAuthority(hosts)
	require.NoError(t, err)
	foreign, err := other.Certificate(hosts)
	require.NoError(t, err)
	require.Error(t, verify(foreign, "api.stripe.com"), "each run has its own")
}

// The key is on no disk: what is written are certificates.
func TestNoKeyIsWritten(t *testing.T) {
	a, err := replace.NewAuthority([]replace.Host{host(t, "https://api.stripe.com")})
	require.NoError(t, err)
	dir := t.TempDir()
	_, err = a.Write(dir, false)
	require.NoError(t, err)
	paths, err := filepath.Glob(filepath.Join(dir, "*"))
	require.NoError(t, err)
	inPHP, err := filepath.Glob(filepath.Join(dir, "php", "*"))
	require.NoError(t, err)
	for _, path := range append(paths, inPHP...) {
		info, err := os.Stat(path)
		require.NoError(t, err)
		if info.IsDir() {
			continue
		}
		require.EqualValues(t, 0o644, info.Mode().Perm())
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		require.NotContains(t, string(text), "PRIVATE KEY")
		for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
			require.Equal(t, "CERTIFICATE", block.Type)
		}
	}
}

func TestWhereSomebodyRealIsCalledTheSystemsRootsAreTrusted(t *testing.T) {
	a, err := replace.NewAuthority([]replace.Host{host(t, "https://api.stripe.com")})
	require.NoError(t, err)
	alone, err := a.Write(t.TempDir(), false)
	require.NoError(t, err)
	with, err := a.Write(t.TempDir(), true)
	if err != nil {
		t.Skip(err) // this machine has none
	}
	require.Equal(t, 1, certificates(t, alone.Roots))
	require.Greater(t, certificates(t, with.Roots), 1)
}

func certificates(t *testing.T, path string) int {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	return strings.Count(string(text), "BEGIN CERTIFICATE")
}

// The key store is held to Java's own reader.
func TestJavaReadsTheKeyStore(t *testing.T) {
	keytool, err := exec.LookPath("keytool")
	if err != nil {
		t.Skip("no Java here")
	}
	a, err := replace.NewAuthority([]replace.Host{host(t, "https://api.stripe.com")})
	require.NoError(t, err)
	files, err := a.Write(t.TempDir(), false)
	require.NoError(t, err)
	out, err := exec.CommandContext(t.Context(), keytool, "-list", "-v", "-keystore", files.Java, "-storetype", "JKS", "-storepass", replace.StorePassword).CombinedOutput()
	require.NoError(t, err, string(out))
	require.Contains(t, string(out), "Your keystore contains 1 entry")
	require.Contains(t, string(out), "trustedCertEntry")
	require.Contains(t, string(out), "api.stripe.com", "its constraint")
}

func TestWhatProgramsAreTold(t *testing.T) {
	secure := []replace.Host{host(t, "https://api.stripe.com"), host(t, "https://*.shop.example")}
	f := replace.Files{Roots: "/run/roots.pem", Java: "/run/roots.jks"}
	env := replace.Variables(secure, f, "127.0.0.1:4000", false)
	require.Equal(t, "http://127.0.0.1:4000", env["HTTPS_PROXY"])
	require.Equal(t, "localhost,127.0.0.1,::1", env["NO_PROXY"])
	require.Equal(t, "/run/roots.pem", env["SSL_CERT_FILE"])
	require.Contains(t, env["JAVA_TOOL_OPTIONS"], "-Dhttps.proxyPort=4000 -Dhttp.nonProxyHosts=localhost|127.*|[::1]")
	require.NotContains(t, env, "HTTP_PROXY", "without TLS nothing is replaced")
	require.Contains(t, replace.Variables(append(secure, host(t, "http://old.example")), f, "127.0.0.1:4000", false), "HTTP_PROXY")

	led := replace.Variables(secure, f, "127.0.0.1:4000", true)
	require.Equal(t, "localhost,127.0.0.1,::1,api.stripe.com,.shop.example", led["no_proxy"])
	require.Contains(t, led["JAVA_TOOL_OPTIONS"], "|[::1]|api.stripe.com|*.shop.example")
	require.ElementsMatch(t, replace.VariableNames(secure), keys(env))
}

func keys(m map[string]string) []string {
	var all []string
	for k := range m {
		all = append(all, k)
	}
	return all
}
