package standing

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math"
	"net/netip"
	"slices"
	"strings"
	"time"

	"holdfast.dev/holdfast/harness/result"
)

// left is that a target is, when all work is done, as it was before: nothing that a
// request needed stays behind it.
//
// What a service keeps on purpose, a pool of connections, of workers, is bounded by
// what it ever needed at once; what it forgets grows with every request. So the level
// of each quantity is held against that of the fresh start, or the least of the
// baseline where that is higher, and as much more as the most requests under way at
// once explain, with a constant slack. See docs/standing.md.
func left() Check {
	return Check{
		Name:  "left",
		About: "when all work is done, goroutines, threads, files, connections, transactions and calls are back where they were before",
		Begin: func(ctx context.Context, s Scene) (Watch, error) {
			l, err := newLooker(ctx, s)
			if err != nil {
				return Watch{}, err
			}
			defer l.close()
			before, err := l.look(ctx)
			if err != nil {
				return Watch{}, fmt.Errorf("how things stood at the start: %w", err)
			}
			w := &leaving{scene: s, before: before}
			return Watch{Drained: w.drained, Ended: w.ended}, nil
		},
	}
}

// leaving is left at work in one experiment.
type leaving struct {
	looked
	scene  Scene
	before levels
}

// looked is what a look at what is settled has found.
type looked struct {
	finding *Finding // nil: it was not looked at
	unseen  string
}

func (l *looked) ended(Ended) Finding {
	if l.finding != nil {
		return *l.finding
	}
	if l.unseen == "" {
		l.unseen = "the experiment did not run to its end"
	}
	return Finding{Unseen: l.unseen}
}

// patience of the look at what is left: as often and as long as it may take on a
// machine that is busy. Who leaves nothing is seen at the first or second look.
const (
	firstPause = 10 * time.Millisecond
	longPause  = 200 * time.Millisecond
	leastLooks = 10
)

// drained looks until each quantity has been back once, or the time is over: what
// merely comes and goes is no leftover.
func (w *leaving) drained(ctx context.Context, s Settled) {
	began := time.Now()
	l, err := newLooker(ctx, w.scene)
	if err != nil {
		w.unseen = err.Error()
		return
	}
	defer l.close()
	baseline := w.baseline(s)
	ref := w.before.reference(baseline)
	load := demandOf(s)
	least := levels{}
	limits := levels{}
	var looks []levels
	for pause := firstPause; ; pause = min(2*pause, longPause) {
		now, err := l.look(ctx)
		if err != nil {
			w.unseen = fmt.Sprintf("how things stood at the end: %v", err)
		} else {
			looks = append(looks, now)
			limits = ref.allowed(now, baseline, load, w.scene.Outside)
			least.takeLeast(now)
			if len(least.above(limits)) == 0 {
				break
			}
		}
		select {
		case <-time.After(pause):
			continue
		case <-ctx.Done():
		}
		break
	}
	over := least.above(limits)
	if len(looks) == 0 || len(over) > 0 && len(looks) < leastLooks {
		w.unseen = fmt.Sprintf("what is left could be looked at %d times only%s", len(looks), because(w.unseen))
		return
	}
	w.finding = &Finding{Looked: int64(len(least)), From: s.Over, To: s.Over + time.Since(began)}
	for _, q := range over {
		if stuck(q, looks, ref, limits) {
			w.finding.Stuck++
		}
		what := fmt.Sprintf("%s: %s at the end, %s at the start, of which the load explains %s", q,
			result.Number(least[q]), result.Number(ref[q]), result.Number(limits[q]))
		if q.kind == strange.kind && q.of == strange.of {
			what += ledTo(l.strangers)
		}
		w.finding.Add(Example{At: s.Over, What: what})
	}
	w.finding.Note = fmt.Sprintf("all was back within %s", result.Format(float64(time.Since(began))/float64(time.Millisecond), result.UnitMS))
	if note := memoryNote(s, w.scene.Phases); note != "" {
		w.finding.Note += "; " + note
	}
}

// leastStuck is how many things more than there may be are no matter of chance.
const leastStuck = 16

// stuck reports whether no want of time explains that so much of a quantity is left: it is
// beyond its limit by as much again as the load explains, and none went in the second
// half of the looks, in which a busy machine would have come to some of them.
func stuck(q quantity, looks []levels, ref, limits levels) bool {
	half := len(looks) / 2
	first, second := leastOf(q, looks[:half]), leastOf(q, looks[half:])
	return second-limits[q] > max(leastStuck, limits[q]-ref[q]) && second >= first
}

// leastOf is the least of a quantity in several looks, 0 where none saw it.
func leastOf(q quantity, looks []levels) float64 {
	least := levels{}
	for _, now := range looks {
		least.takeLeast(now)
	}
	return least[q]
}

// ledTo names the addresses that most of some connections lead to.
func ledTo(places map[netip.AddrPort]int) string {
	const named = 3
	all := slices.SortedFunc(maps.Keys(places), func(a, b netip.AddrPort) int {
		return cmp.Or(cmp.Compare(places[b], places[a]), a.Compare(b))
	})
	var told []string
	for _, at := range all[:min(named, len(all))] {
		told = append(told, fmt.Sprintf("%d to %s", places[at], at))
	}
	if more := len(all) - len(told); more > 0 {
		told = append(told, fmt.Sprintf("and %d other addresses", more))
	}
	if len(told) == 0 {
		return ""
	}
	return "; last seen: " + strings.Join(told, ", ")
}

func because(why string) string {
	if why == "" {
		return ""
	}
	return ": " + why
}

