package scrapes

import (
	"net/http"
	"time"
)

// Accept is how a page is asked for: in Prometheus's text format, with names as they are,
// or else in that of OpenMetrics, which some libraries prefer.
const Accept = "text/plain;version=1.0.0;escaping=allow-utf-8, text/plain;version=0.0.4;q=0.9, application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5"

// mostRedirects is how often a page may be said to be elsewhere.
const mostRedirects = 5

// Client returns a client for one page. It goes where the page's own host sends it, as
// from /metrics to /metrics/; what leads to another may lead to somebody else, and is an
// answer like any other.
func Client() *http.Client {
	return &http.Client{
		Transport: &http.Transport{MaxIdleConnsPerHost: 1, IdleConnTimeout: time.Minute},
		CheckRedirect: func(next *http.Request, before []*http.Request) error {
			first := before[0].URL
			if len(before) > mostRedirects || next.URL.Scheme != first.Scheme || next.URL.Host != first.Host {
				return http.ErrUseLastResponse
			}
			return nil
		},
	}
}
