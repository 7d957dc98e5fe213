package task

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/fakes/journal"
	"holdfast.dev/holdfast/harness/load"
)

func TestWhatATaskAsksFor(t *testing.T) {
	two := steady("mail", 10, time.Second)
	two.to = func(int64) []string { return []string{"a@tasks.example", "nobody"} }
	for _, row := range []struct {
		name string
		m    mailing
		n    int64
		want task
		key  string
	}{
		{"mail", steady("mail", 10, time.Second), 3, task{Kind: "send_batch_email", Messages: []message{{To: "mail-3@tasks.example"}}}, "mail-3@tasks.example"},
		{"mail to prefixes in turn", steady("mail", 10, time.Second).each("e0", "e1", "e2"), 4, task{Kind: "send_batch_email", Messages: []message{{To: "e1-4@tasks.example"}}}, "e1-4@tasks.example"},
		{"mail to two", two, 0, task{Kind: "send_batch_email", Messages: []message{{To: "a@tasks.example"}, {To: "nobody"}}}, "a@tasks.example"},
		{"a success", steady("notify", 10, time.Second).about(1), 6, task{Kind: "notify_project_success", ProjectID: 7}, "7"},
		{"a success of nothing", steady("unknown", 10, time.Second).about(noProject), 1, task{Kind: "notify_project_success", ProjectID: noProject + 1}, "1099511627777"},
	} {
		t.Run(row.name, func(t *testing.T) {
			r := row.m.next(row.n, nil)
			require.Equal(t, "POST /tasks", r.Method+" "+r.Path)
			var got task
			require.NoError(t, json.Unmarshal(r.Body, &got))
			for i := range got.Messages {
				require.NotEmpty(t, got.Messages[i].Subject)
				require.NotEmpty(t, got.Messages[i].Body)
				got.Messages[i].Subject, got.Messages[i].Body = "", ""
			}
			require.Equal(t, row.want, got)
			require.Equal(t, row.key, row.m.key(row.n), "the queue knows it by this")
		})
	}
}

// A task is taken on with 202 or clearly refused; all else is a failure.
func TestWhatATaskIsAnswered(t *testing.T) {
	expect := steady("mail", 10, time.Second).stream().Expect
	require.Empty(t, expect.Judge(load.Answer{Status: http.StatusAccepted}))
	shed := load.Answer{Status: http.StatusServiceUnavailable, Header: http.Header{"Retry-After": {"1"}}}
	require.Equal(t, "shed_by_target", expect.Judge(shed))
	require.Equal(t, "status_503", expect.Judge(load.Answer{Status: http.StatusServiceUnavailable}))
	require.Equal(t, "status_200", expect.Judge(load.Answer{Status: http.StatusOK}))
}

func TestAMailingStaysAsItWas(t *testing.T) {
	m := steady("mail", 10, time.Second)
	_, _, _ = m.about(7), m.each("a", "b"), m.counted(callsPerTask())
	require.False(t, m.notify)
	require.Equal(t, []string{"mail-1@tasks.example"}, m.recipients(1))
	require.Empty(t, m.also)
}

// Mail is taken on by the journal's clock, and counts on the scenario's. What
// came a second time does not make the first one later.
func TestWhenMailWasFirstSent(t *testing.T) {
	got := firstServed([]journal.Acceptance{
		{Recipient: "a", At: 3 * time.Second}, {Recipient: "b", At: 4 * time.Second}, {Recipient: "a", At: 9 * time.Second},
	}, 2*time.Second)
	require.Equal(t, map[string]time.Duration{"a": time.Second, "b": 2 * time.Second}, got)
}

func TestBothSidesOfATaskAreMatched(t *testing.T) {
	m := steady("mail", 4, time.Second)
	m.startAt = 500 * ms
	m.to = func(n int64) []string {
		if n == 1 {
			return to(2, "pair")
		}
		return ownOf(n)
	}
	inQueue := map[string]queued{
		"mail-0@tasks.example": {state: "completed", attempts: 1},
		"pair-0@tasks.example": {state: "running", attempts: 2},
		"mail-3@tasks.example": {state: "cancelled", attempts: 1, class: "permanent"},
		"somebody-else":        {state: "completed"},
	}
	served := map[string]time.Duration{"mail-0@tasks.example": 600 * ms, "pair-0@tasks.example": 900 * ms, "pair-1@tasks.example": 800 * ms}
	got := m.match(func(n int64) bool { return n != 3 }, inQueue, served)
	require.Equal(t, []record{
		{mailing: "mail", n: 0, accepted: true, due: 500 * ms, queued: inQueue["mail-0@tasks.example"], stored: true, to: ownOf(0), served: 1, at: 600 * ms},
		{mailing: "mail", n: 1, accepted: true, due: 750 * ms, queued: inQueue["pair-0@tasks.example"], stored: true, to: to(2, "pair"), served: 2, at: 900 * ms},
		{mailing: "mail", n: 2, accepted: true, due: time.Second, to: ownOf(2)},
		{mailing: "mail", n: 3, due: 1250 * ms, queued: inQueue["mail-3@tasks.example"], stored: true, to: ownOf(3)},
	}, got)
	require.Equal(t, int64(1), balance(got).Lost, "the queue does not know the third")
}

func ownOf(n int64) []string { return mailing{name: "mail"}.recipients(n) }

func TestWhenATaskIsOver(t *testing.T) {
	for state, want := range map[string][2]bool{ // over, failed
		"completed": {true, false}, "cancelled": {true, true}, "discarded": {true, true},
		"available": {}, "running": {}, "retryable": {}, "scheduled": {}, "": {},
	} {
		q := queued{state: state}
		require.Equal(t, want, [2]bool{q.over(), q.failed()}, state)
	}
}
