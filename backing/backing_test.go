package backing_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/backing"
	"holdfast.dev/holdfast/fault"
	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/target"
)

// program is this binary as a broker.
func program(t *testing.T) backing.Config {
	return backing.Config{
		Name: "broker", Command: []string{self(t)}, Data: "queue", Ready: target.Ready{Log: "Server started"},
		Env: map[string]string{
			roleVariable: "broker", "LISTEN": "{own.address}", "ADVERTISED": "PLAINTEXT://{address} {{as}} {secrets.key} {broker.port}", "KEEP": "{data}",
		},
	}
}

func parsed(t *testing.T, text string) fault.Fault {
	t.Helper()
	f, err := fault.Parse(text)
	require.NoError(t, err)
	f.ID = "test"
	return f
}

func TestWithoutAFaultNothingStandsBeforeAProgram(t *testing.T) {
	o := opening(t)
	o.Values = map[string]string{"secrets.key": "k"}
	f := open(t, program(t).Dependency(), o)
	v := values(f)
	require.Equal(t, "PLAINTEXT://"+v["address"]+" {as}} k "+v["port"], ask(t, v["address"], "where"))
	require.Equal(t, "http://"+v["address"], v["url"])
	require.Equal(t, []string{v["address"]}, f.(*backing.Backing).Addresses())
	require.Empty(t, f.(*backing.Backing).Bypass())
	require.Equal(t, "ok", ask(t, v["address"], "keep this"))
	require.Equal(t, "this", ask(t, v["address"], "tell"))
	left, err := os.ReadDir(o.Data)
	require.NoError(t, err)
	require.Len(t, left, 1, "in the folder that it was given")
}

func TestClientsAreLedThroughTheProxyWhereAFaultIsLaid(t *testing.T) {
	o := opening(t)
	o.Faults = []fault.Kind{fault.Refuse{}}
	f := open(t, program(t).Dependency(), o)
	b, address := f.(*backing.Backing), values(f)["address"]
	require.Len(t, b.Bypass(), 1)
	require.NotEqual(t, b.Bypass()[0], address)
	require.Contains(t, ask(t, address, "where"), "PLAINTEXT://"+address+" ", "what it tells its clients leads through the proxy, too")
	require.Contains(t, ask(t, b.Bypass()[0], "where"), "PLAINTEXT://"+address+" ")
	on, err := f.Apply(t.Context(), parsed(t, "refuse"))
	require.NoError(t, err)
	_, err = asked(t.Context(), address, "where")
	require.ErrorIs(t, err, syscall.ECONNREFUSED)
	require.NoError(t, on.Undo(t.Context()))
	require.Contains(t, ask(t, address, "where"), "PLAINTEXT")
	require.Eventually(t, func() bool { sent, counted := b.Written(); return counted && sent == int64(2*len("where\n")) }, 30*time.Second, time.Millisecond)
}

func TestAProgramThatIsKilledComesBack(t *testing.T) {
	o := opening(t)
	o.Faults = []fault.Kind{fault.Kill{}}
	f := open(t, program(t).Dependency(), o)
	b, address := f.(*backing.Backing), values(f)["address"]
	require.Empty(t, b.Bypass(), "of its process alone: no proxy")
	require.Equal(t, "ok", ask(t, address, "keep this"))
	gone, err := f.Apply(t.Context(), parsed(t, "kill"))
	require.NoError(t, err)
	require.EqualValues(t, 1, gone.Receipt().Fired)
	require.Eventually(t, func() bool { answer, err := asked(t.Context(), address, "tell"); return err == nil && answer == "this" }, 30*time.Second, 20*time.Millisecond)
	require.Empty(t, b.Unexpected(), "a fault had asked for it")
	_, err = asked(t.Context(), address, "die")
	require.Error(t, err)
	require.Eventually(t, func() bool { return len(b.Unexpected()) == 1 }, 30*time.Second, 20*time.Millisecond)
	require.Contains(t, b.Unexpected()[0], "9")
}

