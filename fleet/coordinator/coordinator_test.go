package coordinator_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/fleet"
	"holdfast.dev/holdfast/fleet/coordinator"
	"holdfast.dev/holdfast/fleet/worker"
	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/result/latency"
)

// raw keeps the latency of each request, as one process would have.
type raw struct {
	mu  sync.Mutex
	all *hdr.Histogram
	ids map[int64]int
}

func (r *raw) exchanged(x load.Exchange) {
	r.mu.Lock()
	defer r.mu.Unlock()
	latency.Record(&r.all, x.End-x.Due, latency.Fine)
	r.ids[x.N]++
}

func fleetOf(t testing.TB, s harness.Sending) *result.Fleet {
	t.Helper()
	f := s.(interface{ Fleet() *result.Fleet }).Fleet()
	require.NotNil(t, f)
	for _, span := range f.Spans {
		require.Equal(t, span.Planned, span.Sent+span.Lost+span.Unknown+span.Never, "%+v", span)
	}
	return f
}

// TestThreeWorkersSendWhatOneProcessSends has workers whose clocks are minutes apart send
// a load, and holds what they tell against what arrived and against one process.
func TestThreeWorkersSendWhatOneProcessSends(t *testing.T) {
	t.Parallel()
	alone, far := newTarget(t), newTarget(t)
	stream := steady(200, 1500*time.Millisecond)
	config := load.Config{BaseURL: alone.URL, Seed: 7, Phases: []result.Phase{{Name: result.Baseline, To: time.Second}, {Name: result.Inject, From: time.Second, To: 2 * time.Second}}}
	one, err := load.Start(t.Context(), config, stream)
	require.NoError(t, err)
	want := one.Wait()[0]

	b := own(t)
	clocks := map[string]time.Duration{"w1": 5 * time.Minute, "w2": -5 * time.Minute, "w3": 0}
	for name, by := range clocks {
		workersHere(t, b, worker.Options{Name: name, Clock: wrong(by)})
	}
	c, said := open(t, coordinator.Options{Broker: b, Workers: 3, Clock: wrong(0)})
	seen := &raw{ids: map[int64]int{}}
	answers := 0
	config.BaseURL, config.Observe = far.URL, seen.exchanged
	config.Answers = func(x load.Exchange, r load.Request, a load.Answer) {
		answers++
		if x.Status != 200 || r.Method != "POST" || string(a.Body) != `{"ok":true}` {
			t.Errorf("an answer that was otherwise: %+v %+v %+v", x, r, a)
		}
	}
	sending, _ := begin(t, c, config, stream)
	got := sending.Wait()[0]

	require.Equal(t, alone.ids(t), far.ids(t), "what arrives is what one process sends")
	require.EqualValues(t, want.Planned, got.Planned)
	require.EqualValues(t, want.Planned, got.Sent, "%+v %s", got.Counts, said)
	require.EqualValues(t, got.Sent, len(far.seen()), "what is counted is what arrived")
	require.EqualValues(t, got.Sent, got.OK)
	for i, p := range got.Phases {
		require.Equal(t, want.Phases[i].Planned, p.Sent)
	}
	merged, err := latency.Decode(got.Histogram)
	require.NoError(t, err)
	require.True(t, seen.all.Equals(merged), "bucket for bucket that of all raw values")
	require.Len(t, seen.ids, int(got.Planned))
	require.Positive(t, answers)
	for n := range got.Planned {
		require.True(t, got.Answered(n))
	}

	f := fleetOf(t, sending)
	require.Equal(t, load.Digest(7, stream), f.Schedule)
	require.Empty(t, f.Broken)
	require.Len(t, f.Spans, 3)
	require.Len(t, f.Workers, 3)
	for _, w := range f.Workers {
		ahead := float64(clocks[w.Name].Milliseconds())
		require.InDelta(t, ahead, *w.ClockAheadMS, 2000+*w.ClockDoubtMS, "all clocks began within this test")
		require.LessOrEqual(t, *w.ClockDoubtMS, 10.0)
		require.NotNil(t, w.SendLagP99MS)
		require.Nil(t, w.LostAtS)
	}
	for _, s := range f.Spans {
		require.Equal(t, []int64{s.Planned, 0, 0, 0}, []int64{s.Sent, s.Lost, s.Unknown, s.Never}, "%+v", s)
		require.Empty(t, s.Cut)
	}
}

