package coordinator_test

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/fleet"
	"holdfast.dev/holdfast/fleet/broker"
	"holdfast.dev/holdfast/fleet/broker/embedded"
	"holdfast.dev/holdfast/fleet/coordinator"
	"holdfast.dev/holdfast/fleet/worker"
	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/load"
)

// roleVariable makes the test binary a worker or a broker of a test.
const roleVariable = "HOLDFAST_FLEET_TEST"

func TestMain(m *testing.M) {
	switch os.Getenv(roleVariable) {
	case "worker":
		ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
		defer stop()
		if err := worker.Run(ctx, worker.Options{
			Broker: broker.Options{URL: os.Getenv("URL"), Token: os.Getenv("TOKEN"), CA: os.Getenv("CA"), NKey: os.Getenv("NKEY")},
			Name:   os.Getenv("NAME"), Allow: []string{cmp.Or(os.Getenv("ALLOW"), "127.0.0.1")}, PerSecond: 10_000,
		}); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(3)
		}
	case "broker":
		serveBroker()
	case "target":
		serveNothing()
	case "alone":
		sendAlone()
	default:
		flag.Parse()
		_ = flag.Set("test.parallel", "10") // nearly all of them wait for time to pass
		os.Exit(m.Run())
	}
}

// serveBroker prints how its broker is reached, and serves until standard input ends.
func serveBroker() {
	s, err := embedded.Start()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(s.URL(), s.Token())
	_, _ = io.Copy(io.Discard, os.Stdin)
	s.Close()
}

// serveNothing prints its address, and answers until standard input ends.
func serveNothing() {
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	fmt.Println(s.URL)
	_, _ = io.Copy(io.Discard, os.Stdin)
	s.Close()
}

// sendAlone sends RATE requests a second to URL for the duration FOR.
func sendAlone() {
	rate, _ := strconv.ParseFloat(os.Getenv("RATE"), 64)
	d, _ := time.ParseDuration(os.Getenv("FOR"))
	a, err := load.Start(context.Background(), load.Config{BaseURL: os.Getenv("URL")}, load.Stream{Name: "x", Profile: load.Constant(rate, d), Template: &load.Template{Path: "/"}})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	a.Wait()
}

// child is a process of a test: a worker that is not waited for by anything else.
func child(t testing.TB, role string, env ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), append(env, roleVariable+"="+role)...)
	cmd.Stderr = os.Stderr
	t.Cleanup(func() {
		if cmd.Process != nil {
			_ = cmd.Process.Kill() // it may have ended
			_ = cmd.Wait()
		}
	})
	return cmd
}

func workerProcess(t testing.TB, b broker.Options, name string) *exec.Cmd {
	t.Helper()
	cmd := child(t, "worker", "URL="+b.URL, "TOKEN="+b.Token, "NAME="+name)
	require.NoError(t, cmd.Start())
	return cmd
}

// own is a broker in this process.
func own(t testing.TB) broker.Options {
	t.Helper()
	s, err := embedded.Start()
	require.NoError(t, err)
	t.Cleanup(s.Close)
	return s.Broker()
}

// workersHere starts workers in this process, which end with the test. As whoever runs
// them would, it starts one again that could not reach its broker in time.
func workersHere(t testing.TB, b broker.Options, all ...worker.Options) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var work sync.WaitGroup
	for _, o := range all {
		o.Broker = b
		if o.Allow == nil {
			o.Allow = []string{"127.0.0.1"}
		}
		o.PerSecond = 10_000
		work.Go(func() {
			for worker.Run(ctx, o) != nil && o.Runs == 0 && ctx.Err() == nil {
				time.Sleep(100 * time.Millisecond)
			}
		})
	}
	t.Cleanup(func() { cancel(); work.Wait() })
}

