package toxiproxyapi_test

import (
	"context"
	"encoding/json"
	"testing"

	toxiproxy "github.com/Shopify/toxiproxy/v2/client"
	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/desk"
	"holdfast.dev/holdfast/fault"
	"holdfast.dev/holdfast/harness/chaos"
	"holdfast.dev/holdfast/importer"
	importing "holdfast.dev/holdfast/importer/toxiproxy"
	"holdfast.dev/holdfast/manifest"
)

// carriedOver is the fault that an import makes of a toxic, empty where it says that it
// is none, or not wholly the same.
func carriedOver(t *testing.T, kind, stream string, toxicity float32, attributes toxiproxy.Attributes) string {
	t.Helper()
	text, err := json.Marshal([]any{map[string]any{"name": "db", "upstream": "127.0.0.1:1", "toxics": []any{
		map[string]any{"type": kind, "stream": stream, "toxicity": toxicity, "attributes": attributes},
	}}})
	require.NoError(t, err)
	result, err := importing.Read([]importer.File{{Name: "t.json", Text: text}}, importer.Options{})
	require.NoError(t, err)
	if len(result.Left) > 0 {
		return ""
	}
	service, err := manifest.Read(result.Text, "holdfast.yaml", manifest.Options{})
	require.NoError(t, err)
	return service.File.Scenarios[0].Faults[0].Fault
}

// withFault is the address of our proxy before a server, with a fault in force.
func withFault(t *testing.T, upstream, text string) string {
	t.Helper()
	listen, err := desk.Loopback("127.0.0.1:0")
	require.NoError(t, err)
	proxy, err := chaos.NewProxy(chaos.ProxyConfig{Upstream: upstream, Listen: listen, Seed: 1, Protocol: chaos.TCP, Check: func(context.Context, string) error { return nil }})
	require.NoError(t, err)
	t.Cleanup(func() { _ = proxy.Close() })
	f, err := fault.Parse(text)
	require.NoError(t, err)
	_, err = proxy.Apply(t.Context(), f)
	require.NoError(t, err)
	return proxy.Addr()
}
