package target_test

import (
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/target"
	"holdfast.dev/holdfast/harness/target/internal/conformance"
)

// service is a System for tests, with a journal that must be empty at the end, and
// what its processes wrote.
type service struct {
	*target.System
	mu    sync.Mutex // guards lines
	lines []string   // "instance: line", in their order
}

func newService(t *testing.T, change func(*target.SystemConfig), all ...target.Process) *service {
	t.Helper()
	s := &service{}
	p := conformance.Program(t, nil)
	c := target.SystemConfig{Processes: all, Start: p.Start, Journal: p.Journal, Line: func(instance, line string) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.lines = append(s.lines, instance+": "+line)
	}}
	if change != nil {
		change(&c)
	}
	var err error
	s.System, err = target.NewSystem(c)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Stop(t.Context())) })
	return s
}

func (s *service) wrote() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.lines)
}

// instance is one that must be there.
func (s *service) instance(t *testing.T, name string) *target.Instance {
	t.Helper()
	i, ok := s.Instance(name)
	require.True(t, ok, name)
	return i
}

// subject is the test program as a process, told where to listen.
func subject(t *testing.T, name string, env ...string) target.Process {
	t.Helper()
	p := target.Process{
		Name: name, Command: []string{conformance.Subject(t)}, Env: map[string]string{"LISTEN_ADDR": "{address}"},
		Ready: target.Ready{HTTP: "/readyz", Timeout: 20 * time.Second}, Grace: 5 * time.Second,
	}
	for _, e := range env {
		key, value, _ := strings.Cut(e, "=")
		p.Env[key] = value
	}
	return p
}

func needs(p target.Process, others ...string) target.Process {
	p.DependsOn = others
	return p
}

func soon(t *testing.T, what string, is func() bool) {
	t.Helper()
	require.Eventually(t, is, 30*time.Second, 5*time.Millisecond, what)
}

func TestProcessesStartWhenWhatTheyNeedIsReadyAndStopTheOtherWayRound(t *testing.T) {
	t.Parallel()
	s := newService(t, nil,
		needs(subject(t, "web", "SUBJECT_SECRET={api.url} {api.2.port}"), "api", "store"),
		needs(subject(t, "api"), "store"),
		subject(t, "store"))
	require.NoError(t, s.Start(t.Context()))
	order := func(text string) (names []string) {
		for _, line := range s.wrote() {
			if name, rest, _ := strings.Cut(line, ": "); strings.HasPrefix(rest, text) {
				names = append(names, name)
			}
		}
		return names
	}
	require.Equal(t, []string{"store", "api", "web"}, order("listening on"))
	api := s.instance(t, "api")
	require.Contains(t, s.wrote(), "web: connecting with "+api.URL()+" {api.2.port}", "a name that nobody has stays as written")
	require.Empty(t, api.Ends()[0].EndS)

	require.NoError(t, s.Stop(t.Context()))
	require.Equal(t, []string{"web", "api", "store"}, order("leaving"))
	require.NoError(t, s.Stop(t.Context()), "idempotent")
	require.NoError(t, s.Start(t.Context()), "again")
	require.Len(t, api.Ends(), 2)
	require.True(t, api.Ends()[0].Expected)
}

func TestReplicasAreTargetsOfTheirOwn(t *testing.T) {
	t.Parallel()
	p := subject(t, "web", "SUBJECT_SECRET=I am {replica} at {port} and {ports.admin}, the first is {web.port}")
	p.Ports, p.Replicas = []string{"http", "admin"}, 2
	s := newService(t, nil, p)
	first, second := s.instance(t, "web"), s.instance(t, "web.2")
	require.NotEqual(t, first.URL(), second.URL(), "known before the start")
	value, known := s.Value("web.2.url")
	require.True(t, known)
	require.Equal(t, second.URL(), value)
	require.NoError(t, s.Start(t.Context()))
	port := func(i *target.Instance, name string) string {
		address, ok := i.Address(name)
		require.True(t, ok)
		return address[strings.LastIndexByte(address, ':')+1:]
	}
	require.Contains(t, s.wrote(), "web.2: connecting with I am 2 at "+port(second, "http")+" and "+port(second, "admin")+", the first is "+port(first, "http"))
	require.NoError(t, second.Signal(syscall.SIGKILL))
	<-second.Exited()
	_, running := first.PID()
	require.True(t, running)
	require.NoError(t, second.Start(t.Context()))
}

