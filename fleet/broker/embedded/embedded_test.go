package embedded_test

import (
	"path/filepath"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/fleet/broker"
	"holdfast.dev/holdfast/fleet/broker/embedded"
	"holdfast.dev/holdfast/loopback"
)

// A broker leaves nothing on disk, not even while it runs: whatever kills this process
// leaves nothing behind.
func TestABrokerLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	s, err := embedded.Start()
	require.NoError(t, err)
	defer s.Close()
	nc, err := s.Broker().Connect(t.Context(), nil, nil)
	require.NoError(t, err)
	defer nc.Close()
	js, err := jetstream.New(nc)
	require.NoError(t, err)
	objects, err := js.CreateObjectStore(t.Context(), jetstream.ObjectStoreConfig{Bucket: "b", Storage: jetstream.MemoryStorage})
	require.NoError(t, err)
	_, err = objects.PutBytes(t.Context(), "o", make([]byte, 3<<20))
	require.NoError(t, err)
	got, err := objects.GetBytes(t.Context(), "o")
	require.NoError(t, err)
	require.Len(t, got, 3<<20)
	left, err := filepath.Glob(filepath.Join(dir, "*"))
	require.NoError(t, err)
	require.Empty(t, left)
}

func TestABrokerLetsInWhoHasItsToken(t *testing.T) {
	s, err := embedded.Start()
	require.NoError(t, err)
	defer s.Close()
	require.True(t, loopback.Is("127.0.0.1") && s.Broker().Loopback())
	_, err = broker.Options{URL: s.URL()}.Connect(t.Context(), nil, nil)
	require.ErrorIs(t, err, nats.ErrAuthorization)
	nc, err := broker.Options{URL: s.URL(), Token: s.Token()}.Connect(t.Context(), nil, nil)
	require.NoError(t, err)
	nc.Close()
}
