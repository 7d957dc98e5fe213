package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"syscall"

	"holdfast.dev/holdfast/harness/load"
)

// hostOf returns the host of a URL that may be attacked. Its errors don't repeat
// the URL, which may hold a password.
func hostOf(target string) (string, error) {
	u, err := url.Parse(target)
	switch {
	case target == "":
		return "", errors.New("--target is missing: the URL to send to")
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "":
		return "", errors.New("--target is no URL that begins with http:// or https://")
	case u.User != nil:
		return "", errors.New("--target: credentials belong in a --header, not in the URL")
	}
	if err := (load.Config{BaseURL: u.Scheme + "://" + u.Host}).Validate(); err != nil {
		return "", fmt.Errorf("--target: %w", err)
	}
	return u.Hostname(), nil
}

// isLoopback reports whether a host is this machine by its name alone.
func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

// attackClient sends without proxy. Where only the loopback interface is meant, it
// connects to nothing else, whatever a name is resolved to; where a socket is, to that.
func (f attackFlags) attackClient(loopback bool) *http.Client {
	dialer := &net.Dialer{Timeout: f.timeout}
	transport := &http.Transport{DialContext: dialer.DialContext, MaxIdleConnsPerHost: maxAttackWorkers}
	load.SpeakOnly(transport, f.http2)
	switch {
	case f.socket != "":
		transport.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
			return dialer.DialContext(ctx, "unix", f.socket)
		}
	case loopback:
		dialer.Control = onlyLoopback
	}
	return &http.Client{Timeout: f.timeout, Transport: transport}
}

func onlyLoopback(_, address string, _ syscall.RawConn) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil || !at.Addr().Unmap().IsLoopback() {
		return fmt.Errorf("%s is no loopback address", address)
	}
	return nil
}
