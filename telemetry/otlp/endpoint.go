package otlp

import (
	"cmp"
	"fmt"
	"net/url"
	"strings"
)

// Variables by which OpenTelemetry's programs are told where to send what, as its
// specification has them. Those of metrics go before the common ones; further ones
// (headers, certificates, the resource, the interval) are read by its SDK itself.
const (
	envEndpoint        = "OTEL_EXPORTER_OTLP_ENDPOINT"
	envMetricsEndpoint = "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT"
	envProtocol        = "OTEL_EXPORTER_OTLP_PROTOCOL"
	envMetricsProtocol = "OTEL_EXPORTER_OTLP_METRICS_PROTOCOL"
	envExporter        = "OTEL_METRICS_EXPORTER"
	envDisabled        = "OTEL_SDK_DISABLED"
	envInterval        = "OTEL_METRIC_EXPORT_INTERVAL"
)

// protocol is the only one that is spoken.
const protocol = "http/protobuf"

// Endpoint is where an environment wants metrics to be sent, empty for nowhere.
// unspoken says why nothing is sent although there is an endpoint: that may be meant for
// others, so it is no error. An endpoint that is no address is one.
func Endpoint(getenv func(string) string) (to, unspoken string, err error) {
	name, path := envMetricsEndpoint, ""
	if getenv(name) == "" {
		name, path = envEndpoint, "v1/metrics"
	}
	given := strings.TrimSpace(getenv(name))
	if given == "" || strings.EqualFold(getenv(envDisabled), "true") || getenv(envExporter) == "none" {
		return "", "", nil
	}
	u, err := url.Parse(given)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		// The parser's error, and the address, may hold a password.
		return "", "", fmt.Errorf("%s is no address of http or https, such as http://127.0.0.1:4318", name)
	}
	if asked := cmp.Or(getenv(envMetricsProtocol), getenv(envProtocol)); asked != "" && asked != protocol {
		return "", fmt.Sprintf("%s: the figures of the run are not sent, for %s is wanted there and only %s is spoken", name, asked, protocol), nil
	}
	return u.JoinPath(path).String(), "", nil
}
