package replace

import (
	"fmt"
	"maps"
	"net"
	"path/filepath"
	"slices"
	"strings"
)

// told is what programs are told.
type told struct {
	Files
	proxy string // host:port
	// insecure says that a host without TLS is played: what else has none stays on this
	// machine, and goes past no proxy.
	insecure bool
	// direct are whom programs call without the proxy.
	direct []string
}

// variables are those that stacks read. docs/replaces.md has which stack reads which.
func (t told) variables() map[string]string {
	url, direct := "http://"+t.proxy, strings.Join(t.direct, ",")
	env := map[string]string{
		"HTTPS_PROXY": url, "https_proxy": url, "NO_PROXY": direct, "no_proxy": direct, "NODE_USE_ENV_PROXY": "1",
		"SSL_CERT_FILE": t.Roots, "REQUESTS_CA_BUNDLE": t.Roots, "CURL_CA_BUNDLE": t.Roots, "AWS_CA_BUNDLE": t.Roots,
		"NODE_EXTRA_CA_CERTS": t.Roots, "JAVA_TOOL_OPTIONS": t.java(),
		"PHP_INI_SCAN_DIR": string(filepath.ListSeparator) + t.PHP, // beside what it reads anyway
	}
	if t.insecure {
		env["HTTP_PROXY"], env["http_proxy"] = url, url
	}
	return env
}

// java are the options of a Java machine.
func (t told) java() string {
	host, port, _ := net.SplitHostPort(t.proxy) // the address of a listener has both
	options := fmt.Sprintf("-Djavax.net.ssl.trustStore=%s -Djavax.net.ssl.trustStoreType=JKS -Djavax.net.ssl.trustStorePassword=%s", t.Java, StorePassword)
	schemes := []string{"https"}
	if t.insecure {
		schemes = append(schemes, "http")
	}
	for _, scheme := range schemes {
		options += fmt.Sprintf(" -D%s.proxyHost=%s -D%[1]s.proxyPort=%[3]s", scheme, host, port)
	}
	var spared []string
	for _, host := range t.direct {
		if strings.HasPrefix(host, ".") {
			host = "*" + host
		}
		spared = append(spared, strings.NewReplacer("127.0.0.1", "127.*", "::1", "[::1]").Replace(host))
	}
	return options + " -Dhttp.nonProxyHosts=" + strings.Join(spared, "|") // also for https
}

// Variables are the environment by which a program is told of the proxy, host:port, and
// of whom to trust. led says that who calls one of the hosts is led to its player in any
// case: then it need not go by the proxy, and sees the connection as it is without one.
func Variables(hosts []Host, f Files, proxy string, led bool) map[string]string {
	t := told{Files: f, proxy: proxy, direct: []string{"localhost", "127.0.0.1", "::1"}}
	for _, h := range hosts {
		t.insecure = t.insecure || h.Scheme == "http"
		if led {
			t.direct = append(t.direct, strings.TrimPrefix(h.Name, "*"))
		}
	}
	return t.variables()
}

// VariableNames are the names of [Variables] for some hosts, sorted.
func VariableNames(hosts []Host) []string {
	return slices.Sorted(maps.Keys(Variables(hosts, Files{}, "127.0.0.1:1", false)))
}
