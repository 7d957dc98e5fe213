package standing

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"net/netip"
	"slices"

	"holdfast.dev/holdfast/harness/probe"
)

// quantity is one thing that could be left behind.
type quantity struct {
	kind string
	of   string // whose, of those that each neighbour has; else empty
	part string // of which part of the target, where it has several
}

// in is the quantity of a part.
func (q quantity) in(part string) quantity {
	q.part = part
	return q
}

// String is how a reader knows it.
func (q quantity) String() string {
	text := q.kind
	if q.of != "" {
		text += " " + q.of
	}
	if q.part != "" {
		text = q.part + ": " + text
	}
	return text
}

const (
	socketsTo = "connections to"
	callsAt   = "calls in flight at"
)

// The quantities that are no neighbour's.
var (
	goroutines = quantity{kind: "goroutines"}
	threads    = quantity{kind: "threads"}
	files      = quantity{kind: "open files"}
	processes  = quantity{kind: "processes"}
	taken      = quantity{kind: "connections of callers"}
	strange    = quantity{kind: socketsTo, of: "somebody else"}
	nowhereTo  = quantity{kind: "connections that lead nowhere"} // cut off, say, and who holds them has not noticed yet
	sockets    = quantity{kind: "sockets"}                       // of all kinds; explains others, and is never judged
	holders    = quantity{kind: "processes with connections"}    // explains others, and is never judged
	dbTotal    = quantity{kind: "database connections"}
	dbActive   = quantity{kind: "running statements"}
	dbInTx     = quantity{kind: "transactions that are idle"}
	dbLocks    = quantity{kind: "database locks"}
)

// levels are how much there is of each quantity that can be seen.
type levels map[quantity]float64

// takeLeast keeps the least that was seen of each.
func (l levels) takeLeast(now levels) {
	for q, v := range now {
		if before, there := l[q]; !there || v < before {
			l[q] = v
		}
	}
}

// above are the quantities that are above their limits, in order.
func (l levels) above(limits levels) []quantity {
	var all []quantity
	for q, limit := range limits {
		if v, there := l[q]; there && v > limit {
			all = append(all, q)
		}
	}
	slices.SortFunc(all, func(a, b quantity) int {
		return cmp.Or(cmp.Compare(a.part, b.part), cmp.Compare(a.kind, b.kind), cmp.Compare(a.of, b.of))
	})
	return all
}

// looker looks at how much there is of everything.
type looker struct {
	scene  Scene
	places places
	page   probe.Probe // nil: the target has no page of metrics
	// strangers is where the connections to somebody else led at the last look.
	strangers map[netip.AddrPort]int
}

func newLooker(ctx context.Context, s Scene) (*looker, error) {
	l := &looker{scene: s}
	var err error
	if l.places, err = placesOf(ctx, s); err != nil {
		return nil, err
	}
	l.page, err = probe.Prometheus(probe.PrometheusConfig{URL: s.Target + "/metrics", Metrics: []probe.Metric{probe.Goroutines()}})
	if err != nil {
		return nil, err
	}
	return l, nil
}

func (l *looker) close() {
	if c, ok := l.page.(interface{ Close() error }); ok {
		_ = c.Close() // it only read
	}
}

// look is how much there is now.
func (l *looker) look(ctx context.Context) (levels, error) {
	all := levels{}
	l.strangers = map[netip.AddrPort]int{}
	for n := range l.scene.Parts {
		if err := l.lookAtProcesses(ctx, n, all); err != nil {
			return nil, err
		}
	}
	if v, err := l.page.Sample(ctx); err == nil && !math.IsNaN(v[0]) {
		all[goroutines.in(l.scene.Parts[0].Name)] = v[0]
	}
	if err := l.lookAtDatabase(ctx, all); err != nil {
		return nil, err
	}
	for _, o := range l.scene.Outside {
		if o.Calls != nil {
			now, _, _ := o.Calls()
			all[quantity{kind: callsAt, of: o.Name}] = float64(now)
		}
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("the target can be looked at in no way")
	}
	return all, nil
}

func (l *looker) lookAtProcesses(ctx context.Context, n int, all levels) error {
	part := l.scene.Parts[n]
	used, err := part.Tree.Usage(ctx)
	if err != nil {
		return err
	}
	if used.Processes == 0 {
		return nil // it runs elsewhere
	}
	put := func(q quantity, v float64) { all[q.in(part.Name)] += v }
	put(threads, used.Threads)
	put(processes, used.Processes)
	put(files, used.Files)
	if !probe.SocketsAreSeen {
		return nil
	}
	seen, err := part.Sockets.Look()
	if err != nil {
		return err
	}
	put(files, -float64(len(seen)))
	put(sockets, float64(len(seen)))
	put(holders, float64(part.Sockets.Holders()))
	put(taken, 0)
	put(strange, 0)
	put(nowhereTo, 0)
	for _, o := range l.scene.Outside {
		put(quantity{kind: socketsTo, of: o.Name}, 0)
	}
	itsOwn := map[netip.AddrPort]bool{} // ends of connections that it holds
	for _, s := range seen {
		itsOwn[s.Local] = !s.Listening
	}
	for _, s := range seen {
		name, known := l.places.others[s.Remote]
		ours, within := l.places.all[s.Remote]
		switch {
		case s.Listening:
		case l.places.taken(n, s) && itsOwn[s.Remote]: // it called itself: the other end is counted
		case l.places.taken(n, s):
			put(taken, 1)
		case known:
			put(quantity{kind: socketsTo, of: name}, 1)
		case within && len(l.scene.Parts) > 1:
			put(quantity{kind: socketsTo, of: ours}, 1)
		case s.Network == "tcp" && !s.Remote.IsValid():
			put(nowhereTo, 1)
		default:
			put(strange, 1)
			l.strangers[s.Remote]++
		}
	}
	return nil
}

const lookAtSessions = `SELECT
	count(*)::float8,
	count(*) FILTER (WHERE state = 'active')::float8,
	count(*) FILTER (WHERE state LIKE 'idle in transaction%')::float8,
	(SELECT count(*)::float8 FROM pg_locks l JOIN pg_stat_activity a USING (pid)
		WHERE l.granted AND l.locktype IN ('relation', 'transactionid', 'tuple')
		AND a.datname = current_database() AND a.application_name NOT LIKE 'holdfast%' AND a.backend_type = 'client backend')
FROM pg_stat_activity
WHERE datname = current_database() AND application_name NOT LIKE 'holdfast%' AND backend_type = 'client backend'`

func (l *looker) lookAtDatabase(ctx context.Context, all levels) error {
	if l.scene.Data == nil {
		return nil
	}
	var total, active, idle, locks float64
	if err := l.scene.Data.QueryRow(ctx, lookAtSessions).Scan(&total, &active, &idle, &locks); err != nil {
		return fmt.Errorf("look at the sessions: %w", err)
	}
	all[dbTotal], all[dbActive], all[dbInTx], all[dbLocks] = total, active, idle, locks
	return nil
}