// One load after another, and one that is stopped: nothing of the first is left to the
// second.
func TestAFleetSendsOneLoadAfterAnother(t *testing.T) {
	t.Parallel()
	b := own(t)
	workersHere(t, b, named("w1"), named("w2"))
	c, said := open(t, coordinator.Options{Broker: b, Workers: 2})
	for i := range 2 {
		far := newTarget(t)
		prepared, err := c.Prepare(t.Context(), load.Config{BaseURL: far.URL}, []load.Stream{steady(50, 300*time.Millisecond)})
		require.NoError(t, err, said)
		sending, err := prepared.Start(t.Context(), time.Now().Add(prepared.Lead()))
		require.NoError(t, err)
		require.EqualValues(t, 15, sending.Wait()[0].Sent, "load %d", i)
		require.NoError(t, prepared.Close())
	}
	far := newTarget(t)
	sending, _ := begin(t, c, load.Config{BaseURL: far.URL}, steady(50, time.Hour))
	require.Eventually(t, func() bool { return len(far.seen()) > 3 }, 20*time.Second, 5*time.Millisecond)
	require.Positive(t, sending.Live()[0].Planned)
	sending.Stop()
	got := sending.Wait()[0]
	require.Equal(t, got.Planned, got.Sent+got.Late+got.Shed+got.Unsent)
	require.EqualValues(t, got.Sent, len(far.seen()))
	require.Positive(t, got.Unsent)
	for _, s := range fleetOf(t, sending).Spans {
		require.Zero(t, s.Hole, "nobody was lost")
	}
}

func TestWhoMayNotSendIsRefusedByName(t *testing.T) {
	t.Parallel()
	b := own(t)
	o := named("w1")
	o.Allow = []string{"api.example.com", "127.0.0.1:1"}
	workersHere(t, b, o)
	c, _ := open(t, coordinator.Options{Broker: b, Workers: 1})
	far := newTarget(t)
	_, err := c.Prepare(t.Context(), load.Config{BaseURL: far.URL}, []load.Stream{steady(50, time.Second)})
	require.ErrorContains(t, err, "worker w1 is refused: it may not send load to "+strings.TrimPrefix(far.URL, "http://")+": start it with --allow-host 127.0.0.1")
	require.Empty(t, far.seen())
	require.ErrorContains(t, c.Check([]load.Stream{{Name: "x", Profile: load.Constant(1, time.Second), Expect: load.Status(200), Template: &load.Template{Path: "/"}}}), "is a function")
}

func TestAWorkerWithoutAClockIsRefusedByName(t *testing.T) {
	t.Parallel()
	b := own(t)
	o := named("w1")
	clock, asked := fleet.NewClock(), time.Duration(0)
	o.Clock = func() time.Duration { asked += 30 * time.Millisecond; return clock() + asked } // as if each question took that long
	workersHere(t, b, o)
	_, err := coordinator.Open(t.Context(), coordinator.Options{Run: "clock", Broker: b, Workers: 1})
	require.ErrorContains(t, err, "worker w1 is refused: its clock cannot be pinned: the best of all round trips took")
}

func TestAWorkerThatMayNotSendThereIsRefusedBeforeTheRun(t *testing.T) {
	t.Parallel()
	b := own(t)
	workersHere(t, b, named("w1"))
	_, err := coordinator.Open(t.Context(), coordinator.Options{Run: "hosts", Broker: b, Workers: 1, Hosts: []string{"api.example.com:443"}})
	require.ErrorContains(t, err, "worker w1 is refused: it may not send load to api.example.com:443: start it with --allow-host api.example.com")
}

func TestTooFewWorkersAreSaid(t *testing.T) {
	t.Parallel()
	b := own(t)
	workersHere(t, b, named("w1"))
	other := named("old")
	other.Version = "0.0.1"
	workersHere(t, b, other)
	waiting(t, b, 2)
	require.EventuallyWithT(t, func(t *assert.CollectT) { // on a busy machine a worker may be late to say that it is still there
		_, err := coordinator.Open(context.Background(), coordinator.Options{Run: "few", Broker: b, Workers: 2, Join: 2 * time.Second})
		assert.ErrorContains(t, err, "2 workers were to come within 2s, and w1 wait there; start them with holdfast worker --nats "+b.URL)
	}, 30*time.Second, time.Millisecond)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := coordinator.Open(ctx, coordinator.Options{Run: "none", Broker: b, Workers: 2})
	require.ErrorIs(t, err, context.Canceled)
}

// A load with large lists does not fit into an order, and goes another way.
func TestALongLoadIsFetched(t *testing.T) {
	t.Parallel()
	b, far := own(t), newTarget(t)
	workersHere(t, b, named("w1"))
	c, _ := open(t, coordinator.Options{Broker: b, Workers: 1})
	s := steady(50, 200*time.Millisecond)
	lines := make([]string, 20_000)
	for i := range lines {
		lines[i] = strings.Repeat("x", 40)
	}
	s.Template.Vars["word"] = load.Var{Lines: lines}
	sending, _ := begin(t, c, load.Config{BaseURL: far.URL}, s)
	require.EqualValues(t, 10, sending.Wait()[0].Sent)
}
