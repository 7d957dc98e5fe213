package main

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"syscall"
	"time"

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
// connects to nothing else, whatever a name is resolved to.
func attackClient(loopback bool, timeout time.Duration) *http.Client {
	dialer := &net.Dialer{Timeout: timeout}
	if loopback {
		dialer.Control = onlyLoopback
	}
	return &http.Client{Timeout: timeout, Transport: &http.Transport{
		DialContext: dialer.DialContext, MaxIdleConnsPerHost: maxAttackWorkers,
	}}
}

func onlyLoopback(_, address string, _ syscall.RawConn) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil || !at.Addr().Unmap().IsLoopback() {
		return fmt.Errorf("%s is no loopback address", address)
	}
	return nil
}
