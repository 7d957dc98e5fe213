package target

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func holds(lines []string, text string) bool {
	return slices.ContainsFunc(lines, func(line string) bool { return strings.Contains(line, text) })
}

func newToken() string { return strconv.FormatInt(time.Now().UnixNano(), 36) }

func TestStartReturnsWhenItIsReadyAndStopWhenItIsGone(t *testing.T) {
	each(t, func(t *testing.T, k kind) {
		b := started(t, k, nil)
		resp, err := http.Get(b.URL() + "/readyz")
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		http.DefaultClient.CloseIdleConnections()
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
	})
}

func TestStopIsIdempotentAndLegalBeforeStart(t *testing.T) {
	each(t, func(t *testing.T, k kind) {
		b := prepare(t, k, nil)
		_, err := b.Stop(t.Context())
		require.NoError(t, err)
		require.Nil(t, b.Exited())
		require.Empty(t, b.Ends())

		require.NoError(t, b.Start(t.Context()))
		require.ErrorIs(t, b.Start(t.Context()), ErrRunning)
		first, err := b.Stop(t.Context())
		require.NoError(t, err)
		second, err := b.Stop(t.Context())
		require.NoError(t, err)
		require.Equal(t, first, second)
		require.ErrorIs(t, b.Signal(syscall.SIGTERM), ErrNotRunning)
	})
}

func TestARestartKeepsTheAddressAndTellsBothEndsInOrder(t *testing.T) {
	each(t, func(t *testing.T, k kind) {
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
	})
}

func TestACrashIsSeenAndNotExpected(t *testing.T) {
	each(t, func(t *testing.T, k kind) {
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
	})
}

func TestOneThatIgnoresSIGTERMIsKilledAfterTheGrace(t *testing.T) {
	each(t, func(t *testing.T, k kind) {
		const grace = 400 * time.Millisecond
		b := started(t, k, map[string]string{"SUBJECT_IGNORE_TERM": "1"}, func(p *Program) { p.Grace = grace })
		began := time.Now()
		end, err := b.Stop(t.Context())
		require.NoError(t, err)
		require.GreaterOrEqual(t, time.Since(began), grace)
		require.Equal(t, "killed", end.Signal)
		require.True(t, end.Expected)
		require.False(t, end.OOMKilled)
	})
}

func TestACancelledContextCutsTheGraceShort(t *testing.T) {
	each(t, func(t *testing.T, k kind) {
		b := started(t, k, map[string]string{"SUBJECT_IGNORE_TERM": "1"}, func(p *Program) { p.Grace = time.Hour })
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		end, err := b.Stop(ctx)
		require.NoError(t, err)
		require.Equal(t, "killed", end.Signal)
	})
}

func TestAPausedTargetCanStillStopInPeace(t *testing.T) {
	each(t, func(t *testing.T, k kind) {
		b := started(t, k, nil)
		require.NoError(t, b.Signal(syscall.SIGSTOP))
		end, err := b.Stop(t.Context())
		require.NoError(t, err)
		require.Empty(t, end.Signal)
		require.Zero(t, *end.ExitCode)
	})
}

func TestOneThatDiesAtOnceSaysHowAndWhatItWrote(t *testing.T) {
	each(t, func(t *testing.T, k kind) {
		b := prepare(t, k, map[string]string{"SUBJECT_DIE_AT_ONCE": "1"})
		err := b.Start(t.Context())
		var failed *StartError
		require.ErrorAs(t, err, &failed)
		require.ErrorIs(t, err, errEndedFirst)
		require.NotErrorIs(t, err, errPortTaken)
		require.Equal(t, 3, *failed.End.ExitCode)
		require.ErrorContains(t, err, "exited with code 3")
		require.ErrorContains(t, err, "fatal: no reason to live")
		require.Len(t, b.Ends(), 1)
	})
}

func TestOneThatNeverGetsReadyIsStoppedAtTheDeadline(t *testing.T) {
	each(t, func(t *testing.T, k kind) {
		b := prepare(t, k, map[string]string{"SUBJECT_NEVER_READY": "1"}, func(p *Program) { p.ReadyTimeout = 1500 * time.Millisecond })
		err := b.Start(t.Context())
		require.ErrorContains(t, err, "not ready within 1.5s")
		require.ErrorContains(t, err, "503")
		require.ErrorContains(t, err, "listening on")
		_, running := b.PID()
		require.False(t, running)
		b.ended(t)
	})
}

func TestStopCutsAStartShort(t *testing.T) {
	each(t, func(t *testing.T, k kind) {
		b := prepare(t, k, map[string]string{"SUBJECT_NEVER_READY": "1"}, func(p *Program) { p.ReadyTimeout = time.Hour })
		failed := make(chan error)
		go func() { failed <- b.Start(t.Context()) }()
		b.logged(t, "listening on")
		_, err := b.Stop(t.Context())
		require.NoError(t, err)
		require.ErrorContains(t, <-failed, "told to stop")
	})
}

func TestTheEnvironmentIsExactlyWhatWasConfigured(t *testing.T) {
	each(t, func(t *testing.T, k kind) {
		t.Setenv("HOLDFAST_DATABASE_URL", "postgres://somebody:hunter2@localhost/db")
		want := 4 // LISTEN_ADDR, the two marks, SUBJECT_SECRET
		if k.name == "container" {
			want += 3 // Docker's PATH, HOME and HOSTNAME
		}
		b := started(t, k, map[string]string{"SUBJECT_SECRET": "at {addr}"}, func(p *Program) { p.Args = []string{"--port={port}", "--host={host}"} })
		address := strings.TrimPrefix(b.URL(), "http://")
		host, port, _ := strings.Cut(address, ":")
		b.logged(t, "variables: "+strconv.Itoa(want)+".")
		b.logged(t, "args [--port="+port+" --host="+host+"]")
		b.logged(t, "connecting with at "+address)
	})
}

