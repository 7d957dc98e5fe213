package task

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/result"
)

// Each row is one task that was answered 202, and the one column it stands in.
func TestEachTaskStandsInOneColumn(t *testing.T) {
	one, two := []string{"a@tasks.example"}, []string{"a@tasks.example", "b@tasks.example"}
	in := func(state string) queued { return queued{state: state, attempts: 1} }
	for _, row := range []struct {
		name string
		task record
		want result.Ledger
	}{
		{"sent and done", record{to: one, served: 1, stored: true, queued: in("completed")}, result.Ledger{Delivered: 1}},
		{"sent, and its end not written", record{to: one, served: 1, stored: true, queued: in("running")}, result.Ledger{Delivered: 1}},
		{"failed at once", record{to: one, stored: true, queued: in("cancelled")}, result.Ledger{FailedPermanent: 1}},
		{"given up", record{to: one, stored: true, queued: in("discarded")}, result.Ledger{FailedExhausted: 1}},
		{"one of two sent, then failed", record{to: two, served: 1, stored: true, queued: in("cancelled")}, result.Ledger{FailedPermanent: 1}},
		{"not in the queue", record{to: one}, result.Ledger{Lost: 1}},
		{"called done, and not sent", record{to: one, stored: true, queued: in("completed")}, result.Ledger{Lost: 1}},
		{"called done, and half of it sent", record{to: two, served: 1, stored: true, queued: in("completed")}, result.Ledger{Lost: 1}},
		{"still to do", record{to: one, stored: true, queued: in("retryable")}, result.Ledger{Lost: 1}},
	} {
		t.Run(row.name, func(t *testing.T) {
			row.task.accepted = true
			got := balance([]record{row.task, {to: one, served: 1}}) // the second was not answered 202
			row.want.Accepted, row.want.Attempts = 1, map[string]int64{}
			if row.task.stored {
				row.want.Attempts["1"] = 1
			}
			require.Equal(t, row.want, got)
		})
	}
}

func TestWhatCannotBeDeliveredIsNotMissed(t *testing.T) {
	to := []string{"a@tasks.example", "nobody 7"}
	require.Zero(t, record{to: to, served: 1}.unserved())
	require.Equal(t, 1, record{to: to}.unserved())
}

// A mail is matched with its request by its recipient, and a task in the queue
// by its key: no two may share either.
func TestEachTaskIsKnownByItsOwn(t *testing.T) {
	mailings := []mailing{
		steady("mail", 100, time.Second), steady("mail-2", 100, time.Second),
		steady("some", 100, time.Second).each("first", "second"), steady("notify", 100, time.Second).about(1),
	}
	keys, recipients := map[string]bool{}, map[string]bool{}
	for _, m := range mailings {
		for n := range load.Planned(m.profile) {
			require.False(t, keys[m.key(n)], m.key(n))
			keys[m.key(n)] = true
			for _, to := range m.recipients(n) {
				require.False(t, recipients[to], to)
				recipients[to] = true
			}
		}
	}
}

func TestQuantiles(t *testing.T) {
	all := []time.Duration{4, 1, 3, 2}
	require.Equal(t, []time.Duration{1, 3, 4, 4}, []time.Duration{quantile(all, 0), quantile(all, 0.5), quantile(all, 0.9), quantile(all, 1)})
}
