package target

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/undo"
)

func TestWhereAServiceWillBeIsKnownBeforeItIsSetUp(t *testing.T) {
	processes := []Process{
		{Name: "web", Command: []string{"web"}, Ports: []string{"http", "grpc"}},
		{Name: "worker", Command: []string{"worker"}, Replicas: 2},
	}
	at, release, err := PickAddresses(processes)
	require.NoError(t, err)
	t.Cleanup(release)
	values := at.Values(processes)
	require.Len(t, values, 6+5+5)
	require.Equal(t, "http://"+at["web"]["http"], values["web.url"])
	require.Equal(t, at["worker.2"]["http"], values["worker.2.address"])
	require.NotEqual(t, values["web.port"], values["web.ports.grpc"])
	journal, err := undo.Open(t.TempDir(), "run")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, journal.Close()) })
	s, err := NewSystem(SystemConfig{Processes: processes, Addresses: at, Start: time.Now(), Journal: journal})
	require.NoError(t, err)
	for name, want := range values {
		got, known := s.Value(name)
		require.True(t, known, name)
		require.Equal(t, want, got, name)
	}
	second, _ := s.Instance("worker.2")
	require.Equal(t, values["worker.2.url"], second.URL())
}
