package conformance

import (
	"context"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/target"
)

func startReturnsWhenItIsReadyAndStopWhenItIsGone(t *testing.T, k Kind) {
	b := started(t, k, nil)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Get(b.URL() + "/readyz")
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, http.StatusOK, resp.StatusCode)
	host, _, err := net.SplitHostPort(strings.TrimPrefix(b.URL(), "http://"))
	require.NoError(t, err)
	require.Equal(t, "127.0.0.1", host)
	b.logged(t, "listening on 127.0.0.1:")

	pid, running := b.PID()
	require.True(t, running)
	require.NoError(t, syscall.Kill(int(pid), 0), "the process is on this machine")
	require.Len(t, b.Ends(), 1)
	require.Nil(t, b.Ends()[0].EndS, "still running")

	end, err := b.Stop(t.Context())
	require.NoError(t, err)
	require.True(t, end.Expected)
	require.NotNil(t, end.ExitCode)
	require.Zero(t, *end.ExitCode)
	require.Empty(t, end.Signal)
	require.NotNil(t, end.PeakRSSBytes)
	require.Greater(t, *end.PeakRSSBytes, uint64(1_000_000))
	require.Greater(t, *end.EndS, end.StartS)
	require.ErrorIs(t, syscall.Kill(int(pid), 0), syscall.ESRCH)
	_, running = b.PID()
	require.False(t, running)
	b.ended(t)
	require.True(t, holds(b.Log(), "leaving"), "the last lines are there: %q", b.Log())
}

func stopIsIdempotentAndLegalBeforeStart(t *testing.T, k Kind) {
	b := prepare(t, k, nil)
	_, err := b.Stop(t.Context())
	require.NoError(t, err)
	require.Nil(t, b.Exited())
	require.Empty(t, b.Ends())

	require.NoError(t, b.Start(t.Context()))
	require.ErrorIs(t, b.Start(t.Context()), target.ErrRunning)
	first, err := b.Stop(t.Context())
	require.NoError(t, err)
	second, err := b.Stop(t.Context())
	require.NoError(t, err)
	require.Equal(t, first, second)
	require.ErrorIs(t, b.Signal(syscall.SIGTERM), target.ErrNotRunning)
}

func aRestartKeepsTheAddressAndTellsBothEndsInOrder(t *testing.T, k Kind) {
	b := started(t, k, nil)
	url := b.URL()
	require.NoError(t, b.Signal(syscall.SIGKILL))
	b.ended(t)
	require.NoError(t, b.Start(t.Context()))
	require.Equal(t, url, b.URL())
	_, err := b.Stop(t.Context())
	require.NoError(t, err)

	ends := b.Ends()
	require.Len(t, ends, 2)
	require.Equal(t, "killed", ends[0].Signal)
	require.True(t, ends[0].Expected, "the harness sent the signal")
	require.False(t, ends[0].OOMKilled, "a kill is not a want of memory")
	require.GreaterOrEqual(t, ends[1].StartS, *ends[0].EndS)
	require.Empty(t, ends[1].Signal)
}

func aCrashIsSeenAndNotExpected(t *testing.T, k Kind) {
	b := started(t, k, nil)
	b.tell(t, "/crash?code=7")
	b.ended(t)
	end := b.Ends()[0]
	require.Equal(t, 7, *end.ExitCode)
	require.False(t, end.Expected)
	require.NotNil(t, end.EndS)
	require.True(t, holds(b.Log(), "crashing as told"), "log: %q", b.Log())

	again, err := b.Stop(t.Context())
	require.NoError(t, err)
	require.Equal(t, end, again, "stopping afterwards does not change how it ended")
}

func oneThatIgnoresSIGTERMIsKilledAfterTheGrace(t *testing.T, k Kind) {
	const grace = 400 * time.Millisecond
	b := started(t, k, map[string]string{"SUBJECT_IGNORE_TERM": "1"}, func(p *target.Program) { p.Grace = grace })
	began := time.Now()
	end, err := b.Stop(t.Context())
	require.NoError(t, err)
	require.GreaterOrEqual(t, time.Since(began), grace)
	require.Equal(t, "killed", end.Signal)
	require.True(t, end.Expected)
	require.False(t, end.OOMKilled)
}

func aCancelledContextCutsTheGraceShort(t *testing.T, k Kind) {
	b := started(t, k, map[string]string{"SUBJECT_IGNORE_TERM": "1"}, func(p *target.Program) { p.Grace = time.Hour })
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	end, err := b.Stop(ctx)
	require.NoError(t, err)
	require.Equal(t, "killed", end.Signal)
}

func aPausedTargetCanStillStopInPeace(t *testing.T, k Kind) {
	b := started(t, k, nil)
	require.NoError(t, b.Signal(syscall.SIGSTOP))
	end, err := b.Stop(t.Context())
	require.NoError(t, err)
	require.Empty(t, end.Signal)
	require.Zero(t, *end.ExitCode)
}