func TestSecretsStayOutOfLogAndErrors(t *testing.T) {
	each(t, func(t *testing.T, k kind) {
		const secret = "hunter2&more"
		env := map[string]string{"SUBJECT_SECRET": "postgres://u:" + "hunter2%26more" + "@h and " + secret, "SUBJECT_DIE_AT_ONCE": "1"}
		b := prepare(t, k, env, func(p *Program) { p.Secrets = []string{secret} })
		err := b.Start(t.Context())
		require.ErrorContains(t, err, "connecting with postgres://u:[secret]@h and [secret]")
		require.NotContains(t, err.Error(), "hunter2")
		require.False(t, holds(b.Log(), "hunter2"))
	})
}

func TestWantOfMemoryIsToldApart(t *testing.T) {
	limited := []kind{{"process", caged}, kinds[1]}
	for _, k := range limited {
		t.Run(k.name, func(t *testing.T) {
			if k.name == "container" {
				needEngine(t)
			}
			b := prepare(t, k, nil)
			err := b.Start(t.Context())
			if errors.Is(err, ErrNoMemoryLimit) && os.Getuid() != 0 {
				t.Skip(err)
			}
			require.NoError(t, err)
			b.tell(t, "/allocate?mb=10")
			dir, ok := b.Target.(interface{ MemoryDir() (string, bool) }).MemoryDir()
			require.True(t, ok)
			require.DirExists(t, dir)
			b.tell(t, "/allocate?mb=200")
			b.ended(t)
			end := b.Ends()[0]
			require.True(t, end.OOMKilled, "%+v", end)
			require.NotEmpty(t, end.OOMEvidence)
			require.Equal(t, "killed", end.Signal)
			require.False(t, end.Expected)
			require.EqualValues(t, testLimit, *end.LimitBytes)
			require.NoDirExists(t, dir)

			require.NoError(t, b.Start(t.Context()), "it can be started again")
		})
	}
}

func TestTwoRunAtTheSameTimeAtTheirOwnAddresses(t *testing.T) {
	each(t, func(t *testing.T, k kind) {
		one, two := started(t, k, nil), started(t, k, nil)
		require.NotEqual(t, one.URL(), two.URL())
		_, err := one.Stop(t.Context())
		require.NoError(t, err)
		_, running := two.PID()
		require.True(t, running, "stopping one leaves the other")
	})
}

func TestAPortThatSomeoneElseTookIsSaid(t *testing.T) {
	each(t, func(t *testing.T, k kind) {
		taken, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		defer taken.Close()
		b := prepare(t, k, nil, func(p *Program) { p.Address = taken.Addr().String() })
		err = b.Start(t.Context())
		require.ErrorIs(t, err, errPortTaken)
		require.ErrorContains(t, err, taken.Addr().String())
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
	u, err := NewURL(URLConfig{URL: strings.Replace(server.URL, "//", "//me:hunter2@", 1) + "/", ReadyPath: "/health"})
	require.NoError(t, err)
	var target Target = u
	require.NoError(t, target.Start(t.Context()))
	require.Equal(t, 3, asked)
	require.ErrorIs(t, target.Signal(syscall.SIGKILL), ErrNotOurs)
	_, running := target.PID()
	require.False(t, running)
	end, err := target.Stop(t.Context())
	require.NoError(t, err)
	require.Zero(t, end)
	require.Empty(t, target.Ends())
	require.NoError(t, target.Start(t.Context()), "still there")
	require.NotContains(t, target.Describe(), "hunter2")

	bad, err := NewURL(URLConfig{URL: strings.Replace(server.URL, "//", "//me:hunter2@", 1), ReadyTimeout: 100 * time.Millisecond})
	require.NoError(t, err)
	err = bad.Start(t.Context())
	require.ErrorContains(t, err, "503")
	require.NotContains(t, err.Error(), "hunter2")
}

func TestAnEngineThatWillNotDoIsOneClearError(t *testing.T) {
	cases := []struct{ name, host, says string }{
		{"nobody listens", "unix:///nowhere/docker.sock", "use the process target"},
		{"on another machine", "tcp://192.0.2.1:2375", "not on this machine"},
		{"not an address", "nonsense", "nonsense"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			p, _ := program(t, nil)
			target, err := NewContainer(ContainerConfig{Program: p, Binary: subject(t), MemoryLimit: testLimit, Engine: c.host})
			require.NoError(t, err)
			err = target.Start(t.Context())
			require.ErrorIs(t, err, ErrNoEngine)
			require.ErrorContains(t, err, c.says)
			_, err = target.Stop(t.Context())
			require.NoError(t, err)
		})
	}
}

func TestAProgramThatIsNotThereIsOneClearError(t *testing.T) {
	each(t, func(t *testing.T, k kind) {
		p, _ := program(t, nil)
		target, err := k.make(p, "/nowhere/program")
		require.NoError(t, err)
		err = target.Start(t.Context())
		require.ErrorIs(t, err, os.ErrNotExist)
		require.ErrorContains(t, err, "start program: ")
		_, err = target.Stop(t.Context())
		require.NoError(t, err)
	})
}
