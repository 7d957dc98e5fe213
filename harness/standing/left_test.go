package standing

import (
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"holdfast.dev/holdfast/harness/probe"
)

func TestWhatIsLeftIsToldFromWhatIsKept(t *testing.T) {
	calls := func(most int64) []Outside {
		return []Outside{{Name: "api", Calls: func() (int64, int64, int64) { return 0, most, 300 }}}
	}
	toAPI, toData, open := quantity{kind: socketsTo, of: "api"}, quantity{kind: socketsTo, of: Database}, quantity{kind: callsAt, of: "api"}
	for _, c := range []struct {
		name        string
		before, end levels
		baseline    levels
		most        float64 // requests at once
		calls       int64   // at the API at once
		want        []quantity
	}{
		{name: "nothing", before: levels{goroutines: 20}, end: levels{goroutines: 20}, most: 5},
		{name: "a goroutine for each of 30 late answers", before: levels{goroutines: 20}, end: levels{goroutines: 50}, most: 2, want: []quantity{goroutines}},
		{name: "the goroutines of a client's pool", before: levels{goroutines: 20, toAPI: 0}, end: levels{goroutines: 60, toAPI: 20}, most: 2, calls: 10},
		{name: "a goroutine for each of 40 late answers, behind new connections", before: levels{goroutines: 15, sockets: 4, toAPI: 0, taken: 1, toData: 2},
			baseline: levels{goroutines: 35, sockets: 15}, end: levels{goroutines: 98, sockets: 27, toAPI: 20, taken: 1, toData: 4}, most: 3, calls: 20, want: []quantity{goroutines}},
		{name: "new connections alone", before: levels{goroutines: 15, sockets: 4, toAPI: 0, taken: 1, toData: 2},
			baseline: levels{goroutines: 35, sockets: 15}, end: levels{goroutines: 58, sockets: 27, toAPI: 20, taken: 1, toData: 4}, most: 3, calls: 20},
		{name: "workers that are made at first need", before: levels{goroutines: 10, sockets: 4}, baseline: levels{goroutines: 74, sockets: 6}, end: levels{goroutines: 84, sockets: 6}, most: 3},
		{name: "workers that are made at first need, and a goroutine for each request", before: levels{goroutines: 10, sockets: 4}, baseline: levels{goroutines: 74, sockets: 6},
			end: levels{goroutines: 114, sockets: 6}, most: 3, want: []quantity{goroutines}},
		{name: "one for each of ten calls of two requests at once", before: levels{toAPI: 0}, end: levels{toAPI: 20}, most: 2, calls: 1},
		{name: "connections whose answers were never closed", before: levels{goroutines: 20, toAPI: 0}, end: levels{goroutines: 620, toAPI: 300}, most: 2, calls: 20,
			want: []quantity{toAPI}},
		{name: "workers that stay, one for each request at once", before: levels{threads: 30, processes: 2}, end: levels{threads: 140, processes: 52}, most: 100},
		{name: "a thread for each request", before: levels{threads: 8}, end: levels{threads: 48}, most: 3, want: []quantity{threads}},
		{name: "320 files after 30 requests", before: levels{files: 6}, end: levels{files: 326}, most: 30, want: []quantity{files}},
		{name: "a transaction", before: levels{dbInTx: 0, dbLocks: 0}, end: levels{dbInTx: 1, dbLocks: 1}, most: 50, want: []quantity{dbLocks, dbInTx}},
		{name: "the database's pool", before: levels{dbTotal: 3}, end: levels{dbTotal: 18}, most: 1},
		{name: "a database connection for each request", before: levels{dbTotal: 3}, end: levels{dbTotal: 43}, most: 2, want: []quantity{dbTotal}},
		{name: "callers who hung up", before: levels{taken: 1}, end: levels{taken: 11}, most: 50, want: []quantity{taken}},
		{name: "a call that nobody waits for", before: levels{open: 0}, end: levels{open: 1}, most: 50, calls: 50, want: []quantity{open}},
		{name: "a thread for each request, of one part alone", before: levels{threads.in("web"): 8, threads.in("worker"): 8}, end: levels{threads.in("web"): 8, threads.in("worker"): 48}, most: 3,
			want: []quantity{threads.in("worker")}},
		{name: "the connections of one part explain no goroutines of another", before: levels{goroutines.in("web"): 20, toAPI.in("worker"): 0},
			end: levels{goroutines.in("web"): 60, toAPI.in("worker"): 20}, most: 2, calls: 10, want: []quantity{goroutines.in("web")}},
		{name: "the pools of two workers under one that leads them", before: levels{processes: 3, toData: 4, files: 36, dbTotal: 0}, end: levels{processes: 3, toData: 54, files: 52, dbTotal: 40}, most: 12},
		{name: "a connection and a file for each of 100 requests to two workers", before: levels{processes: 3, toData: 4, files: 36, dbTotal: 0},
			end: levels{processes: 3, toData: 104, files: 136, dbTotal: 100}, most: 12, want: []quantity{toData, dbTotal, files}},
		{name: "the pools of two workers that are seen to have connections", before: levels{processes: 3, toData: 4, files: 36, dbTotal: 0},
			end: levels{processes: 3, holders: 3, toData: 54, files: 52, dbTotal: 40}, most: 12},
		{name: "as much more beside helpers that have no connection", before: levels{processes: 3, toData: 4, files: 36, dbTotal: 0},
			end: levels{processes: 3, holders: 1, toData: 54, files: 52, dbTotal: 42}, most: 12, want: []quantity{toData, dbTotal, files}},
		{name: "a file for each of 30 requests to one program", before: levels{processes: 1, files: 6}, end: levels{processes: 1, files: 36}, most: 30, want: []quantity{files}},
		{name: "the pools of the workers of each part, at one database", before: levels{processes.in("web"): 3, processes.in("worker"): 5, dbTotal: 2},
			end: levels{processes.in("web"): 3, processes.in("worker"): 5, dbTotal: 50}, most: 4},
		{name: "what was not seen at the start", before: levels{threads: 8}, end: levels{threads: 8, goroutines: 900}},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.Equal(t, c.want, c.end.above(c.before.reference(c.baseline).allowed(c.end, c.baseline, demand{most: c.most, sent: 30}, calls(c.calls))))
		})
	}
}

