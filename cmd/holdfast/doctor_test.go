//go:build !slim

package main

import (
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A Docker engine that says that it is there and then hangs takes no other way's time.
func TestADoctorGivesAHungEngineUp(t *testing.T) {
	t.Parallel()
	socket := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", socket)
	require.NoError(t, err)
	engine := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Api-Version", "1.47")
		switch path.Base(r.URL.Path) {
		case "_ping":
		case "info":
			_, _ = io.WriteString(w, "{}")
		default:
			<-r.Context().Done()
		}
	})}
	go func() { _ = engine.Serve(l) }()
	defer engine.Close()
	self, err := os.Executable()
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, self, "doctor")
	cmd.Env = append(os.Environ(), asProgram+"=1", "HOLDFAST_DATABASE_URL=", "DOCKER_HOST=unix://"+socket, "DOCKER_CERT_PATH=")
	out, err := cmd.CombinedOutput()
	require.NoError(t, ctx.Err(), "%s", out)
	t.Log(string(out), err)
	require.Contains(t, string(out), "container: the Docker engine does not answer")
	require.NotContains(t, string(out), "deadline", "the next way has its own time")
}
