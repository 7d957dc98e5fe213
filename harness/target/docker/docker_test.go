package docker

import (
	"errors"
	"os"
	"testing"

	"github.com/moby/moby/client"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"holdfast.dev/holdfast/harness/target"
	"holdfast.dev/holdfast/harness/target/internal/conformance"
	"holdfast.dev/holdfast/harness/undo"
)

func TestMain(m *testing.M) {
	if conformance.PlayHarness(inContainer()) {
		return
	}
	goleak.VerifyTestMain(m)
}

func inContainer() conformance.Kind {
	limited := func(p target.Program, binary string) (target.Target, error) {
		return Runtime("").New(target.Spec{Program: p, Command: binary, MemoryLimit: conformance.MemoryLimit})
	}
	return conformance.Kind{
		Name: "container", Make: limited, Limited: limited, Undoers: Runtime("").Undoers, Outlives: true,
		Variables: 3, // Docker's PATH, HOME and HOSTNAME
	}
}

// needEngine skips where no engine is. In CI the machine is supposed to have
// one, and a skipped test would be a silent success.
func needEngine(t *testing.T) {
	t.Helper()
	e, err := dialEngine("")
	if err == nil {
		defer e.close()
		_, err = e.check(t.Context())
	}
	if errors.Is(err, ErrNoEngine) && os.Getenv("CI") == "" {
		t.Skip(err)
	}
	require.NoError(t, err)
}

func TestAContainerIsATarget(t *testing.T) {
	needEngine(t)
	conformance.Run(t, inContainer())
}

func TestAKilledHarnessLeavesNothingAfterTheNextSweep(t *testing.T) {
	needEngine(t)
	conformance.Sweep(t, inContainer())
}

func TestASweepTouchesNothingOfAnotherRun(t *testing.T) {
	needEngine(t)
	p := conformance.Program(t, nil)
	c, err := New(Config{Program: p, Binary: conformance.Subject(t), MemoryLimit: conformance.MemoryLimit})
	require.NoError(t, err)
	require.NoError(t, c.Start(t.Context()))
	e, err := dialEngine("")
	require.NoError(t, err)
	defer e.close()
	own := make(client.Filters).Add("label", undo.RunLabel+"="+p.Journal.Run())
	found, err := e.api.ContainerList(t.Context(), client.ContainerListOptions{Filters: own})
	require.NoError(t, err)
	require.Len(t, found.Items, 1)
	err = undoers()[stepContainer](t.Context(), map[string]string{"run": "another", "name": found.Items[0].Names[0][1:]})
	require.ErrorContains(t, err, "left alone")
	err = undoers()[stepImage](t.Context(), map[string]string{"run": "another", "name": found.Items[0].Image})
	require.ErrorContains(t, err, "left alone")
	_, running := c.PID()
	require.True(t, running)
	_, err = c.Stop(t.Context())
	require.NoError(t, err)
}

func TestAConfigurationSaysAllThatIsWrongWithItAtOnce(t *testing.T) {
	_, err := New(Config{Program: target.Program{Grace: -1}, MemoryLimit: 1})
	for _, part := range []string{"Start", "Journal", "Grace", "Binary", "MemoryLimit"} {
		require.ErrorContains(t, err, part)
	}
}

func TestAnEngineThatWillNotDoIsOneClearError(t *testing.T) {
	cases := []struct{ name, host, says string }{
		{"nobody listens", "unix:///nowhere/docker.sock", "use the process target"},
		{"on another machine", "tcp://192.0.2.1:2375", "not on this machine"},
		{"not an address", "nonsense", "nonsense"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			unreached, err := New(Config{
				Program: conformance.Program(t, nil), Binary: conformance.Subject(t), MemoryLimit: conformance.MemoryLimit, Engine: c.host,
			})
			require.NoError(t, err)
			err = unreached.Start(t.Context())
			require.ErrorIs(t, err, ErrNoEngine)
			require.ErrorContains(t, err, c.says)
			_, err = unreached.Stop(t.Context())
			require.NoError(t, err)
		})
	}
}
