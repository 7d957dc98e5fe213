package task

import (
	"os"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/adapter"
	"holdfast.dev/holdfast/fakes/emailapi"
	"holdfast.dev/holdfast/fakes/journal"
	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/scenarios/contract"
)

// The classes here and those of the documented contract were written down apart; they
// agree, row by row.
func TestClassesAreThoseOfTheDocument(t *testing.T) {
	text, err := os.ReadFile("../../docs/classification.md")
	require.NoError(t, err)
	rows := regexp.MustCompile(`(?m)^\| ([0-9a-z_–]+) \| (temporary|permanent|unknown)`).FindAllStringSubmatch(string(text), -1)
	held := 0
	for _, row := range rows {
		cause, class := row[1], row[2]
		if status, err := strconv.Atoi(cause); err == nil && status < 1000 {
			require.EqualValues(t, class, statusClass(status), cause)
			held++
		} else if name := nameClass(0, cause); name != "" {
			require.EqualValues(t, class, name, cause)
			held++
		}
	}
	require.Greater(t, held, 25, "most rows are names and statuses")
	for _, status := range []int{521, 522, 523} {
		require.Equal(t, contract.Temporary, statusClass(status))
	}
	for status, class := range map[int]contract.Class{200: contract.Unknown, 302: contract.Permanent, 418: contract.Permanent, 500: contract.Unknown, 504: contract.Unknown, 520: contract.Unknown, 599: contract.Unknown} {
		require.Equal(t, class, statusClass(status), status)
	}
}

// What a call came to is told by the fault that answered it, by its own status, and by
// how it ended; where the target may have seen something else, it is not told.
func TestWhatACallMustHaveMeant(t *testing.T) {
	s := harness.Scenario{Faults: []harness.Fault{
		adapter.Always("named", mailAPI, "status 429 name=daily_quota_exceeded"), adapter.Always("nameless", mailAPI, "status 502 html"),
		adapter.Always("any-name", mailAPI, "status 503"), adapter.Always("late", mailAPI, "delay 1s"), adapter.Always("garbled", mailAPI, "json malformed"),
		adapter.Always("turns", mailAPI, "1*status 400 -> ok"),
	}}
	for _, row := range []struct {
		name string
		e    journal.Entry
		want contract.Class
	}{
		{"sent", journal.Entry{Outcome: journal.Answered, Status: 200}, sent},
		{"sent after a while", journal.Entry{Outcome: journal.Answered, Status: 200, Faults: []string{"late"}}, sent},
		{"perhaps given up", journal.Entry{Outcome: journal.Answered, Status: 200, Took: 6 * time.Second}, ""},
		{"given up", journal.Entry{Outcome: journal.Abandoned}, contract.Unknown},
		{"cut", journal.Entry{Outcome: journal.Cut, Status: 200}, contract.Unknown},
		{"a name", journal.Entry{Outcome: journal.Answered, Status: 429, Faults: []string{"named"}}, contract.Permanent},
		{"no name", journal.Entry{Outcome: journal.Answered, Status: 502, Faults: []string{"nameless"}}, contract.Unknown},
		{"a name for anything", journal.Entry{Outcome: journal.Answered, Status: 503, Faults: []string{"any-name"}}, contract.Temporary},
		{"not readable", journal.Entry{Outcome: journal.Answered, Status: 200, Faults: []string{"garbled"}}, contract.Unknown},
		{"the first of two turns", journal.Entry{Outcome: journal.Answered, Status: 400, Attempt: 1, Faults: []string{"turns"}}, contract.Permanent},
		{"its own refusal of a key", journal.Entry{Outcome: journal.Answered, Status: 403}, contract.Permanent},
		{"its own limit", journal.Entry{Outcome: journal.Answered, Status: 429}, contract.Temporary},
		{"its own conflict, of one of two kinds", journal.Entry{Outcome: journal.Answered, Status: 409}, ""},
	} {
		require.Equal(t, row.want, newTeller(s, emailapi.Config{}, 10*time.Second).meaning(call{seen: row.e}), row.name)
	}
	require.Equal(t, contract.Permanent, newTeller(s, emailapi.Config{DailyQuota: 1}, 10*time.Second).meaning(call{seen: journal.Entry{Outcome: journal.Answered, Status: 429}}))
}

// A wait is bounded by the countdown of its attempt and by what the answer asked for.
func TestWhatAWaitMayBe(t *testing.T) {
	s := harness.Scenario{
		Faults: []harness.Fault{
			adapter.Always("patience", mailAPI, "status 429 retry-after=1"), adapter.Always("date", mailAPI, "status 503 retry-after=date+2s"),
			adapter.Always("endless", mailAPI, "status 429 retry-after=99999999999"), adapter.Always("words", mailAPI, "status 429 retry-after=soon"),
		},
	}
	service := ours()
	service.bound(contract.NetworkCountdown, 100*ms)
	service.bound(contract.LongestRetryAfter, time.Second)
	p := newPace(service, newTeller(s, emailapi.Config{}, 10*time.Second))
	for _, row := range []struct {
		attempt     int
		fault       string
		least, most time.Duration
	}{
		{1, "", 80 * ms, 120 * ms}, {2, "", 160 * ms, 240 * ms}, {3, "", 320 * ms, 480 * ms},
		{1, "patience", time.Second, 1200 * ms}, {1, "date", time.Second, 1200 * ms}, {1, "endless", time.Second, 1200 * ms}, {1, "words", 80 * ms, 120 * ms},
	} {
		w := p.after(call{seen: journal.Entry{Attempt: row.attempt, Faults: []string{row.fault}}}, row.attempt)
		require.InDelta(t, float64(row.least), float64(w.least), 1000, "%d %s", row.attempt, row.fault)
		require.InDelta(t, float64(row.most), float64(w.most), 1000, "%d %s", row.attempt, row.fault)
	}
	require.True(t, wait{least: 80 * ms, fromStart: 70 * ms}.early())
	require.False(t, wait{least: 80 * ms, fromStart: 80 * ms}.early())
}

// Of an attempt whose mail was sent there is another only where a stop kept its worker from
// writing that down: it is none of the task's.
func TestAnAttemptThatWasNotWrittenDownDoesNotCount(t *testing.T) {
	calls := []call{
		{seen: journal.Entry{Attempt: 1, Outcome: journal.Answered, Status: 200}, over: 10 * ms},
		{seen: journal.Entry{Attempt: 2, Outcome: journal.Answered, Status: 503}, start: 500 * ms, over: 510 * ms},
		{seen: journal.Entry{Attempt: 3, Outcome: journal.Answered, Status: 503}, start: 620 * ms, over: 630 * ms},
	}
	for stops, least := range map[bool]time.Duration{true: 80 * ms, false: 160 * ms} {
		service := ours()
		service.bound(contract.NetworkCountdown, 100*ms)
		p := newPace(service, newTeller(harness.Scenario{}, emailapi.Config{}, 10*time.Second))
		p.cuts = stops
		waits := p.all([]record{{twins: 1, calls: calls}})
		require.Len(t, waits, 1)
		require.InDelta(t, float64(least), float64(waits[0].least), 1000)
	}
}
