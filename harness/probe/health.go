package probe

import (
	"fmt"
	"time"

	"holdfast.dev/holdfast/harness/result"
)

// Health is how well one probe was sampled.
type Health struct {
	Probe string
	Every time.Duration
	// Expected is how many samples there was time for; Attempts how many were
	// begun; Samples how many of these measured something; Gaps how many found
	// nothing to measure; Errors how many failed; Dropped how many found no room.
	Expected, Attempts, Samples, Gaps, Errors, Dropped int64
	// LastError is the text of the last one that failed.
	LastError string
	// LongestPause is the longest time from one attempt to the next.
	LongestPause time.Duration
	// Dead means that it cannot be relied on: it measured nothing at all, failed
	// more often than not, had been failing at the end, or hung.
	Dead bool
	// Starved means that it was sampled much less often than asked, in all or
	// for a while, or no longer: what happened in between was not seen.
	Starved bool
	// Problem is a sentence that says why it is Dead or Starved; else empty.
	Problem string
}

const (
	// starvedShare of the expected attempts is too few.
	starvedShare = 0.5
	// starvedPause, or this many periods where that is longer, is too long.
	starvedPause   = 2 * time.Second
	starvedPeriods = 20
	// deadTail failures in a row at the end, and a tenth of all, is dead.
	deadTail = 5
)

// tally counts what becomes of a probe's samples.
type tally struct {
	attempts, samples, gaps, errors, dropped int64
	tail                                     int64 // errors in a row, until now
	last                                     time.Duration
	pause                                    time.Duration
	lastError                                string
	hung                                     bool
}

func (t *tally) attempt(at time.Duration) {
	if t.attempts > 0 {
		t.pause = max(t.pause, at-t.last)
	}
	t.attempts++
	t.last = at
}

func (t *tally) fail(err error) {
	t.errors++
	t.tail++
	t.lastError = err.Error()
}

func (t *tally) keep(what kept) {
	t.tail = 0
	switch what {
	case keptValues:
		t.samples++
	case keptGap:
		t.gaps++
	case keptNot:
		t.dropped++
	}
}

// health judges a probe that was sampled from begun until now.
func (t *tally) health(name string, every, begun, now time.Duration) Health {
	h := Health{
		Probe: name, Every: every, Expected: int64((now-begun)/every) + 1,
		Attempts: t.attempts, Samples: t.samples, Gaps: t.gaps, Errors: t.errors, Dropped: t.dropped,
		LastError: t.lastError, LongestPause: t.pause,
	}
	if t.attempts > 0 {
		h.LongestPause = max(t.pause, now-t.last)
	}
	h.Problem = h.death(t)
	h.Dead = h.Problem != ""
	if !h.Dead {
		h.Problem = h.starvation()
		h.Starved = h.Problem != ""
	}
	return h
}

func (h Health) death(t *tally) string {
	switch {
	case t.hung:
		return fmt.Sprintf("a sample of %s hung: it was begun %s before the end", h.Probe, seconds(h.LongestPause))
	case h.Attempts > 0 && h.Samples == 0 && h.Errors > 0:
		return fmt.Sprintf("%s measured nothing in %d attempts; the last error: %s", h.Probe, h.Attempts, h.LastError)
	case h.Samples == 0 && h.Attempts != 1: // of one look alone none can tell that measures what was between two
		return fmt.Sprintf("%s found nothing to measure in %d attempts", h.Probe, h.Attempts)
	case h.Errors*2 > h.Attempts:
		return fmt.Sprintf("%s failed in %d of %d attempts; the last error: %s", h.Probe, h.Errors, h.Attempts, h.LastError)
	case t.tail >= deadTail && t.tail*10 >= h.Attempts:
		return fmt.Sprintf("%s had failed %d times in a row at the end; the last error: %s", h.Probe, t.tail, h.LastError)
	}
	return ""
}

func (h Health) starvation() string {
	switch {
	case h.Dropped > 0:
		return fmt.Sprintf("%s ran out of room: its last %d samples were not kept", h.Probe, h.Dropped)
	case h.Expected >= 4 && float64(h.Attempts) < starvedShare*float64(h.Expected):
		return fmt.Sprintf("%s was sampled %d times instead of %d", h.Probe, h.Attempts, h.Expected)
	case h.LongestPause > max(starvedPause, starvedPeriods*h.Every):
		return fmt.Sprintf("%s was not sampled for %s", h.Probe, seconds(h.LongestPause))
	}
	return ""
}

func seconds(d time.Duration) string { return result.Format(d.Seconds(), result.UnitSeconds) }
