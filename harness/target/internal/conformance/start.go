package conformance

import (
	"net"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/target"
)

func oneThatDiesAtOnceSaysHowAndWhatItWrote(t *testing.T, k Kind) {
	b := prepare(t, k, map[string]string{"SUBJECT_DIE_AT_ONCE": "1"})
	err := b.Start(t.Context())
	var failed *target.StartError
	require.ErrorAs(t, err, &failed)
	require.ErrorContains(t, err, "it ended before it was ready")
	require.NotContains(t, err.Error(), "its port was taken")
	require.Equal(t, 3, *failed.End.ExitCode)
	require.ErrorContains(t, err, "exited with code 3")
	require.ErrorContains(t, err, "fatal: no reason to live")
	require.Len(t, b.Ends(), 1)
}

func oneThatNeverGetsReadyIsStoppedAtTheDeadline(t *testing.T, k Kind) {
	b := prepare(t, k, map[string]string{"SUBJECT_NEVER_READY": "1"}, func(p *target.Program) { p.ReadyTimeout = 1500 * time.Millisecond })
	err := b.Start(t.Context())
	require.ErrorContains(t, err, "not ready within 1.5s")
	require.ErrorContains(t, err, "503")
	require.ErrorContains(t, err, "listening on")
	_, running := b.PID()
	require.False(t, running)
	b.ended(t)
}

func stopCutsAStartShort(t *testing.T, k Kind) {
	b := prepare(t, k, map[string]string{"SUBJECT_NEVER_READY": "1"}, func(p *target.Program) { p.ReadyTimeout = time.Hour })
	failed := make(chan error)
	go func() { failed <- b.Start(t.Context()) }()
	b.logged(t, "listening on")
	_, err := b.Stop(t.Context())
	require.NoError(t, err)
	require.ErrorContains(t, <-failed, "told to stop")
}

func theEnvironmentIsExactlyWhatWasConfigured(t *testing.T, k Kind) {
	require.NotEmpty(t, os.Getenv(secretVariable))
	want := 4 + k.Variables // LISTEN_ADDR, the two marks, SUBJECT_SECRET
	b := started(t, k, map[string]string{"SUBJECT_SECRET": "at {addr}"}, func(p *target.Program) { p.Args = []string{"--port={port}", "--host={host}"} })
	address := strings.TrimPrefix(b.URL(), "http://")
	host, port, _ := strings.Cut(address, ":")
	b.logged(t, "variables: "+strconv.Itoa(want)+".")
	b.logged(t, "args [--port="+port+" --host="+host+"]")
	b.logged(t, "connecting with at "+address)
}

func secretsStayOutOfLogAndErrors(t *testing.T, k Kind) {
	const secret = "hunter2&more"
	env := map[string]string{"SUBJECT_SECRET": "postgres://u:" + "hunter2%26more" + "@h and " + secret, "SUBJECT_DIE_AT_ONCE": "1"}
	b := prepare(t, k, env, func(p *target.Program) { p.Secrets = []string{secret} })
	err := b.Start(t.Context())
	require.ErrorContains(t, err, "connecting with postgres://u:***@h and ***")
	require.NotContains(t, err.Error(), "hunter2")
	require.False(t, holds(b.Log(), "hunter2"))
}

func twoRunAtTheSameTimeAtTheirOwnAddresses(t *testing.T, k Kind) {
	one, two := started(t, k, nil), started(t, k, nil)
	require.NotEqual(t, one.URL(), two.URL())
	_, err := one.Stop(t.Context())
	require.NoError(t, err)
	_, running := two.PID()
	require.True(t, running, "stopping one leaves the other")
}

func aPortThatSomeoneElseTookIsSaid(t *testing.T, k Kind) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer taken.Close()
	b := prepare(t, k, nil, func(p *target.Program) { p.Address = taken.Addr().String() })
	err = b.Start(t.Context())
	require.ErrorContains(t, err, "its port was taken by someone else")
	require.ErrorContains(t, err, taken.Addr().String())
}

func aProgramThatIsNotThereIsOneClearError(t *testing.T, k Kind) {
	missing, err := k.Make(Program(t, nil), "/nowhere/program")
	require.NoError(t, err)
	err = missing.Start(t.Context())
	require.ErrorIs(t, err, os.ErrNotExist)
	require.ErrorContains(t, err, "start program: ")
	_, err = missing.Stop(t.Context())
	require.NoError(t, err)
}
