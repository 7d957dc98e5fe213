package soak

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/result"
)

// at is a scenario from one second to another.
func at(from, to int, name string, v result.Verdict, reason string) Seen {
	return Seen{Name: name, From: time.Duration(from) * time.Second, To: time.Duration(to) * time.Second, Verdict: v, Reason: reason}
}

// there is a disturbance that took place from one second to another.
func there(from, to int, k Kind) Happened {
	h := Happened{Disturbance: Disturbance{Kind: k, For: time.Duration(to-from) * time.Second}}
	h.From, h.To = time.Duration(from)*time.Second, time.Duration(to)*time.Second
	return h
}

// Only what was really there while a scenario ran disturbs it, and only a reason
// that names it explains anything.
func TestWhatWasThereIsHeldAgainstTheReason(t *testing.T) {
	failed := there(0, 0, Memory)
	failed.For, failed.Error = time.Second, "no memory"
	for _, row := range []struct {
		name         string
		seen         Seen
		happened     []Happened
		met          int
		named, below bool
	}{
		{"nothing was there", at(0, 10, "a/b", result.Inconclusive, "the harness itself stood still"), nil, 0, false, false},
		{"it was there and is named", at(0, 10, "a/b", result.Inconclusive, "the harness itself stood still for 3 s"), []Happened{there(3, 6, StopHarness)}, 1, true, false},
		{"another cause is named", at(0, 10, "a/b", result.Inconclusive, "the disk was slow"), []Happened{there(3, 6, StopHarness)}, 1, false, false},
		{"what came of it is no cause", at(0, 10, "a/b", result.Inconclusive, "p99 of actual minus planned send was 94.2 ms, limit 50 ms"), []Happened{there(3, 6, Neighbour)}, 1, false, false},
		{"it was over before", at(5, 10, "a/b", result.Inconclusive, "the harness itself stood still"), []Happened{there(1, 3, StopHarness)}, 0, false, false},
		{"it came afterwards", at(0, 3, "a/b", result.Inconclusive, "the harness itself stood still"), []Happened{there(5, 6, StopHarness)}, 0, false, false},
		{"one of two is named", at(0, 10, "a/b", result.Inconclusive, "the wall clock was moved by 2 s"), []Happened{there(1, 3, Neighbour), there(4, 6, ClockStep)}, 2, true, false},
		{"it could not be carried out", at(0, 10, "a/b", result.Inconclusive, "memory pressure"), []Happened{failed}, 0, false, false},
		{"another check names it", Seen{Name: "a/b", To: 9 * time.Second, Verdict: result.Inconclusive, Reason: "late", Failed: []string{"inconclusive: the wall clock was moved by 1 s"}}, []Happened{there(1, 3, ClockStep)}, 1, false, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := Summarise([]Record{{Run: 1, Scenarios: []Seen{row.seen}, Happened: row.happened}})
			require.Len(t, s.Others, 1)
			require.Len(t, s.Others[0].Met, row.met)
			require.Equal(t, row.named, s.Others[0].Named)
			require.Equal(t, row.below, s.Others[0].Below)
		})
	}
}

func TestWhatASoakMustShow(t *testing.T) {
	passed := func(n int) []Seen {
		all := make([]Seen, n)
		for i := range all {
			all[i] = at(20, 21, "a/b", result.Pass, "")
		}
		return all
	}
	stopped := []Happened{there(0, 10, StopHarness)}
	for _, row := range []struct {
		name string
		r    Record
		want bool
	}{
		{"all passed", Record{Scenarios: passed(3)}, true},
		{"one failed, whatever was there", Record{Scenarios: append(passed(300), at(1, 2, "a/c", result.Fail, "slow")), Happened: stopped}, false},
		{"one in fifty was inconclusive for nothing", Record{Scenarios: append(passed(49), at(1, 2, "a/c", result.Inconclusive, "late"))}, false},
		{"a disturbed one says why", Record{Scenarios: append(passed(3), at(1, 2, "a/c", result.Inconclusive, "the harness itself stood still")), Happened: stopped}, true},
		{"a disturbed one does not say why", Record{Scenarios: append(passed(3), at(1, 2, "a/c", result.Inconclusive, "late")), Happened: stopped}, false},
		{"a run did not reach its end", Record{Scenarios: passed(3), Error: "no database"}, false},
	} {
		t.Run(row.name, func(t *testing.T) { require.Equal(t, row.want, Summarise([]Record{row.r}).Holds()) })
	}
	require.False(t, Summarise(nil).Holds(), "no run shows nothing")
}

func TestASummaryIsReadable(t *testing.T) {
	r := Record{Run: 7, Scenarios: []Seen{at(0, 5, "a/good", result.Pass, "fine"), at(5, 9, "a/bad", result.Fail, "slow | late")}, Happened: []Happened{there(6, 7, StopPostgres)}}
	var text strings.Builder
	require.NoError(t, Summarise([]Record{r}).Markdown(&text))
	require.Contains(t, text.String(), "| fail | 0 | 1 | 1 |")
	require.Contains(t, text.String(), `| 7 | a/bad | slow \| late | stop-postgres for 1s, from 1.0 s of the scenario | no |`)
	require.Contains(t, text.String(), "stop-postgres 1")
}

// How long the suite takes is told of the runs that nothing slowed down.
func TestASoakTellsHowLongTheSuiteTook(t *testing.T) {
	run := func(seconds int, happened ...Happened) Record {
		return Record{Scenarios: []Seen{at(0, seconds, "a/x", result.Pass, ""), at(seconds, 2*seconds, "a/y", result.Pass, ""), at(50, 51, "b/x", result.Pass, "")}, Happened: happened}
	}
	s := Summarise([]Record{run(3), run(90, there(1, 2, Quota)), run(2), run(4)})
	require.Equal(t, map[string]time.Duration{"a": 6 * time.Second, "b": time.Second}, s.Took)
	require.Equal(t, "An undisturbed run took (median): a 6 s, b 1 s.\n", tookText(s.Took))
	require.Empty(t, tookText(nil))
}

// What a soak knows survives it, also where its last line was cut off.
func TestALogIsReadAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), LogName)
	none, err := ReadLog(path)
	require.NoError(t, err)
	require.Empty(t, none)
	want := []Record{{Run: 1, Seed: 5, Scenarios: []Seen{at(0, 1, "a/b", result.Pass, "r")}, Happened: []Happened{there(0, 1, Quota)}}, {Run: 3, Seed: 7, Error: "gone"}}
	for _, r := range want {
		require.NoError(t, r.appendTo(path))
	}
	got, err := ReadLog(path)
	require.NoError(t, err)
	require.Equal(t, want, got)
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	require.NoError(t, err)
	_, err = f.WriteString(`{"run":4,"se`)
	require.NoError(t, err)
	require.NoError(t, f.Close())
	got, err = ReadLog(path)
	require.NoError(t, err)
	require.Equal(t, want, got)
}
