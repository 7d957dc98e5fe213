package load

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"

	"holdfast.dev/holdfast/harness/internal/port"
	"holdfast.dev/holdfast/harness/load/internal/http1"
)

// newTransport is the network as streams share it that speak the same protocol: no
// proxy, no redirects, and as many connections as there are requests in flight.
func newTransport(life context.Context, pins *pins, http2 bool, streams []Stream) *http.Transport {
	idle := 0
	for _, s := range streams {
		idle += s.withDefaults().MaxInFlight
	}
	dialer := &net.Dialer{KeepAlive: -1}
	slots := make(chan struct{}, http1.MaxDials)
	t := &http.Transport{
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			// net/http may go on dialing for a request that has ended.
			ctx, cancel := context.WithCancel(ctx)
			defer cancel()
			defer context.AfterFunc(life, cancel)()
			select {
			case slots <- struct{}{}:
				defer func() { <-slots }()
			case <-ctx.Done():
				return nil, ctx.Err()
			}
			return pins.dial(ctx, dialer, network, address)
		},
		MaxIdleConns:        idle,
		MaxIdleConnsPerHost: idle,
		DisableCompression:  true,
	}
	SpeakOnly(t, http2)
	return t
}

// SpeakOnly has a transport that has made no connection yet speak HTTP/1.1 and nothing
// else, or HTTP/2 and nothing else: with https as both sides agree, so that one that does
// not gets no request, and without by prior knowledge (h2c).
func SpeakOnly(t *http.Transport, http2 bool) {
	t.Protocols = new(http.Protocols)
	t.Protocols.SetHTTP1(!http2)
	t.Protocols.SetHTTP2(http2)
	t.Protocols.SetUnencryptedHTTP2(http2)
	if http2 {
		// Without that net/http would fall back to HTTP/1.1 where the other side leaves it open.
		t.TLSClientConfig = &tls.Config{VerifyConnection: agreedHTTP2}
	}
}

// errNoHTTP2 is of another side that speaks TLS, and no HTTP/2 over it.
var errNoHTTP2 = errors.New(whyNoHTTP2)

func agreedHTTP2(agreed tls.ConnectionState) error {
	if agreed.NegotiatedProtocol != "h2" {
		return errNoHTTP2
	}
	return nil
}

func newTemplate(base *url.URL) *http.Request {
	return &http.Request{
		Method: http.MethodGet, URL: base, Host: hostHeader(base),
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}
}

// parseBase never repeats the URL in an error: it may hold a password.
func parseBase(base string) (*url.URL, error) {
	u, err := url.Parse(base)
	switch {
	case err != nil:
		return nil, errors.New("base URL: not a URL")
	case u.Scheme == schemeUnix:
		if u.Host != "" || u.User != nil || !strings.HasPrefix(u.Path, "/") || u.RawQuery != "" || u.Fragment != "" {
			return nil, errors.New("base URL: want the path of a socket, from the root: unix:///PATH")
		}
		return socketURL(u.Path), nil
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, errors.New("base URL: want http://, https:// or unix:///PATH")
	case u.Host == "":
		return nil, errors.New("base URL: the host is missing")
	case u.User != nil:
		return nil, errors.New("base URL: credentials belong in a header, not in the URL")
	case u.RawQuery != "" || u.Fragment != "":
		return nil, errors.New("base URL: a query or a fragment belongs in the path of a request")
	}
	if err := port.CheckURL(u); err != nil {
		return nil, fmt.Errorf("base URL: %w", err)
	}
	for len(u.Path) > 0 && u.Path[len(u.Path)-1] == '/' {
		u.Path = u.Path[:len(u.Path)-1]
	}
	u.RawPath = ""
	return u, nil
}
