package journal_test

import (
	"cmp"
	"slices"
	"testing"
	"time"

	"holdfast.dev/holdfast/fakes/journal"
	"holdfast.dev/holdfast/fakes/journal/journaltest"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// request is one that a naive record knows: end is -1 while it is open.
type request struct {
	key        string
	start, end time.Duration
}

// record draws requests at whole milliseconds and enters them in a journal.
func record(rt *rapid.T) (b *journaltest.Journal, all []request) {
	for range rapid.IntRange(0, 25).Draw(rt, "requests") {
		start := rapid.IntRange(0, 40).Draw(rt, "start")
		end := rapid.IntRange(-20, 15).Draw(rt, "took") + start
		r := request{key: rapid.SampledFrom([]string{"a", "b", "c"}).Draw(rt, "key"), start: time.Duration(start) * time.Millisecond, end: -1}
		if end >= start {
			r.end = time.Duration(end) * time.Millisecond
		}
		all = append(all, r)
	}
	slices.SortStableFunc(all, func(a, b request) int { return cmp.Compare(a.start, b.start) })
	b = journaltest.New(journal.Config{})
	for _, r := range all {
		if r.end < 0 {
			b.At(r.start).Begin(send(r.key))
		} else {
			b.Hit(r.start, send(r.key), r.end-r.start, journal.Answered, 200)
		}
	}
	return b, all
}

// What is in flight is what a look at each request one by one says, at any moment.
func TestInFlightAgreesWithALookAtEachRequest(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		b, all := record(rt)
		most := 0
		for at := time.Duration(0); at < 60*time.Millisecond; at += time.Millisecond {
			open := 0
			for _, r := range all {
				if r.start <= at && (r.end < 0 || at < r.end) {
					open++
				}
			}
			require.Equal(rt, open, b.OpenAt(at, journal.Filter{}), "at %s", at)
			most = max(most, open)
		}
		require.Equal(rt, most, b.MostInFlight(journal.Filter{}))
	})
}

// The gaps of a key, one after another, lead from its first arrival to its last.
func TestGapsLeadFromTheFirstToTheLast(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		b, all := record(rt)
		gaps := b.Gaps(journal.Filter{})
		for key := range map[string]bool{"a": true, "b": true, "c": true} {
			var of []request
			for _, r := range all {
				if r.key == key {
					of = append(of, r)
				}
			}
			sum, n := time.Duration(0), 0
			for _, g := range gaps {
				if g.Key != key {
					continue
				}
				n++
				require.Equal(rt, n+1, g.Attempt)
				require.Equal(rt, of[n].start-of[n-1].start, g.FromStart)
				if before := of[n-1]; before.end >= 0 {
					require.Equal(rt, of[n].start-before.end, g.FromEnd)
				}
				sum += g.FromStart
			}
			require.Equal(rt, max(len(of)-1, 0), n)
			if n > 0 {
				require.Equal(rt, of[len(of)-1].start-of[0].start, sum)
			}
			require.Equal(rt, len(of), b.Attempts(journal.Filter{})[journal.Name{Group: "send", Key: key}])
		}
	})
}
