package witness

import (
	"context"
	"math"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/probe"
	"holdfast.dev/holdfast/harness/result"
)

func TestAProcessIsReadFromItsLine(t *testing.T) {
	line := "4711 (a) b (c) T 42 1 1 0 -1 0 0 0 0 0 7 8 9 10 20 0 5 0 777 0 3"
	p, ok := parseStat([]byte(line))
	require.True(t, ok)
	require.Equal(t, proc{pid: 4711, parent: 42, name: "a) b (c", state: 'T', started: 777, used: 340 * time.Millisecond, waited: 190 * time.Millisecond, memory: 3 * int64(os.Getpagesize())}, p)
	require.True(t, p.stopped())
	for _, bad := range []string{"", "4711", "4711 (a)", "x (a) S 1 1 1 0 -1 0 0 0 0 0 7 8 9 10 20 0 5 0 777", "1 (a) S 1"} {
		_, ok := parseStat([]byte(bad))
		require.False(t, ok, bad)
	}
}

// What a process that has ended had used is in the figure of its parent.
func TestWhatSomeProcessesUsedTogether(t *testing.T) {
	a, b, c := life{1, 1}, life{2, 1}, life{3, 1}
	for _, row := range []struct {
		name        string
		before, now map[life]time.Duration
		want        time.Duration
	}{
		{"both go on", map[life]time.Duration{a: 1, b: 10}, map[life]time.Duration{a: 3, b: 11}, 3},
		{"one comes", map[life]time.Duration{a: 1}, map[life]time.Duration{a: 3, c: 4}, 6},
		{"one ends and its parent has waited for it", map[life]time.Duration{a: 1, b: 10}, map[life]time.Duration{a: 15}, 4},
		{"one ends and nobody has", map[life]time.Duration{a: 1, b: 10}, map[life]time.Duration{a: 3}, 2},
	} {
		require.Equal(t, row.want, added(row.before, row.now, func(used time.Duration) time.Duration { return used }), row.name)
	}
}

func TestWhoDescends(t *testing.T) {
	all := map[int32]proc{1: {pid: 1}, 5: {pid: 5, parent: 1}, 6: {pid: 6, parent: 5}, 8: {pid: 8, parent: 9}, 9: {pid: 9, parent: 8}}
	require.True(t, descends(all, 6, 5))
	require.True(t, descends(all, 5, 5))
	require.False(t, descends(all, 5, 6))
	require.False(t, descends(all, 7, 5), "one that has ended")
	require.False(t, descends(all, 8, 5), "a circle ends")
}

// What goes on beside an experiment is the run's own and not its target's, wherever the
// others' targets and databases run; everybody else is a stranger.
func TestCompanyIsNoNeighbour(t *testing.T) {
	is := func(pid int32) probe.PID { return func() (int32, bool) { return pid, true } }
	none := func() (int32, bool) { return 0, false }
	all := map[int32]proc{7: {pid: 7}, 8: {pid: 8, parent: 7}, 20: {pid: 20}, 21: {pid: 21, parent: 20}, 30: {pid: 30}}
	r := Run{Target: is(7)}
	require.Equal(t, nobody, r.owners(all)(all[21]), "no company is known")
	r.Company = func() []Run { return []Run{{Target: none}, {Target: none, Others: []probe.PID{is(20)}}} }
	require.Equal(t, harness, r.owners(all)(all[20]))
	require.Equal(t, harness, r.owners(all)(all[21]), "what a target has started")
	require.Equal(t, target, r.owners(all)(all[8]))
	require.Equal(t, nobody, r.owners(all)(all[30]))
}

func TestAClockThatIsMoved(t *testing.T) {
	require.Zero(t, jump(time.Second, time.Second+100*time.Microsecond), "between the two readings passes time")
	require.Equal(t, -3*time.Second, jump(-2*time.Second, time.Second))
}

// A child of this process is the run's own, and so is its child; this test's own
// parent is not.
func TestWhoseProcessesAre(t *testing.T) {
	if _, err := os.Stat("/proc/stat"); err != nil {
		t.Skip("this system has no /proc")
	}
	child := exec.Command("sh", "-c", "sleep 60 & wait")
	require.NoError(t, child.Start())
	t.Cleanup(func() { _ = child.Process.Kill(); _ = child.Wait() })
	all, err := procs()
	require.NoError(t, err)
	r := Run{Target: func() (int32, bool) { return int32(child.Process.Pid), true }}
	require.Equal(t, target, r.owners(all)(all[int32(child.Process.Pid)]))
	require.Equal(t, harness, r.owners(all)(all[int32(os.Getpid())]))
	require.Equal(t, nobody, r.owners(all)(all[int32(os.Getppid())]))
	nowhere := Run{Target: func() (int32, bool) { return 0, false }}
	require.Equal(t, harness, nowhere.owners(all)(all[int32(child.Process.Pid)]))
}

// Each probe returns a value, or a gap, for each of its series, also at first.
func TestEachWitnessSpeaks(t *testing.T) {
	r := Run{Target: func() (int32, bool) { return 0, false }}
	for _, p := range []interface {
		Sample(context.Context) ([]float64, error)
	}{Canary(Calibrate()), Processes(r), Pressure()} {
		for range 2 {
			values, err := p.Sample(t.Context())
			if err != nil && !fileThere("/proc/stat") {
				t.Skip("this system has no /proc")
			}
			require.NoError(t, err)
			require.NotEmpty(t, values)
		}
	}
}

