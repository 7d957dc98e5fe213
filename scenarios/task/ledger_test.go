package task

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/fakes/emailapi"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/scenarios/contract"
)

// Each row is one task that was answered 202, and the one column it stands in.
func TestEachTaskStandsInOneColumn(t *testing.T) {
	one, two := mailTo("a@tasks.example"), mailTo("a@tasks.example", "b@tasks.example")
	in := func(state contract.State, class contract.Class) contract.Status {
		return contract.Status{State: state, Attempts: 1, Most: 4, Class: class}
	}
	for _, row := range []struct {
		name string
		task record
		want result.Ledger
	}{
		{"sent and done", record{wants: one, served: 1, told: true, Status: in(contract.Succeeded, "")}, result.Ledger{Delivered: 1}},
		{"sent, and its end not told", record{wants: one, served: 1, told: true, Status: in(contract.Running, "")}, result.Ledger{Delivered: 1}},
		{"failed at once", record{wants: one, told: true, Status: in(contract.Failed, contract.Permanent)}, result.Ledger{FailedPermanent: 1}},
		{"given up", record{wants: one, told: true, Status: in(contract.Failed, contract.Temporary)}, result.Ledger{FailedExhausted: 1}},
		{"given up, and perhaps sent", record{wants: one, told: true, Status: in(contract.Failed, contract.Unknown)}, result.Ledger{FailedExhausted: 1}},
		{"one of two sent, then failed", record{wants: two, served: 1, told: true, Status: in(contract.Failed, contract.Permanent)}, result.Ledger{FailedPermanent: 1}},
		{"not known to the target", record{wants: one}, result.Ledger{Lost: 1}},
		{"called done, and not sent", record{wants: one, told: true, Status: in(contract.Succeeded, "")}, result.Ledger{Lost: 1}},
		{"called done, and half of it sent", record{wants: two, served: 1, told: true, Status: in(contract.Succeeded, "")}, result.Ledger{Lost: 1}},
		{"still to do", record{wants: one, told: true, Status: in(contract.Retrying, contract.Temporary)}, result.Ledger{Unfinished: 1}},
	} {
		t.Run(row.name, func(t *testing.T) {
			row.task.accepted = true
			got := balance([]record{row.task, {wants: one, served: 1}}) // the second was not answered 202
			row.want.Accepted, row.want.Attempts = 1, map[string]int64{}
			if row.task.told {
				row.want.Attempts["1"] = 1
			}
			require.Equal(t, row.want, got)
		})
	}
}

func TestWhatCannotBeDeliveredIsNotMissed(t *testing.T) {
	wants := mailTo("a@tasks.example", "nobody 7")
	require.Zero(t, record{wants: wants, served: 1}.unserved())
	require.Equal(t, 1, record{wants: wants}.unserved())
}

// A mail is matched with its request by its recipient: no two tasks may share one.
func TestEachTaskIsKnownByItsOwn(t *testing.T) {
	mailings := []mailing{
		steady("mail", 100, time.Second), steady("mail-2", 100, time.Second),
		steady("some", 100, time.Second).each("first", "second"), steady("notify", 100, time.Second).about(1),
	}
	recipients := map[string]bool{}
	for _, m := range mailings {
		for n := range load.Planned(m.profile) {
			for _, to := range m.recipients(n) {
				require.False(t, recipients[to], to)
				recipients[to] = true
			}
		}
	}
}

// Two tasks ask for the very same, and of the first nothing is known: what was sent for
// them is the other's.
func TestACallIsOfTheTaskThatWasTakenOn(t *testing.T) {
	w := wanted{to: "a@example.org", subject: "s", text: "t"}
	d := newDirectory([]record{{wants: []wanted{w}}, {wants: []wanted{w}, accepted: true}})
	d.attribute([]call{{asked: emailapi.Call{Mails: []emailapi.Mail{{From: sender, To: []string{w.to}, Subject: w.subject, Text: w.text}}}}})
	require.False(t, d.records[0].stored(), "it was perhaps never sent")
	require.Len(t, d.records[1].calls, 1)
}

func TestQuantiles(t *testing.T) {
	all := []time.Duration{4, 1, 3, 2}
	require.Equal(t, []time.Duration{1, 3, 4, 4}, []time.Duration{quantile(all, 0), quantile(all, 0.5), quantile(all, 0.9), quantile(all, 1)})
}

// Of so many that wait one has waited at least as long as the youngest that they can be.
func TestTheOldestOfManyIsNotYoung(t *testing.T) {
	var records []record
	for i := range 300 { // one every 10 ms
		at := time.Duration(i) * 10 * time.Millisecond
		records = append(records, record{accepted: true, due: at, heard: at + time.Millisecond})
	}
	f := fates{limits: ours().limits(), of: &ours().Tasks}
	h := headcount{from: 3 * time.Second, to: 3 * time.Second}
	require.InDelta(t, 2.0, f.atLeast(contract.Counts{Pending: 200 + f.slack()}, h, records).Seconds(), 0.02)
	require.Zero(t, f.atLeast(contract.Counts{Pending: f.slack()}, h, records))
	require.Zero(t, f.atLeast(contract.Counts{Pending: 200 + f.slack()}, h, nil))
	require.NotEmpty(t, f.misaged(contract.Counts{Pending: 280, Succeeded: 20}, h, records), "nobody waits for any time")
	require.Empty(t, f.misaged(contract.Counts{Pending: 280, Succeeded: 20, Oldest: 2700 * time.Millisecond}, h, records))
}
