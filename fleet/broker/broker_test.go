package broker_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/fleet/broker"
)

func TestOffLoopbackABrokerNeedsTLSAndCredentials(t *testing.T) {
	file := filepath.Join(t.TempDir(), "f")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	for _, row := range []struct {
		options broker.Options
		says    string // empty: it is right
	}{
		{broker.Options{URL: "nats://127.0.0.1:4222"}, ""},
		{broker.Options{URL: "nats://localhost:4222,nats://[::1]:4223"}, ""},
		{broker.Options{URL: "tls://10.0.0.1:4222", Creds: file}, ""},
		{broker.Options{URL: "nats://10.0.0.1:4222", CA: file, NKey: file}, ""},
		{broker.Options{}, "where is the broker?"},
		{broker.Options{URL: "nats://10.0.0.1:4222"}, "10.0.0.1:4222 is no loopback address, and whoever reaches that broker could send load by this fleet: it needs TLS (tls://10.0.0.1:4222, --nats-ca FILE) and credentials (--nats-creds FILE or --nats-nkey FILE)"},
		{broker.Options{URL: "tls://10.0.0.1:4222"}, "it needs credentials (--nats-creds FILE or --nats-nkey FILE)"},
		{broker.Options{URL: "nats://10.0.0.1:4222", Creds: file}, "it needs TLS (tls://10.0.0.1:4222, --nats-ca FILE)"},
		{broker.Options{URL: "nats://127.0.0.1:4222,nats://nats.example.com:4222"}, "nats.example.com:4222 is no loopback address"},
		{broker.Options{URL: "nats://user:geheim@127.0.0.1:4222"}, "give them as a file"},
		{broker.Options{URL: "http://127.0.0.1:4222"}, "nats://HOST:PORT or tls://HOST:PORT"},
		{broker.Options{URL: "nats://127.0.0.1:4222", Creds: file, NKey: file}, "credentials and an nkey: give one of the two"},
		{broker.Options{URL: "nats://127.0.0.1:4222", Cert: file}, "a certificate needs its key"},
		{broker.Options{URL: "nats://127.0.0.1:4222", CA: "/nowhere/ca.crt"}, "/nowhere/ca.crt"},
	} {
		err := row.options.Check()
		if row.says == "" {
			require.NoError(t, err, row.options.URL)
			continue
		}
		require.ErrorContains(t, err, row.says)
		require.NotContains(t, err.Error(), "geheim")
		_, err = row.options.Connect(t.Context(), nil, nil)
		require.ErrorContains(t, err, row.says, "nor is it connected to")
	}
	require.True(t, broker.Options{URL: "nats://127.0.0.1:1"}.Loopback())
	require.False(t, broker.Options{URL: "nats://127.0.0.1:1,tls://10.0.0.1:2"}.Loopback())
}

func TestABrokerThatIsNotThereIsNamed(t *testing.T) {
	_, err := broker.Options{URL: "nats://127.0.0.1:1"}.Connect(t.Context(), nil, nil)
	require.ErrorContains(t, err, "connect to the broker nats://127.0.0.1:1: ")
}