// What a busy machine may be why it is still there, and what it may not.
func TestWhatIsStuckIsToldFromWhatIsSlow(t *testing.T) {
	course := func(values ...float64) (all []levels) {
		for _, v := range values {
			all = append(all, levels{files: v})
		}
		return all
	}
	for _, c := range []struct {
		name  string
		looks []levels
		limit float64
		want  bool
	}{
		{"1,400 that stay", course(1400, 1400, 1400, 1400), 17, true},
		{"as many that go, slowly", course(1400, 1400, 1400, 1399), 17, false},
		{"that come and go", course(1400, 1300, 1400, 1350), 17, true},
		{"a few more than there may be", course(30, 30, 30, 30), 17, false},
		{"as many again as the load explains", course(260, 260, 260, 260), 140, false},
		{"more than as many again", course(280, 280, 280, 280), 140, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.Equal(t, c.want, stuck(files, c.looks, levels{files: 9}, levels{files: c.limit}))
		})
	}
}

// What comes and goes is no leftover: each quantity need be back but once.
func TestTheLeastThatWasSeenCounts(t *testing.T) {
	least := levels{}
	least.takeLeast(levels{dbActive: 1, files: 5})
	least.takeLeast(levels{dbActive: 0, files: 9})
	require.Equal(t, levels{dbActive: 0, files: 5}, least)
}

func TestWhoTheTargetTalksTo(t *testing.T) {
	at := netip.MustParseAddrPort
	p := places{parts: []Part{{}}, own: []map[uint16]netip.AddrPort{{8080: at("127.0.0.1:8080")}},
		all: map[netip.AddrPort]string{at("127.0.0.1:8080"): "web", at("127.0.0.1:8081"): "worker"}, others: map[netip.AddrPort]string{at("127.0.0.1:5432"): Database, at("127.0.0.1:9000"): "api"}}
	for name, c := range map[string]struct {
		socket probe.Socket
		wrong  string // a part of what is said; empty: nothing is wrong
	}{
		"its own listener":            {probe.Socket{Network: "tcp", Local: at("127.0.0.1:8080"), Listening: true}, ""},
		"its database":                {probe.Socket{Network: "tcp", Local: at("127.0.0.1:40000"), Remote: at("127.0.0.1:5432")}, ""},
		"a caller":                    {probe.Socket{Network: "tcp", Local: at("127.0.0.1:8080"), Remote: at("127.0.0.1:40001")}, ""},
		"itself":                      {probe.Socket{Network: "tcp", Local: at("127.0.0.1:40000"), Remote: at("127.0.0.1:8080")}, ""},
		"another part of itself":      {probe.Socket{Network: "tcp", Local: at("127.0.0.1:40000"), Remote: at("127.0.0.1:8081")}, ""},
		"cut off":                     {probe.Socket{Network: "tcp", Local: at("127.0.0.1:40000")}, ""},
		"home":                        {probe.Socket{Network: "tcp", Local: at("10.0.0.2:40000"), Remote: at("203.0.113.9:443")}, "203.0.113.9:443"},
		"home, which does not hear":   {probe.Socket{Network: "tcp", Local: at("10.0.0.2:40000"), Remote: at("203.0.113.9:443"), Opening: true}, "nobody answers"},
		"another port of a neighbour": {probe.Socket{Network: "tcp", Local: at("127.0.0.1:40000"), Remote: at("127.0.0.1:5433")}, "127.0.0.1:5433"},
		"a resolver":                  {probe.Socket{Network: "udp", Local: at("127.0.0.1:40000"), Remote: at("127.0.0.53:53")}, "resolver"},
		"all the world":               {probe.Socket{Network: "tcp", Local: at("0.0.0.0:8080"), Listening: true}, "not on loopback alone"},
		"a door of its own":           {probe.Socket{Network: "tcp", Local: at("127.0.0.1:6060"), Listening: true}, "not told to"},
		"packets":                     {probe.Socket{Network: "udp", Local: at("0.0.0.0:8125")}, "takes packets"},
	} {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			f := p.judge([][]probe.Sighting{{{Socket: c.socket, At: start.Add(time.Second)}}}, start)
			require.EqualValues(t, 1, f.Looked)
			if c.wrong == "" {
				require.Zero(t, f.Broken, f.Text())
				return
			}
			require.EqualValues(t, 1, f.Broken)
			require.Contains(t, f.Text(), c.wrong)
		})
	}
	require.NotEmpty(t, p.judge(nil, time.Now()).Unseen)
}

func TestASlopeIsFoundThroughOutliers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.Float64Range(-100, 100).Draw(t, "slope")
		n := rapid.IntRange(20, maxPoints).Draw(t, "points")
		var x, y []float64
		for i := range n {
			x, y = append(x, float64(i)), append(y, 7+want*float64(i))
		}
		y[rapid.IntRange(0, n-1).Draw(t, "outlier")] = 1e9
		slope, low, high := theilSen(x, y)
		require.InDelta(t, want, slope, 1e-6)
		require.LessOrEqual(t, low, slope)
		require.GreaterOrEqual(t, high, slope)
	})
}
