package harness

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/ledger"
	"holdfast.dev/holdfast/harness/load"
)

// Only who was told no knows that nothing should have been done.
func TestWhatAClientKnowsOfItsRequest(t *testing.T) {
	for _, row := range []struct {
		class  string
		status int
		want   ledger.Fate
	}{
		{"", 201, ledger.Took},
		{load.ClassShedByTarget, 503, ledger.Refused},
		{load.ClassShedByTarget, 200, ledger.Refused},
		{load.ClassStatus(500), 500, ledger.Refused},
		{load.ClassStatus(404), 404, ledger.Refused},
		{load.ClassRefused, 0, ledger.Refused},
		{load.ClassTimeout, 0, ledger.Unknown},
		{load.ClassReset, 0, ledger.Unknown},
		{load.ClassStatus(502), 502, ledger.Unknown},
		{load.ClassStatus(504), 504, ledger.Unknown},
		{load.ClassStatus(408), 408, ledger.Unknown},
		{load.ClassStatus(302), 302, ledger.Unknown},
		{"check_answer", 201, ledger.Unknown},
	} {
		require.Equal(t, row.want, fateOf(load.Exchange{Class: row.class, Status: row.status}), "%+v", row)
	}
}

func TestTimesOfArrivals(t *testing.T) {
	want := time.Date(2026, 1, 2, 3, 4, 5, 600_000_000, time.UTC)
	for _, text := range []string{
		"2026-01-02 03:04:05.6+00", "2026-01-02 03:04:05.6", "2026-01-02T03:04:05.6Z", "2026-01-02 04:04:05.6+01:00", "2026-01-02T03:04:05.6", "1767323045.6", " 2026-01-02 03:04:05.6+00 ",
	} {
		got, err := parseTime(text)
		require.NoError(t, err, text)
		require.WithinDuration(t, want, got, time.Microsecond, text)
	}
	_, err := parseTime("yesterday")
	require.ErrorContains(t, err, "is no time")
}

func TestAnswersAreTheSameAsNumbersOrAsTexts(t *testing.T) {
	for _, row := range [][2]string{{"0", "0.0"}, {" 0\n", "0"}, {"done", "done "}, {"1e2", "100"}, {"9007199254740993.0", "9007199254740993"}} {
		require.True(t, equalAnswers(row[0], row[1]), "%q", row)
	}
	for _, row := range [][2]string{{"0", ""}, {"0", "1"}, {"done", "Done"}, {"9007199254740993", "9007199254740992"}, {"0.1", "0.10000000000000000001"}} {
		require.False(t, equalAnswers(row[0], row[1]), "%q", row)
	}
}

// An invariant that looks wrong once was wrong, whatever is seen later; one that can't
// be asked was not measured.
func TestTheWorstOfAnInvariantIsKept(t *testing.T) {
	e := &examination{Invariant: Invariant{Name: "x", Rows: 2}}
	for _, n := range []int{2, 5, 2} {
		misses, examples := e.judge([][]string{{"a", "b"}}, n)
		e.note(misses, examples, nil)
	}
	require.InDelta(t, 3, e.misses, 0)
	require.Equal(t, "it gave 5 rows, and should give 2: (a, b) …", e.examples)
	misses, examples := e.judge(nil, 0)
	require.InDelta(t, 2, misses, 0, "too few are wrong as well")
	require.Equal(t, "it gave 0 rows, and should give 2:", examples)
	require.EqualValues(t, 3, e.looks)
}