// waiting waits until so many workers wait at a broker.
func waiting(t testing.TB, b broker.Options, workers int) {
	t.Helper()
	nc, err := b.Connect(t.Context(), nil, nil)
	require.NoError(t, err)
	defer nc.Close()
	js, err := jetstream.New(nc)
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		kv, err := js.KeyValue(t.Context(), fleet.PresenceBucket)
		if err != nil {
			return false
		}
		ids, err := kv.Keys(t.Context())
		return err == nil && len(ids) == workers
	}, 30*time.Second, 5*time.Millisecond)
}

// notes are what a coordinator said.
type notes struct {
	mu  sync.Mutex
	all []string
	at  []time.Time
}

func (n *notes) say(text string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.all, n.at = append(n.all, text), append(n.at, time.Now())
}

func (n *notes) String() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return strings.Join(n.all, "; ")
}

// open opens a fleet, whose notes are kept. What is not said has a default that no busy
// machine breaks.
func open(t testing.TB, o coordinator.Options) (*coordinator.Coordinator, *notes) {
	t.Helper()
	said := new(notes)
	o.Run, o.Say = cmp.Or(o.Run, "t"+strconv.FormatInt(time.Now().UnixNano(), 36)), said.say
	if o.Term == 0 {
		o.Term = 5 * time.Second
	}
	if o.Clock == nil {
		o.Clock = wrong(5 * time.Minute) // as that of a run that has gone on for so long
	}
	c, err := coordinator.Open(context.Background(), o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.Close()) })
	return c, said
}

// arrival is a request as the target saw it.
type arrival struct {
	id, what string
	at       time.Time
}

// target remembers what arrives. It is the far side, which nobody who sends can
// convince of anything.
type target struct {
	*httptest.Server
	mu  sync.Mutex
	all []arrival
}

func newTarget(t testing.TB) *target {
	t.Helper()
	far := new(target)
	far.Server = httptest.NewServer(http.HandlerFunc(far.take))
	t.Cleanup(far.Close)
	return far
}

func (s *target) take(w http.ResponseWriter, r *http.Request) {
	at := time.Now()
	body, _ := io.ReadAll(r.Body)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = append(s.all, arrival{r.Header.Get(load.HeaderRequest), r.URL.String() + " " + string(body), at})
	_, _ = w.Write([]byte(`{"ok":true}`))
}

func (s *target) seen() []arrival {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.all)
}

// ids are the requests that arrived; none may have arrived twice.
func (s *target) ids(t testing.TB) map[string]string {
	t.Helper()
	all := make(map[string]string)
	for _, a := range s.seen() {
		_, twice := all[a.id]
		require.False(t, twice, "%s was sent twice", a.id)
		all[a.id] = a.what
	}
	return all
}

// steady is a load of one stream.
func steady(rate float64, d time.Duration) load.Stream {
	return load.Stream{
		Name: "x", Profile: load.Constant(rate, d), MaxLag: 10 * time.Second, Timeout: 10 * time.Second,
		Template: &load.Template{Method: "POST", Path: "/{word}", Body: "{id}", Vars: map[string]load.Var{"word": {Words: []string{"a", "b", "c"}}, "id": {Unique: load.UniqueUUID}}},
	}
}

// begin has a fleet send a load.
func begin(t testing.TB, c *coordinator.Coordinator, config load.Config, streams ...load.Stream) (sending harness.Sending, start time.Time) {
	t.Helper()
	prepared, err := c.Prepare(t.Context(), config, streams)
	require.NoError(t, err)
	t.Cleanup(func() { _ = prepared.Close() })
	start = time.Now().Add(prepared.Lead() + 100*time.Millisecond)
	sending, err = prepared.Start(t.Context(), start)
	require.NoError(t, err)
	return sending, start
}

// named are options of a worker of that name.
func named(name string) worker.Options { return worker.Options{Name: name} }

// wrong is a clock that is wrong by so much.
func wrong(by time.Duration) fleet.Clock {
	clock := fleet.NewClock()
	return func() time.Duration { return clock() + by }
}
