package task

import (
	"fmt"
	"slices"
	"time"

	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/standing"
	"holdfast.dev/holdfast/scenarios/contract"
)

// queueFinding holds what the target said of its queue while there was load, and when all was
// over, against the tasks.
func (f fates) queueFinding(records []record, seen []headcount, stalls []time.Duration, last *contract.Counts, curl func(load.Request) string) standing.Finding {
	found := standing.Finding{Check: "task-queue", About: "what the target says of its queue adds up with the tasks, while there is load and when all is over"}
	add := func(at time.Duration, what string) {
		found.Add(standing.Example{At: at, What: what, Repeat: curl(f.of.Queue)})
	}
	for _, h := range seen {
		if h.code == 503 {
			continue // an orderly refusal says nothing of the queue
		}
		found.Looked++
		if !ok(h.code) {
			add(h.from, fmt.Sprintf("it was answered %d", h.code))
			continue
		}
		c, err := f.of.ReadCounts(h.body)
		if err != nil {
			add(h.from, err.Error())
			continue
		}
		if what := f.implausible(c, h, records); what != "" {
			add(h.from, what)
			continue
		}
		what := f.misaged(c, h, records)
		if what == "" && !justStalled(stalls, h) {
			what = f.overlooked(c, h, records)
		}
		if what != "" { // a task is due at a time of day
			add(h.from, what)
			found.ByClock++
		}
	}
	if last != nil {
		found.Looked++
		if what := f.unsettled(*last, records); what != "" {
			add(-1, what)
		}
	}
	return found
}

// slack is by how many tasks a count may be off that was taken while they change
// hands, state by state.
func (l limits) slack() int { return 2 * l.workers }

// slackWait is how much longer or shorter a wait may be told than it looks from here.
const slackWait = time.Second

// implausible says how many tasks there cannot be at that moment, empty for nothing.
func (f fates) implausible(c contract.Counts, h headcount, records []record) string {
	heard, asked := 0, 0
	for _, r := range records {
		if r.accepted && r.heard < h.from {
			heard++
		}
		if r.due <= h.to {
			asked++
		}
	}
	switch {
	case c.Total() < min(heard, f.of.MostCounted)-f.slack():
		return fmt.Sprintf("it tells of %d tasks, and %d had been taken on", c.Total(), heard)
	case c.Total() > asked+f.slack():
		return fmt.Sprintf("it tells of %d tasks, and %d had been asked for", c.Total(), asked)
	}
	return ""
}

// misaged says for how long none can have waited at that moment, or some must have, empty
// for nothing.
func (f fates) misaged(c contract.Counts, h headcount, records []record) string {
	first := time.Duration(forever)
	for _, r := range records {
		if r.due <= h.to {
			first = min(first, r.due)
		}
	}
	switch {
	case c.Oldest < f.atLeast(c, h, records)-slackWait:
		return fmt.Sprintf("it tells of %d tasks that wait for their first attempt, none for longer than %.1f s; so many had not even been asked for in the last %.1f s",
			c.Pending, c.Oldest.Seconds(), f.atLeast(c, h, records).Seconds())
	case f.exact && c.Oldest > f.atMost(h, records)+slackWait:
		return fmt.Sprintf("it tells of a task that waits for %.1f s, and none can have been due for longer than %.1f s: the others were at work, or had a countdown to wait for",
			c.Oldest.Seconds(), f.atMost(h, records).Seconds())
	case c.Oldest > 0 && c.Oldest > h.to-first+slackWait:
		return fmt.Sprintf("it tells of a task that waits for %.1f s, and the first came %.1f s ago", c.Oldest.Seconds(), (h.to - first).Seconds())
	}
	return ""
}

// atLeast is for how long one of those that wait for their first attempt has waited at
// least: of so many tasks the oldest is no younger than if they were the latest.
func (f fates) atLeast(c contract.Counts, h headcount, records []record) time.Duration {
	waiting := c.Pending - f.slack()
	if waiting <= 0 || len(records) == 0 {
		return 0
	}
	var ages []time.Duration
	for _, r := range records {
		if r.accepted && r.heard < h.from {
			ages = append(ages, h.from-r.heard)
		} else {
			ages = append(ages, 0) // it may have come just now
		}
	}
	slices.Sort(ages)
	return ages[min(waiting, len(ages))-1]
}

// atMost is for how long a task can have been due by then: no longer than since it was
// asked for, or since its last call was over and the countdown after it.
func (f fates) atMost(h headcount, records []record) time.Duration {
	most := time.Duration(0)
	for _, r := range records {
		since := r.due
		if before := r.lastBy(h.from); before >= 0 && r.twins <= 1 {
			c := r.calls[before]
			if c.over == 0 || c.over > h.to || before == len(r.calls)-1 && r.Over() {
				continue // it is at work, or has nothing left to do
			}
			since = c.over + f.pace.after(c, 1).least
		}
		most = max(most, h.to-since)
	}
	return most
}

// overlooked says that a task waits for much longer than the count tells, empty if none
// does.
func (f fates) overlooked(c contract.Counts, h headcount, records []record) string {
	longest := longestWait(records, h)
	if !f.exact || c.Oldest >= longest-2*slackWait {
		return ""
	}
	return fmt.Sprintf("it tells of no task that waits for longer than %.1f s, and one had waited for %.1f s", c.Oldest.Seconds(), longest.Seconds())
}

// stallMemory is for how long after a stall it is not known how long tasks had waited.
const stallMemory = 15 * time.Second

func justStalled(stalls []time.Duration, h headcount) bool {
	return slices.ContainsFunc(stalls, func(at time.Duration) bool { return at >= h.from-stallMemory && at <= h.to+stallMemory })
}

// longestWait is for how long a task had waited for its first call that was seen to be
// made later.
func longestWait(records []record, h headcount) time.Duration {
	longest := time.Duration(0)
	for _, r := range records {
		if r.accepted && r.heard < h.from && len(r.calls) > 0 && r.calls[0].start > h.to {
			longest = max(longest, h.from-r.heard)
		}
	}
	return longest
}

// unsettled says in what the queue, when all is over, differs from the tasks. Those
// that are told of are counted by what is told; those that were taken on and not
// answered for, and whose mails were asked for, are in one of the two.
func (f fates) unsettled(c contract.Counts, records []record) string {
	var done, gone, unheard int
	for _, r := range records {
		switch {
		case !r.accepted && r.stored():
			unheard++
		case !r.accepted:
		case !r.told:
			return "" // not all were asked for
		case r.State == contract.Succeeded:
			done++
		case r.State == contract.Failed:
			gone++
		}
	}
	switch {
	case c.Total() >= f.of.MostCounted:
		return ""
	case c.Busy() > 0 || c.Parked > 0:
		return "" // said by tasks.unfinished
	case c.Succeeded < done || c.Failed < gone || c.Total() != done+gone+unheard:
		return fmt.Sprintf("when all is over it tells of %d tasks that succeeded and %d that failed; asked one by one it is %d and %d, and %d that nobody was told of",
			c.Succeeded, c.Failed, done, gone, unheard)
	}
	return ""
}