func TestAProgramIsPausedAndWhatIsNotItsOwnIsRefused(t *testing.T) {
	o := opening(t)
	o.Faults = []fault.Kind{fault.Pause{}}
	f := open(t, program(t).Dependency(), o)
	address := values(f)["address"]
	on, err := f.Apply(t.Context(), parsed(t, "pause"))
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	_, err = asked(ctx, address, "where")
	cancel()
	require.Error(t, err)
	require.NoError(t, on.Undo(t.Context()))
	require.Contains(t, ask(t, address, "where"), "PLAINTEXT")
	_, err = f.Apply(t.Context(), parsed(t, "delay 1s"))
	require.ErrorContains(t, err, "nothing stands before broker")
	_, err = f.Apply(t.Context(), parsed(t, "sqlstate 40001"))
	require.ErrorContains(t, err, "cannot carry out")
}

func TestAnAddressIsProxiedAndNothingElse(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	c := backing.Config{Name: "ledger", Address: l.Addr().String(), Scheme: "https"}
	f := open(t, c.Dependency(), opening(t))
	require.Equal(t, "https://"+l.Addr().String(), values(f)["url"])
	require.Empty(t, f.(*backing.Backing).Unexpected())
	require.False(t, c.Support().Carries("kill"), "nobody kills what is somebody else's")
	require.True(t, c.Support().Carries("delay"))
	o := opening(t)
	o.Faults = []fault.Kind{fault.Refuse{}}
	f = open(t, c.Dependency(), o)
	require.NotEqual(t, l.Addr().String(), values(f)["address"])
	require.NoError(t, l.Close())
	c.Ready.Timeout = 50 * time.Millisecond
	_, err = c.Dependency().Open(t.Context(), opening(t))
	require.ErrorContains(t, err, "ledger does not serve at "+c.Address)
}

// An address may tell that it can serve, as a program does.
func TestAnAddressIsAskedAsItsReadinessHasIt(t *testing.T) {
	var ready atomic.Bool
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/health" || !ready.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	defer api.Close()
	c := backing.Config{Name: "ledger", Address: strings.TrimPrefix(api.URL, "http://"), Ready: target.Ready{HTTP: "/health", Timeout: time.Second}}
	_, err := c.Dependency().Open(t.Context(), opening(t))
	require.ErrorContains(t, err, "GET /health: 503 Service Unavailable")
	ready.Store(true)
	c.Ready.Timeout = 30 * time.Second
	open(t, c.Dependency(), opening(t))
}

func TestAProgramThatDoesNotStartShowsItsLastLines(t *testing.T) {
	c := program(t)
	c.Env[roleVariable] = "broken"
	_, err := c.Dependency().Open(t.Context(), opening(t))
	require.ErrorContains(t, err, "start broker")
	require.ErrorContains(t, err, "cannot read broker.conf")
	c = program(t)
	c.Env["LISTEN"], c.Env["HINT"] = "127.0.0.1:0", "{own.port}"
	c.Ready = target.Ready{TCP: true, Timeout: 300 * time.Millisecond}
	_, err = c.Dependency().Open(t.Context(), opening(t))
	require.ErrorContains(t, err, "not ready within")
}

func TestAProgramThatListensBeyondLoopbackIsTold(t *testing.T) {
	for listen, want := range map[string]int{"0.0.0.0:{own.port}": 1, "{own.address}": 0} {
		c, o := program(t), opening(t)
		c.Env["LISTEN"] = listen
		var said []string
		o.Say = func(line string) { said = append(said, line) }
		open(t, c.Dependency(), o)
		require.Len(t, said, want)
		if want > 0 {
			require.Contains(t, said[0], "broker listens on ")
			require.Contains(t, said[0], "tell it to listen at {own.host} alone")
		}
	}
}

func TestAPortOfItsOwn(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	c := program(t)
	c.Port = l.Addr().(*net.TCPAddr).Port
	_, err = c.Dependency().Open(t.Context(), opening(t))
	require.ErrorContains(t, err, "where somebody serves already")
	require.NoError(t, l.Close())
	f := open(t, c.Dependency(), opening(t))
	require.Equal(t, l.Addr().String(), values(f)["address"])
	require.Contains(t, ask(t, values(f)["address"], "where"), "PLAINTEXT")
}

