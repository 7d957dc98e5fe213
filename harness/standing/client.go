package standing

import (
	"net/http"
	"time"
)

// newClient asks the target and nobody else: it uses no proxy, and takes a redirect
// for the answer that it is. No timeout leaves the time to who asks.
func newClient(timeout time.Duration) *http.Client {
	return &http.Client{
		Timeout: timeout, Transport: &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}