func TestOneThatDoesNotGetReadyIsNamedAndTheOthersAreStopped(t *testing.T) {
	t.Parallel()
	s := newService(t, nil, subject(t, "store"), needs(subject(t, "web", "SUBJECT_DIE_AT_ONCE=1"), "store"), needs(subject(t, "mail"), "web"))
	err := s.Start(t.Context())
	var failed *target.StartError
	require.ErrorAs(t, err, &failed)
	require.Equal(t, "web", failed.Name)
	require.ErrorContains(t, err, "exited with code 3")
	require.ErrorContains(t, err, "no reason to live")
	require.NotContains(t, err.Error(), "mail")
	_, running := s.instance(t, "store").PID()
	require.False(t, running)
	require.Empty(t, s.instance(t, "mail").Ends(), "it was never begun")
}

func TestReadinessIsAskedAsTheProcessSays(t *testing.T) {
	t.Parallel()
	named := func(name string, ready target.Ready, env ...string) target.Process {
		p := subject(t, name, env...)
		p.Ready = ready
		p.Ready.Timeout = 20 * time.Second
		return p
	}
	quiet := target.Process{Name: "quiet", Command: []string{"sleep", "60"}}
	second := named("second", target.Ready{HTTP: "/readyz", Port: "admin"})
	second.Ports, second.Env["LISTEN_ADDR"] = []string{"http", "admin"}, "127.0.0.1:{ports.admin}"
	s := newService(t, nil,
		named("tcp", target.Ready{TCP: true}, "SUBJECT_NEVER_READY=1"), named("log", target.Ready{Log: "listening on 127"}, "SUBJECT_NEVER_READY=1"),
		named("told", target.Ready{}, "SUBJECT_NEVER_READY=1"), second, quiet)
	require.NoError(t, s.Start(t.Context()))
	require.True(t, s.instance(t, "told").Process().Ready.TCP, "who is told of a port listens there")
	require.True(t, s.instance(t, "quiet").Process().Ready.Started)

	p := named("mute", target.Ready{Log: "not a word"})
	_, err := notReady(t, p, "listening on") // what it wrote instead
	require.ErrorContains(t, err, `no line of its log holds "not a word"`)
	require.ErrorContains(t, err, "PYTHONUNBUFFERED=1")
}

// notReady starts a process that does not get ready, and gives it ever more time to come
// to what is told of it.
func notReady(t *testing.T, p target.Process, says string) (*service, error) {
	t.Helper()
	for p.Ready.Timeout = 400 * time.Millisecond; ; p.Ready.Timeout *= 4 {
		s := newService(t, nil, p)
		err := s.Start(t.Context())
		require.Error(t, err)
		if p.Ready.Timeout > time.Minute || strings.Contains(err.Error(), says) {
			require.ErrorContains(t, err, says)
			return s, err
		}
	}
}

func TestOneThatListensElsewhereIsToldSo(t *testing.T) {
	t.Parallel()
	p := subject(t, "stubborn")
	p.Ports, p.Ready = []string{"http", "admin"}, target.Ready{TCP: true, Port: "admin"}
	s, err := notReady(t, p, "and it listens at ")
	http, _ := s.instance(t, "stubborn").Address("http")
	require.ErrorContains(t, err, "not ready within ")
	require.ErrorContains(t, err, "and it listens at "+http+": tell it the port that it was given, by {port}")
	six := subject(t, "six", "LISTEN_ADDR=[::1]:{port}")
	_, err = notReady(t, six, "and it listens at [::1]:")
	require.ErrorContains(t, err, "tell it the host that it was given, by {host} or {address}")
	daemon := target.Process{Name: "daemon", Command: []string{"sh", "-c", "sleep 60 & exit 0"}, Ready: target.Ready{TCP: true}}
	err = newService(t, nil, daemon).Start(t.Context())
	require.ErrorContains(t, err, "must be told to stay in the foreground (it exited with code 0)")
	mute := target.Process{Name: "mute", Command: []string{"sleep", "60"}, Ready: target.Ready{TCP: true, Timeout: 200 * time.Millisecond}}
	require.ErrorContains(t, newService(t, nil, mute).Start(t.Context()), "and it listens at no port")
}