func TestRedisStandsBehindADependency(t *testing.T) {
	c := backing.Config{
		Name: "redis", Data: "data", Scheme: "redis", Export: map[string]string{"REDIS_URL": "{url}/0"},
		Command: []string{redis(t), "--port", "{own.port}", "--bind", "127.0.0.1", "--dir", "{data}", "--save", "3600 1"},
	}
	o := opening(t)
	f := open(t, c.Dependency(), o)
	address := values(f)["address"]
	require.Equal(t, "+OK", strings.TrimSpace(ask(t, address, "SET greeting hello")))
	require.NoError(t, f.Close())
	require.FileExists(t, o.Data+"/dump.rdb", "it was stopped in order, and has saved")
	again := opening(t)
	again.Data, again.Faults = o.Data, []fault.Kind{fault.Delay{Distribution: fault.Fixed(time.Millisecond)}}
	f = open(t, c.Dependency(), again)
	require.Equal(t, "$5", strings.TrimSpace(ask(t, values(f)["address"], "GET greeting")))
	var measured []string
	for _, s := range c.Dependency().Series {
		measured = append(measured, s.Name)
	}
	require.Subset(t, measured, []string{"redis.connections", "redis.bytes_sent", "redis.rss", "redis.cpu"})
	for _, p := range c.Dependency().Probes(f) {
		_, err := p.Sample(t.Context())
		require.NoError(t, err, p.Name())
	}
}

func TestConnectionsAreCountedWithoutAProxyToo(t *testing.T) {
	f := open(t, program(t).Dependency(), opening(t))
	conn, err := net.Dial("tcp", values(f)["address"])
	require.NoError(t, err)
	defer conn.Close()
	gauge := program(t).Dependency().Probes(f)[0]
	require.Equal(t, "broker.connections", gauge.Series()[0].Name)
	require.Eventually(t, func() bool {
		now, err := gauge.Sample(t.Context())
		return err == nil && now[0] == 1
	}, 30*time.Second, 100*time.Millisecond)
}

func TestWhatIsWrongWithADependencyIsKnownBeforeAnythingStarts(t *testing.T) {
	whole := backing.Config{Name: "x", Command: []string{"x", "{own.port}"}}
	for want, change := range map[string]func(*backing.Config){
		"":                                      func(*backing.Config) {},
		"needs a name":                          func(c *backing.Config) { c.Name = "" },
		"needs a command, an image or":          func(c *backing.Config) { c.Command = nil },
		"one of them":                           func(c *backing.Config) { c.Address = "h:1" },
		"is not host:port":                      func(c *backing.Config) { c.Command, c.Address = nil, "redis" },
		"no log can be read":                    func(c *backing.Config) { c.Command, c.Address, c.Ready.Log = nil, "h:1", "x" },
		"takes no data":                         func(c *backing.Config) { c.Command, c.Address, c.Data = nil, "h:1", "x" },
		"needs the port":                        func(c *backing.Config) { c.Command, c.Image = nil, "redis:7" },
		"no runtime of containers":              func(c *backing.Config) { c.Command, c.Image, c.Port = nil, "redis:7", 1 },
		"is not the whole path":                 func(c *backing.Config) { c.Image, c.Port, c.Data = "redis:7", 1, "data" },
		"says where to listen: {own.port}":      func(c *backing.Config) { c.Command = []string{"x", "{port}"} },
		"says {data}, the folder to keep it in": func(c *backing.Config) { c.Data = "x" },
		"is negative":                           func(c *backing.Config) { c.Grace = -1 },
	} {
		c := whole
		change(&c)
		if err := c.Validate(); want == "" {
			require.NoError(t, err)
		} else {
			require.ErrorContains(t, err, want)
		}
	}
	d := whole.Dependency()
	require.NoError(t, d.Faults.Accepts(parsed(t, "kill")))
	require.Error(t, d.Faults.Conflict(fault.Refuse{}, fault.Reset{}))
	require.Error(t, d.Faults.Conflict(fault.Pause{}, fault.Kill{}))
	require.NoError(t, d.Faults.Conflict(fault.Pause{}, fault.Refuse{}))
	var _ harness.Dependency = d
}
