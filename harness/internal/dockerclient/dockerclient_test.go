package dockerclient_test

import (
	"net"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"github.com/moby/moby/client"
	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/internal/dockerclient"
)

func TestASilentEngineIsGivenUp(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", path) // the kernel takes connections; nobody answers
	require.NoError(t, err)
	defer l.Close()
	api, err := dockerclient.New("unix://" + path)
	require.NoError(t, err)
	defer api.Close()
	began := time.Now()
	require.ErrorIs(t, dockerclient.Ask(t.Context(), api), dockerclient.ErrSilent)
	require.Less(t, time.Since(began), 2*dockerclient.AnswerPatience)
}

func TestAnEngineThatIsNotThereIsSaid(t *testing.T) {
	api, err := dockerclient.New("unix:///nowhere/docker.sock")
	require.NoError(t, err)
	defer api.Close()
	require.ErrorContains(t, dockerclient.Ask(t.Context(), api), "no Docker engine answers at unix:///nowhere/docker.sock")
}

func TestTheEnvironmentNamesTheEngine(t *testing.T) {
	t.Setenv("DOCKER_HOST", "unix:///named/by/the/environment")
	for host, want := range map[string]string{"": "unix:///named/by/the/environment", "unix:///named": "unix:///named"} {
		api, err := dockerclient.New(host)
		require.NoError(t, err)
		require.Equal(t, want, api.DaemonHost())
		require.NoError(t, api.Close())
	}
	t.Setenv("DOCKER_HOST", "")
	api, err := dockerclient.New("")
	require.NoError(t, err)
	require.Equal(t, client.DefaultDockerHost, api.DaemonHost())
	require.NoError(t, api.Close())
}

func TestAnEngineThatAnswersIsHeard(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", path)
	require.NoError(t, err)
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Api-Version", "1.47") })}
	go func() { _ = server.Serve(l) }()
	defer server.Close()
	api, err := dockerclient.New("unix://" + path)
	require.NoError(t, err)
	defer api.Close()
	require.NoError(t, dockerclient.Ask(t.Context(), api))
}