func TestARestartPolicyStartsItAgain(t *testing.T) {
	t.Parallel()
	policy := func(name string, r target.Restart) target.Process {
		p := subject(t, name)
		p.Restart, p.Grace = r, time.Hour // which nobody waits for
		return p
	}
	s := newService(t, nil, policy("no", target.RestartNo), policy("failure", target.RestartOnFailure), policy("always", target.RestartAlways))
	require.NoError(t, s.Start(t.Context()))
	end := func(name, code string) *target.Instance {
		i := s.instance(t, name)
		resp, err := http.Get(i.URL() + "/crash?code=" + code)
		if err == nil {
			_ = resp.Body.Close()
		}
		return i
	}
	back := func(i *target.Instance, restarts int) {
		t.Helper()
		soon(t, "it is back", func() bool { return i.Restarts() == restarts && get(i.URL()+"/readyz") == http.StatusOK })
		ends := i.Ends()
		require.True(t, ends[restarts-1].Restarted)
		require.False(t, ends[restarts].Restarted)
		require.ErrorIs(t, i.Start(t.Context()), target.ErrRunning)
		select {
		case <-i.Exited():
			require.Fail(t, "it is not down")
		default:
		}
	}
	down := func(i *target.Instance) {
		t.Helper()
		select {
		case <-i.Exited():
		case <-time.After(10 * time.Second):
			require.Fail(t, "it is down")
		}
		require.False(t, i.Ends()[len(i.Ends())-1].Restarted)
	}
	down(end("no", "1"))
	back(end("failure", "1"), 1)
	down(end("failure", "0"))
	back(end("always", "0"), 1)
	always := s.instance(t, "always")
	require.NoError(t, always.Signal(syscall.SIGKILL))
	back(always, 2)
	require.True(t, always.Ends()[1].Expected, "the harness killed it")
	require.False(t, always.Ends()[0].Expected)

	began := time.Now()
	require.NoError(t, s.Stop(t.Context()))
	require.Less(t, time.Since(began), 30*time.Second)
	require.Equal(t, 2, always.Restarts(), "what is stopped stays down")
	require.NoError(t, s.instance(t, "no").Start(t.Context()))
}

func TestOneThatCrashesAgainAndAgainIsStoppedForCertain(t *testing.T) {
	t.Parallel()
	p := subject(t, "loop", "SUBJECT_CRASH_AFTER=10ms")
	p.Restart, p.Ready = target.RestartAlways, target.Ready{Started: true}
	s := newService(t, nil, p)
	require.NoError(t, s.Start(t.Context()))
	loop := s.instance(t, "loop")
	soon(t, "it was started again", func() bool { return loop.Restarts() >= 2 })
	require.NoError(t, s.Stop(t.Context()))
	restarts := loop.Restarts()
	require.Len(t, loop.Ends(), restarts+1)
	<-loop.Exited()
	require.Equal(t, restarts, loop.Restarts())
}

func get(url string) int {
	resp, err := http.Get(url)
	if err != nil {
		return 0
	}
	_ = resp.Body.Close()
	return resp.StatusCode
}

