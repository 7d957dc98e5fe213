package chaos

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/fault"
	"holdfast.dev/holdfast/harness/undo"
)

func (p *process) threads(t *testing.T) threads {
	t.Helper()
	state, err := p.id.threads()
	require.NoError(t, err)
	return state
}

func calibratePause(t *testing.T) {
	journal, dir := openJournal(t)
	p := startChild(t)
	applied := apply(t, NewSignals(p, journal), fault.Pause{})
	require.True(t, p.threads(t).stopped())
	require.Contains(t, journalText(t, dir), `"pause"`)
	require.EqualValues(t, 1, applied.Receipt().Fired)
	undoFault(t, applied)
	require.True(t, p.threads(t).runs())
	r := applied.Receipt()
	require.NoError(t, r.Err)
	require.Contains(t, r.Measured, "stopped for 0.")
	require.NoError(t, journal.Close())
	require.Empty(t, journalText(t, dir), "nothing is left to undo")
}

func calibrateKill(t *testing.T) {
	p := startChild(t)
	applied := apply(t, NewSignals(p, nil), fault.Kill{})
	require.EqualValues(t, 1, applied.Receipt().Fired)
	<-p.exited
	require.Equal(t, syscall.SIGKILL, p.cmd.ProcessState.Sys().(syscall.WaitStatus).Signal())
}

func calibrateTerminate(t *testing.T) {
	p := startChild(t)
	applied := apply(t, NewSignals(p, nil), fault.Terminate{})
	require.EqualValues(t, 1, applied.Receipt().Fired)
	<-p.exited
	require.Equal(t, 3, p.cmd.ProcessState.ExitCode(), "it saw the signal and ended by itself")
}

func journalText(t *testing.T, dir string) string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "*"))
	require.NoError(t, err)
	var all strings.Builder
	for _, path := range paths {
		data, err := os.ReadFile(path)
		require.NoError(t, err)
		all.Write(data)
	}
	return all.String()
}

func TestAProcessLeftStoppedByADeadRunGoesOn(t *testing.T) {
	p := startChild(t)
	require.NoError(t, p.Signal(syscall.SIGSTOP))
	require.NoError(t, await(t.Context(), "stop", func() (bool, error) { return p.threads(t).stopped(), nil }))
	require.NoError(t, Undoers()[pauseStep](t.Context(), p.id.args("dead")))
	require.True(t, p.threads(t).runs())
}

func TestTheNextRunSweepsAPauseAway(t *testing.T) {
	journal, dir := openJournal(t)
	p := startChild(t)
	apply(t, NewSignals(p, journal), fault.Pause{})
	require.NoError(t, journal.Close()) // as if killed: the step stays
	swept, err := undo.Sweep(t.Context(), dir, Undoers())
	require.NoError(t, err)
	require.Len(t, swept, 1)
	require.NoError(t, swept[0].Err)
	require.True(t, p.threads(t).runs())
}

func TestAnotherProcessOfTheSameIDIsNotTouched(t *testing.T) {
	p := startChild(t)
	require.NoError(t, p.Signal(syscall.SIGSTOP))
	require.NoError(t, await(t.Context(), "stop", func() (bool, error) { return p.threads(t).stopped(), nil }))
	for name, other := range map[string]identity{
		"started at another time":    {p.id.pid, p.id.started + "0", p.id.boot},
		"before the machine started": {p.id.pid, p.id.started, "another boot"},
	} {
		t.Run(name, func(t *testing.T) {
			require.NoError(t, Undoers()[pauseStep](t.Context(), other.args("dead")))
			require.True(t, p.threads(t).stopped(), "it is somebody else's")
		})
	}
}

func TestAPauseRecordThatIsNotWholeTouchesNothing(t *testing.T) {
	whole := identity{int32(os.Getpid()), "1", "boot"}.args("run")
	for key, value := range map[string]string{"pid": "1", "started": "", "boot": ""} {
		args := map[string]string{"pid": whole["pid"], "started": whole["started"], "boot": whole["boot"]}
		args[key] = value
		require.Error(t, Undoers()[pauseStep](t.Context(), args), "%s = %q", key, value)
	}
}

func TestAPauseSaysWhenItWasCutShort(t *testing.T) {
	for name, s := range map[string]syscall.Signal{"continued by somebody": syscall.SIGCONT, "killed by somebody": syscall.SIGKILL} {
		t.Run(name, func(t *testing.T) {
			p := startChild(t)
			applied := apply(t, NewSignals(p, nil), fault.Pause{})
			require.NoError(t, p.Signal(s))
			require.NoError(t, await(t.Context(), "going on", func() (bool, error) { return !p.threads(t).stopped(), nil }))
			undoFault(t, applied)
			require.ErrorContains(t, applied.Receipt().Err, "before the end")
		})
	}
}

func TestAPauseIsUndoneWithinItsContextOrSaysSo(t *testing.T) {
	p := startChild(t)
	deaf := deafProcess{p}
	applied, err := NewSignals(deaf, nil).Apply(t.Context(), fault.Fault{Kind: fault.Pause{}})
	require.NoError(t, err)
	over, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, applied.Undo(over), context.Canceled)
	require.NoError(t, p.Signal(syscall.SIGCONT))
}

// deafProcess does not pass SIGCONT on.
type deafProcess struct{ *process }

func (d deafProcess) Signal(s os.Signal) error {
	if s == syscall.SIGCONT {
		return nil
	}
	return d.process.Signal(s)
}

func TestSignalsNeedAProcess(t *testing.T) {
	for name, p := range map[string]Process{"none here": absentProcess{}} {
		t.Run(name, func(t *testing.T) {
			_, err := NewSignals(p, nil).Apply(t.Context(), fault.Fault{Kind: fault.Kill{}})
			require.ErrorIs(t, err, ErrNoProcess)
		})
	}
}

type absentProcess struct{}

func (absentProcess) PID() (int32, bool)     { return 0, false }
func (absentProcess) Signal(os.Signal) error { return os.ErrProcessDone }