// reference is where things stood: at the fresh start, or least in the baseline,
// where what is made at first need was there already.
func (l levels) reference(baseline levels) levels {
	ref := maps.Clone(l)
	for q, seen := range baseline {
		if v, there := ref[q]; there && q.kind != goroutines.kind && q.kind != sockets.kind {
			ref[q] = max(v, seen)
		}
	}
	return ref
}

// baseline is the least that there was in the baseline of what is sampled.
func (w *leaving) baseline(s Settled) levels {
	least := levels{}
	record := s.Snapshot()
	for _, p := range w.scene.Phases {
		if p.Name != result.Baseline {
			continue
		}
		for q, series := range w.sampled() {
			if seen, _ := record.Window(series, p.From, p.To); seen.N > 0 {
				least[q] = seen.Min
			}
		}
	}
	return least
}

// sampled are the series of the quantities that are sampled.
func (w *leaving) sampled() map[quantity]string {
	all := map[quantity]string{dbTotal: "db.connections.total"}
	for _, part := range w.scene.Parts {
		prefix := cmp.Or(part.Name, "target") + "."
		for _, q := range []quantity{goroutines, sockets, threads, processes} {
			all[q.in(part.Name)] = prefix + q.kind
		}
	}
	return all
}

// demand is what a load asked of the target.
type demand struct {
	most    float64 // requests under way at once, at most
	sent    float64 // in all
	workers float64 // each of whom may have had them all
}

// times is a load of which each of so many workers may have had all.
func (d demand) times(workers float64) demand { d.workers = workers; return d }

func demandOf(s Settled) demand {
	var d demand
	for _, t := range s.Streams {
		d.most += float64(t.MaxInFlight)
		d.sent += float64(t.Sent)
	}
	return d
}

// allowed are the limits: where things stood, and what explains more.
func (l levels) allowed(now, baseline levels, load demand, outside []Outside) levels {
	limits := levels{}
	for q, before := range l {
		if q.kind != sockets.kind && q.kind != holders.kind {
			limits[q] = before + slack(q, load.times(l.workers(q, now)), outside)
		}
	}
	for q := range limits {
		if q.kind == goroutines.kind {
			limits[q] += l.ofConnections(q.part, now, baseline)
		}
	}
	return limits
}

// workers are the processes of a part that each keep what they needed at once, whichever
// of them the load came to: all but the one that leads the others, and no more than have
// had a connection, where that is seen: a shell or who writes a log has none. What is
// counted of all parts together is kept by those of each.
func (l levels) workers(of quantity, now levels) float64 {
	n := 1.0
	for q, there := range l {
		if q.kind != processes.kind || q.part != of.part && of != dbTotal {
			continue
		}
		more := there - 2
		if held := now[holders.in(q.part)]; held > 0 {
			more = min(more, held-1)
		}
		n += max(0, more)
	}
	return n
}

// ofConnections is how many goroutines of a part are explained by connections that were not
// there at the fresh start. What there was in the baseline, those of the connections
// of that time among it, may be there with those of the connections since.
func (l levels) ofConnections(part string, now, baseline levels) float64 {
	since := 0.0
	for q, before := range l {
		if q.part != part {
			continue
		}
		switch more := max(0, now[q]-before); {
		case q.kind == taken.kind, q.kind == socketsTo && q.of == Database:
			since += more
		case q.kind == socketsTo:
			since += perCallSocket * more
		}
	}
	goroutines, sockets := goroutines.in(part), sockets.in(part)
	then, known := baseline[goroutines]
	if !known {
		return since
	}
	return max(since, then-l[goroutines]+perCallSocket*max(0, now[sockets]-baseline[sockets]))
}

// Slack of the quantities, beside what the load explains.
const (
	slackGoroutines = 24 // of a program of parts that start by and by: who is elected leader of a queue has some fifteen more
	slackThreads    = 16 // a runtime keeps those that it once needed for blocking calls
	slackFiles      = 8  // and what watches a connection that is kept
	slackProcesses  = 2
	slackTaken      = 4  // of those who look, and close soon
	slackSockets    = 24 // of a client's pool, some of which serve no request
	slackDatabase   = 16 // of the database's pools, some of which serve no request
	perCallSocket   = 2  // goroutines: one reads, one writes; of other connections one
	perCall         = 2  // connections: one may be opened for a call that another serves
)

// slack is how much more of a quantity may stay.
func slack(q quantity, load demand, outside []Outside) float64 {
	kept := load.most * load.workers
	switch q.kind {
	case goroutines.kind:
		return slackGoroutines + load.most
	case threads.kind:
		return slackThreads + kept
	case files.kind:
		if load.workers > 1 {
			return slackFiles + kept
		}
		return slackFiles
	case processes.kind:
		return slackProcesses + load.most
	case taken.kind:
		return slackTaken
	case dbTotal.kind, nowhereTo.kind: // a pool may hold all that it had to somebody who is gone
		return slackDatabase + perCall*kept
	case socketsTo:
		for _, o := range outside {
			if o.Name == q.of && o.Calls != nil {
				return slackSockets + perCall*callsAtOnce(o, load)*load.workers
			}
		}
		return slackDatabase + perCall*kept
	}
	return 0 // transactions, statements, locks, calls: none is left
}

// callsAtOnce is how many calls the load explains at once: as many as the dependency
// saw, or as each request under way made. It sees but those that have arrived and not
// ended, the caller holds a connection from before to after that.
func callsAtOnce(o Outside, load demand) float64 {
	_, most, total := o.Calls()
	return math.Max(float64(most), load.most*float64(total)/math.Max(load.sent, 1))
}