func fileThere(name string) bool { _, err := os.Stat(name); return err == nil }

// A heart that is silent is waited for, sample by sample, and its next answer ends
// that.
func TestASilentHeart(t *testing.T) {
	answer := make(chan error)
	h := Heartbeat(Heart{Name: "db", Run: Run{Target: func() (int32, bool) { return 0, false }}, Beat: func(ctx context.Context) error {
		select {
		case err := <-answer:
			return err
		case <-ctx.Done():
			return ctx.Err()
		}
	}}).(*heartbeat)
	sample := func() []float64 {
		values, err := h.Sample(t.Context())
		require.NoError(t, err)
		require.Len(t, values, len(h.Series()))
		return values
	}
	require.True(t, math.IsNaN(sample()[0]), "nothing is known yet")
	h.mu.Lock()
	h.asked = h.asked.Add(-time.Second)
	h.mu.Unlock()
	require.GreaterOrEqual(t, sample()[0], 1000.0)
	answer <- nil
	require.Eventually(t, func() bool { h.mu.Lock(); defer h.mu.Unlock(); return h.asked.IsZero() }, 30*time.Second, time.Millisecond)
	require.GreaterOrEqual(t, sample()[0], 1000.0, "how long the answer took")
	require.NoError(t, h.Close())
	require.Equal(t, "db.heartbeat", h.Series()[0].Name)
	require.Equal(t, result.UnitMS, h.Series()[0].Unit)
}

// A service that opens a connection for each question has its database work in processes
// that are gone when anybody looks: it is in the figure of their parent.
func TestConnectionsThatAreNotKeptAreTheRunsToo(t *testing.T) {
	const ms = time.Millisecond
	server := proc{pid: 50, parent: 1, name: "postgres"}
	title := "postgres: u db [local] idle"
	look := func(p *processes, served, children, stranger time.Duration) usage {
		s, kept, other := server, proc{pid: 51, parent: 50, name: "postgres", used: served}, proc{pid: 52, parent: 50, name: "postgres", title: title, used: stranger}
		s.used = children
		u := usage{own: map[life]mine{kept.life(): {used: served, theirs: true}}}
		p.lookAtServer(map[int32]proc{50: s, 51: kept, 52: other}, &u)
		return u
	}
	p := &processes{known: map[life]owner{{pid: 51}: database}}
	before := look(p, 10*ms, 5000*ms, 70*ms)
	own, theirs := p.grown(before, look(p, 30*ms, 5400*ms, 70*ms))
	require.Equal(t, []time.Duration{420 * ms, 420 * ms}, []time.Duration{own, theirs}, "what it served before is not counted, what it served since is")
	own, _ = p.grown(before, look(p, 30*ms, 5400*ms, 80*ms))
	require.Equal(t, 20*ms, own, "somebody else had it work as well")
	title = "postgres: autovacuum worker db"
	own, _ = p.grown(before, look(p, 30*ms, 5400*ms, 80*ms))
	require.Equal(t, 420*ms, own, "one of its own, that writes what the run has changed")
	own, _ = p.grown(usage{own: before.own}, look(p, 30*ms, 5400*ms, 70*ms))
	require.Equal(t, 20*ms, own, "the server was not known before")
	p.known[server.life()] = harness
	own, _ = p.grown(before, look(p, 30*ms, 5400*ms, 70*ms))
	require.Equal(t, 20*ms, own, "a server that the run has started is one of its processes")
}

// What everybody else used is what their processes say, where all can be seen: the ticks of
// the processors' time are too coarse for half a second.
func TestWhatEverybodyElseUsed(t *testing.T) {
	const ms = time.Millisecond
	a, server := life{7, 1}, life{50, 1}
	before := usage{busy: 1000 * ms, others: map[life]proc{a: {used: 10 * ms}}}
	now := usage{busy: 1900 * ms, others: map[life]proc{a: {used: 40 * ms}, {8, 2}: {used: 20 * ms}}}
	require.Equal(t, 50*ms, foreign(before, now, 600*ms))
	before.others = nil
	require.Equal(t, 300*ms, foreign(before, now, 600*ms), "some cannot be seen")
	for _, u := range []*usage{&before, &now} {
		u.others, u.clients = map[life]proc{a: {used: 10 * ms}, server: {used: u.busy}}, map[life]proc{}
		u.server = u.busy
	}
	require.Zero(t, foreign(before, now, 600*ms), "what the server did for the run is the run's")

	kept, orphan, init := life{8, 1}, life{9, 1}, life{1, 1}
	before = usage{
		own:    map[life]mine{kept: {used: 5 * ms}, orphan: {used: 230 * ms, parent: life{7, 1}}},
		others: map[life]proc{init: {used: 100 * ms}},
	}
	now = usage{
		own:    map[life]mine{kept: {used: 5 * ms}},
		others: map[life]proc{init: {used: 360 * ms, waited: 240 * ms}},
	}
	require.Equal(t, 30*ms, foreign(before, now, 0), "one of the run's that init has waited for")
	before.own[orphan] = mine{used: 230 * ms, parent: kept}
	require.Equal(t, 260*ms, foreign(before, now, 0), "its parent is still there to wait for it")
	require.True(t, complete(map[int32]proc{2: {pid: 2, name: "kthreadd"}}))
	require.False(t, complete(map[int32]proc{1: {pid: 1, name: "sh"}, 2: {pid: 2, parent: 1, name: "kthreadd"}}))
}
