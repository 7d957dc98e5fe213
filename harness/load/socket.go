package load

import (
	"encoding/hex"
	"net/url"
	"path/filepath"
	"strings"
)

// A Unix socket is asked at unix:///PATH. To net/http, which knows hosts alone, it has a
// host of its own, whose name says the path.
const (
	schemeUnix   = "unix"
	socketSuffix = ".unix.invalid" // no host has such a name
	socketHost   = "localhost"     // what the Host header says
)

// socketURL is how the socket of unix:///PATH is asked by net/http.
func socketURL(path string) *url.URL {
	return &url.URL{Scheme: "http", Host: hex.EncodeToString([]byte(filepath.Clean(path))) + socketSuffix}
}

// socketOf is the path of the socket that a host stands for.
func socketOf(host string) (path string, is bool) {
	text, is := strings.CutSuffix(host, socketSuffix)
	if !is {
		return "", false
	}
	raw, err := hex.DecodeString(text)
	return string(raw), err == nil
}

// addressText is a base URL as it was given.
func addressText(base *url.URL) string {
	if path, is := socketOf(base.Hostname()); is {
		return schemeUnix + "://" + path
	}
	return base.String()
}

// hostHeader is what requests to a base URL say of the host.
func hostHeader(base *url.URL) string {
	if _, is := socketOf(base.Hostname()); is {
		return socketHost
	}
	return base.Host
}
