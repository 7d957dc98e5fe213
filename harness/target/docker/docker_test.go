package docker

import (
	"errors"
	"os"
	"testing"

	"github.com/moby/moby/client"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"holdfast.dev/holdfast/harness/result"
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

func TestAContainerMayDoNoMoreThanItMust(t *testing.T) {
	c := &containers{Config: Config{MemoryLimit: 64 << 20}, image: "holdfast-target:x"}
	o := c.options("holdfast-s1", target.Invocation{Args: []string{"serve"}, Env: []string{"A=b"}, Run: "r1"})
	require.Equal(t, "holdfast-s1", o.Name)
	require.Equal(t, []string{"serve"}, []string(o.Config.Cmd))
	require.Equal(t, []string{"A=b"}, o.Config.Env, "nothing of the harness's own environment")
	require.Equal(t, map[string]string{undo.RunLabel: "r1"}, o.Config.Labels, "a sweep knows it by this")
	require.EqualValues(t, "host", o.HostConfig.NetworkMode, "it reaches fakes and databases on loopback")
	require.Equal(t, []string{"ALL"}, []string(o.HostConfig.CapDrop))
	require.Equal(t, []string{"no-new-privileges"}, o.HostConfig.SecurityOpt)
	require.EqualValues(t, 64<<20, o.HostConfig.Resources.Memory)
	require.EqualValues(t, 64<<20, o.HostConfig.Resources.MemorySwap, "swap is no way out")
}

func TestTheRuntimeHasALimitWhereNoneIsSaid(t *testing.T) {
	made, err := Runtime("").New(target.Spec{Program: conformance.Program(t, nil), Command: "/bin/true"})
	require.NoError(t, err)
	require.Equal(t, "container of true, memory limit "+result.Bytes(DefaultMemoryLimit), made.Describe())
}

func TestAConfigurationSaysAllThatIsWrongWithItAtOnce(t *testing.T) {
	_, err := New(Config{Program: target.Program{Grace: -1}, MemoryLimit: 1})
	for _, part := range []string{"Start", "Journal", "Grace", "Binary", "MemoryLimit"} {
		require.ErrorContains(t, err, part)
	}
}

func TestAnEngineThatWillNotDoIsOneClearError(t *testing.T) {
	cases := []struct{ name, host, says string }{
		{"nobody listens", "unix:///nowhere/docker.sock", "run a program in place of the image"},
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