func TestWhatAProcessForksBelongsToIt(t *testing.T) {
	t.Parallel()
	token := "daemon-of-" + t.Name()
	s := newService(t, nil, subject(t, "master", "SUBJECT_WORKERS=3", "SUBJECT_ESCAPEE=1"), subject(t, "other", "SUBJECT_WORKERS=1"),
		subject(t, "daemon", "SUBJECT_DAEMON="+token))
	require.NoError(t, s.Start(t.Context()))
	master, other := s.instance(t, "master"), s.instance(t, "other")
	main, _ := master.PID()
	members := master.Members()
	require.Equal(t, main, members[0])
	require.Len(t, members, 5, "the main one, three workers and one in a session of its own")
	require.Len(t, other.Members(), 2)
	require.Empty(t, s.instance(t, "daemon").Children(), "a daemon is nobody's child")

	before := master.Children()
	require.Len(t, before, 4)
	reached, err := master.SignalTo(syscall.SIGKILL, target.ToNewestChild)
	require.NoError(t, err)
	require.Equal(t, before[3:], reached)
	soon(t, "the master forks another", func() bool { return slices.Contains(s.wrote(), "master: a worker died") && len(master.Children()) == 4 })
	require.NotEqual(t, before, master.Children())
	require.Nil(t, master.Ends()[0].EndS, "the master lives")

	reached, err = master.SignalTo(syscall.SIGSTOP, target.ToTree)
	require.NoError(t, err)
	require.Len(t, reached, 5)
	for _, pid := range reached {
		soon(t, "it stands still", func() bool { return state(pid) == "T" })
	}
	require.NotEqual(t, "T", state(other.Members()[1]))
	_, err = master.SignalTo(syscall.SIGCONT, target.ToTree)
	require.NoError(t, err)
	_, err = s.instance(t, "daemon").SignalTo(syscall.SIGKILL, target.ToOldestChild)
	require.ErrorIs(t, err, target.ErrNoChild)
	all := slices.Concat(master.Members(), other.Members())
	if os.Getuid() == 0 {
		require.Len(t, s.instance(t, "daemon").Members(), 2, "one that nothing but its cgroup betrays")
	}
	require.NoError(t, s.Stop(t.Context()))
	for _, pid := range all {
		soon(t, "it is gone", func() bool { return state(pid) == "" })
	}
	if os.Getuid() == 0 {
		require.Empty(t, commandsWith(t, token))
	}
}

func TestALimitOfCPUTimeIsKept(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("making a cgroup takes root")
	}
	t.Parallel()
	p := target.Process{Name: "busy", Command: []string{"sh", "-c", "while :; do :; done"}, CPUs: 0.02, Grace: time.Second}
	s := newService(t, nil, p)
	require.NoError(t, s.Start(t.Context()))
	dir, ok := s.instance(t, "busy").CgroupDir("cpu")
	require.True(t, ok)
	soon(t, "it stands still for want of time", func() bool {
		text, err := os.ReadFile(dir + "/cpu.stat")
		require.NoError(t, err)
		return strings.Contains(string(text), "nr_throttled ") && !strings.Contains(string(text), "nr_throttled 0\n")
	})
	require.NoError(t, s.Stop(t.Context()))
	require.NoDirExists(t, dir)
}

func TestAWorkerThatTheKernelKilledForMemoryIsCounted(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("making a cgroup takes root")
	}
	t.Parallel()
	p := target.Process{Name: "eater", Command: []string{"sh", "-c", "tail /dev/zero; sleep 60"}, Memory: 24 << 20, Grace: time.Second}
	s := newService(t, nil, p)
	require.NoError(t, s.Start(t.Context()))
	eater := s.instance(t, "eater")
	soon(t, "the kernel kills the child", func() bool { return eater.OOMKills() == 1 })
	require.NoError(t, s.Stop(t.Context()))
	require.Equal(t, 1, eater.OOMKills(), "also when it is gone")
	end := eater.Ends()[0]
	require.False(t, end.OOMKilled, "the main process was not")
	require.Len(t, end.OOMKillsS, 1)
	require.Less(t, end.OOMKillsS[0], *end.EndS)
}

