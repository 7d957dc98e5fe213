package target_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"holdfast.dev/holdfast/harness/egress"
	"holdfast.dev/holdfast/harness/target"
	"holdfast.dev/holdfast/harness/target/internal/conformance"
)

func TestMain(m *testing.M) {
	if playVictim() || conformance.PlayHarness(process(), caged()) {
		return
	}
	goleak.VerifyTestMain(m)
}

// process is a process; a limit of memory takes a cgroup.
func process() conformance.Kind {
	limited := func(limit uint64) func(target.Program, string) (target.Target, error) {
		return func(p target.Program, binary string) (target.Target, error) {
			return target.AsProcess().New(target.Spec{Program: p, Command: binary, MemoryLimit: limit})
		}
	}
	return conformance.Kind{
		Name: "process", Make: limited(0), Limited: limited(conformance.MemoryLimit), Undoers: target.AsProcess().Undoers,
		Variables: len(target.Passed(os.Environ(), nil)),
	}
}

func caged() conformance.Kind {
	k := process()
	k.Name, k.Make = "caged", k.Limited
	return k
}

func TestAProcessIsATarget(t *testing.T) { conformance.Run(t, process()) }

// A process that can reach nobody is a target like any other.
func TestAProcessBehindAGateIsATarget(t *testing.T) {
	gate, err := egress.Open("", func(c egress.Contact) { t.Error("it has called somebody: ", c) })
	require.NoError(t, err)
	defer func() { require.NoError(t, gate.Close()) }()
	k := process()
	open := k.Make
	k.Make = func(p target.Program, binary string) (target.Target, error) {
		p.Gate = gate
		return open(p, binary)
	}
	conformance.Run(t, k)
}

func TestAKilledHarnessLeavesNothingAfterTheNextSweep(t *testing.T) {
	t.Run("process", func(t *testing.T) { conformance.Sweep(t, process()) })
	t.Run("caged", func(t *testing.T) {
		if os.Getuid() != 0 {
			t.Skip("making a memory cgroup takes root")
		}
		conformance.Sweep(t, caged())
	})
}

func TestAServiceOfSomeoneElseIsOnlyWaitedFor(t *testing.T) {
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if asked++; r.URL.Path != "/health" || asked < 3 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		_, _ = io.WriteString(w, "ok")
	}))
	defer server.Close()
	u, err := target.NewURL(target.URLConfig{URL: strings.Replace(server.URL, "//", "//me:hunter2@", 1) + "/", ReadyPath: "/health"})
	require.NoError(t, err)
	var service target.Target = u
	require.NoError(t, service.Start(t.Context()))
	require.Equal(t, 3, asked)
	require.ErrorIs(t, service.Signal(syscall.SIGKILL), target.ErrNotOurs)
	_, running := service.PID()
	require.False(t, running)
	end, err := service.Stop(t.Context())
	require.NoError(t, err)
	require.Zero(t, end)
	require.Empty(t, service.Ends())
	require.NoError(t, service.Start(t.Context()), "still there")
	require.NotContains(t, service.Describe(), "hunter2")

	bad, err := target.NewURL(target.URLConfig{URL: strings.Replace(server.URL, "//", "//me:hunter2@", 1), ReadyTimeout: 100 * time.Millisecond})
	require.NoError(t, err)
	err = bad.Start(t.Context())
	require.ErrorContains(t, err, "503")
	require.NotContains(t, err.Error(), "hunter2")
}
