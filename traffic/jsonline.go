package traffic

import (
	"net/url"
	"strings"
	"time"

	"github.com/tidwall/gjson"
)

// What a field of a line of JSON is. The names are those of nginx' variables, of Caddy,
// Traefik, Envoy, Google Cloud, API Gateway, and of loggers of frameworks.
var (
	ofMethod  = names("request_method", "method", "requestmethod", "http_method", "httpmethod", "verb", "request.method", "http.method", "httprequest.requestmethod", "http.request.method", "req.method")
	ofTarget  = names("request_uri", "uri", "path", "requestpath", "url", "request_path", "request.uri", "request.url", "request.path", "http.url", "http.path", "httprequest.requesturl", "x-envoy-original-path", "url.original", "url.path", "req.url", "target")
	ofLine    = names("request", "requestline", "request_line")
	ofStatus  = names("status", "status_code", "statuscode", "downstreamstatus", "response_code", "code", "response.status", "http.status", "http.status_code", "httprequest.status", "http.response.status_code", "res.statuscode")
	ofTime    = names("time", "timestamp", "@timestamp", "time_iso8601", "time_local", "ts", "msec", "date", "start_time", "startutc", "requesttime", "datetime", "t")
	ofSeconds = names("request_time", "duration", "latency", "httprequest.latency", "elapsed", "duration_s", "took")
	ofMillis  = names("duration_ms", "latency_ms", "elapsed_ms", "response_time", "responsetime", "took_ms", "time_ms", "request_time_ms", "responselatency")
	ofNanos   = names("duration_ns", "latency_ns", "elapsed_ns", "event.duration")
)

func names(all ...string) map[string]int {
	order := map[string]int{}
	for i, name := range all {
		order[name] = len(all) - i
	}
	return order
}

// fields are what a line of JSON says; of several names for one thing, the first of its
// row counts.
type fields struct {
	method, target, request, status, at field
	seconds, millis, nanos              field
}

type field struct {
	value gjson.Result
	rank  int
}

func (f *field) take(order map[string]int, name string, value gjson.Result) {
	if rank := order[name]; rank > f.rank && value.Raw != "" && value.Raw != "null" && value.Raw != `""` {
		f.value, f.rank = value, rank
	}
}

// jsonLine reads one line of JSON.
func jsonLine(text []byte) (line, bool) {
	if !gjson.ValidBytes(text) {
		return line{}, false
	}
	var f fields
	f.read("", gjson.ParseBytes(text))
	var l line
	switch {
	case f.method.rank > 0 && f.target.rank > 0:
		l.request = requestOf(strings.ToUpper(f.method.value.String()), pathOf(f.target.value.String()))
	case f.request.rank > 0:
		if !l.ask([]byte(f.request.value.String())) {
			return line{}, false
		}
	default:
		return line{}, false
	}
	var ok bool
	if l.status, ok = statusOf(f.status.value.String()); !ok {
		return line{}, false
	}
	l.at = timeOf(f.at.value.String())
	l.took, l.timed = f.took()
	return l, true
}

// read looks at the fields of an object, and of those in it.
func (f *fields) read(prefix string, object gjson.Result) {
	object.ForEach(func(key, value gjson.Result) bool {
		name := prefix + strings.ToLower(key.String())
		if value.IsObject() && strings.Count(name, ".") < 2 {
			f.read(name+".", value)
			return true
		}
		f.method.take(ofMethod, name, value)
		f.target.take(ofTarget, name, value)
		f.request.take(ofLine, name, value)
		f.status.take(ofStatus, name, value)
		f.at.take(ofTime, name, value)
		f.seconds.take(ofSeconds, name, value)
		f.millis.take(ofMillis, name, value)
		f.nanos.take(ofNanos, name, value)
		return true
	})
}

// took is how long the answer took. A whole number of a million and more under a name
// that does not say its unit is nanoseconds, as Go's loggers and Traefik write them.
func (f *fields) took() (time.Duration, bool) {
	switch {
	case f.millis.rank > 0:
		return time.Duration(f.millis.value.Float() * float64(time.Millisecond)), true
	case f.nanos.rank > 0:
		return time.Duration(f.nanos.value.Int()), true
	case f.seconds.rank == 0:
		return 0, false
	}
	text := f.seconds.value.String()
	if d, err := time.ParseDuration(text); err == nil { // 12.5ms, 0.012s
		return d, true
	}
	if !strings.Contains(text, ".") && f.seconds.value.Float() >= 10_000 {
		return time.Duration(f.seconds.value.Int()), true
	}
	return seconds(text)
}

// pathOf is the path and query of what may be a whole address.
func pathOf(target string) string {
	if strings.HasPrefix(target, "/") {
		return target
	}
	u, err := url.Parse(target)
	if err != nil {
		return ""
	}
	if u.Path == "" && u.Host != "" {
		return "/"
	}
	return u.RequestURI()
}