func TestNoSecretGetsIntoACommand(t *testing.T) {
	t.Parallel()
	p := subject(t, "web")
	p.Command = append(p.Command, "--driver=postgres", "--key={key}")
	s := newService(t, func(c *target.SystemConfig) {
		c.Secrets = []string{"hunter2hunter2", "postgres"} // what the user has typed is not our doing
		c.Value = func(name string) (string, bool) { return "hunter2hunter2", name == "key" }
	}, p)
	err := s.Start(t.Context())
	require.ErrorContains(t, err, `"--key={key}"`)
	require.ErrorContains(t, err, "everybody on the machine can read a command; put {key} into the environment")
	require.NotContains(t, err.Error(), "hunter2")
}

func TestOfTheHarnessesEnvironmentLittlePasses(t *testing.T) {
	environ := []string{"PATH=/bin", "HOME=/root", "USER=me", "LANG=C", "LC_ALL=C", "TZ=UTC", "TMPDIR=/tmp", "GEM_HOME=/gems",
		"AWS_SECRET_ACCESS_KEY=x", "DATABASE_URL=postgres://prod", "http_proxy=p", "=odd", "PATHS=1", "LC"}
	require.Equal(t, map[string]string{"PATH": "/bin", "HOME": "/root", "USER": "me", "LANG": "C", "LC_ALL": "C", "TZ": "UTC", "TMPDIR": "/tmp"},
		target.Passed(environ, nil))
	require.Equal(t, "/gems", target.Passed(environ, []string{"GEM_HOME", "NOT_SET"})["GEM_HOME"])
	t.Parallel()
	p := target.Process{Name: "env", Command: []string{"env"}, Dir: "/", Env: map[string]string{"LANG": "de", "FLAG": "False"}, Ready: target.Ready{Log: "FLAG=False"}}
	s := newService(t, func(c *target.SystemConfig) {
		c.Environ, c.PassEnv = append(environ[1:], "PATH="+os.Getenv("PATH")), []string{"GEM_HOME"}
	}, p)
	_ = s.Start(t.Context()) // it ends at once
	soon(t, "it has written", func() bool { return slices.Contains(s.wrote(), "env: GEM_HOME=/gems") })
	wrote := strings.Join(s.wrote(), "\n")
	require.Contains(t, wrote, "env: LANG=de", "its own wins")
	require.NotContains(t, wrote, "AWS")
	require.NotContains(t, wrote, "prod")
}

func TestAnInstanceIsATarget(t *testing.T) {
	conformance.Run(t, instance())
}

// instance is a system of one process.
func instance() conformance.Kind {
	limited := func(limit uint64) func(target.Program, string) (target.Target, error) {
		return func(p target.Program, binary string) (target.Target, error) {
			own := strings.NewReplacer("{addr}", "{address}")
			one := target.Process{
				Name: filepath.Base(binary), Command: []string{binary}, Env: map[string]string{"LISTEN_ADDR": "{address}"}, Grace: p.Grace,
				Ready: target.Ready{HTTP: "/readyz", Timeout: p.ReadyTimeout}, Memory: limit,
			}
			for _, arg := range p.Args {
				one.Command = append(one.Command, own.Replace(arg))
			}
			for name, value := range p.Env {
				one.Env[name] = own.Replace(value)
			}
			c := target.SystemConfig{Processes: []target.Process{one}, Secrets: p.Secrets, LogLines: p.LogLines, Start: p.Start, Journal: p.Journal}
			if p.Address != "" {
				c.Addresses = target.Addresses{one.Name: {target.DefaultPort: p.Address}}
			}
			if p.Line != nil {
				c.Line = func(_, line string) { p.Line(line) }
			}
			s, err := target.NewSystem(c)
			if err != nil {
				return nil, err
			}
			i, _ := s.Instance(one.Name)
			return i, nil
		}
	}
	return conformance.Kind{
		Name: "instance", Make: limited(0), Limited: limited(conformance.MemoryLimit), Undoers: target.AsProcess().Undoers,
		Variables: len(target.Passed(os.Environ(), nil)),
	}
}
