package docker

import (
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/internal/dockerclient"
)

// An engine that takes connections and never answers is asked once, for seconds, and
// what cannot be undone is said, so that it is kept.
func TestASilentEngineHoldsNoSweepUp(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", path)
	require.NoError(t, err)
	defer l.Close()
	all := undoers()
	began := time.Now()
	for _, kind := range []string{stepContainer, stepImage, stepContainer, stepContainer} {
		err := all[kind](t.Context(), map[string]string{"engine": "unix://" + path, "run": "dead", "name": ownPrefix + "x"})
		require.ErrorIs(t, err, dockerclient.ErrSilent)
	}
	require.Less(t, time.Since(began), 2*dockerclient.AnswerPatience)
	_, _, err = openEngine(t.Context(), "unix://"+path)
	require.ErrorIs(t, err, ErrNoEngine)
}

// One that says that it is there, and no more, is no better.
func TestAnEngineThatHangsHoldsNoSweepUp(t *testing.T) {
	t.Parallel() // it waits, and does nothing
	path := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", path)
	require.NoError(t, err)
	engine := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasSuffix(r.URL.Path, "/_ping") {
			<-r.Context().Done()
		}
		w.Header().Set("Api-Version", "1.47")
	})}
	go func() { _ = engine.Serve(l) }()
	defer engine.Close()
	all := undoers()
	began := time.Now()
	for range 5 {
		err := all[stepContainer](t.Context(), map[string]string{"engine": "unix://" + path, "run": "dead", "name": ownPrefix + "x"})
		require.ErrorIs(t, err, dockerclient.ErrSilent)
	}
	require.Less(t, time.Since(began), 30*time.Second, "10 s for one, with slack")
}
