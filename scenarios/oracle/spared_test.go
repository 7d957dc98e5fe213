package oracle

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/fakes/journal"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/scenarios/contract"
)

// Why an oracle is spared is so at that moment: a breaker that never tries again and places
// at a host that are never given back spare it for ever.
func TestWhyAnOracleIsSparedIsSoThen(t *testing.T) {
	const ms = time.Millisecond
	sickAt := func(start, end time.Duration) *call {
		return &call{Entry: journal.Entry{Outcome: journal.Answered, Status: 503}, start: start, end: end}
	}
	wellAt := func(start, end time.Duration) *call {
		return &call{Entry: journal.Entry{Outcome: journal.Answered, Status: 200}, start: start, end: end}
	}
	one, neighbour := name{"1", "oracle-1"}, name{"1", "oracle-2"}
	for _, row := range []struct {
		name  string
		why   contract.Spared
		sent  time.Duration
		calls map[name][]*call
		wrong bool
		never bool
	}{
		{"failed just now", contract.SparedSick, 1200 * ms, map[name][]*call{one: {sickAt(1000*ms, 1010*ms)}}, false, false},
		{"long ago", contract.SparedSick, 4000 * ms, map[name][]*call{one: {sickAt(1000*ms, 1010*ms)}}, true, false},
		{"long ago, and its neighbour just now", contract.SparedSick, 4000 * ms, map[name][]*call{one: {sickAt(1000*ms, 1010*ms)}, neighbour: {sickAt(3900*ms, 3950*ms)}}, true, false},
		{"long ago, and somebody tries it", contract.SparedSick, 4000 * ms, map[name][]*call{one: {sickAt(1000*ms, 1010*ms), wellAt(3990*ms, 4020*ms)}}, false, false},
		{"it hangs still", contract.SparedSick, 4000 * ms, map[name][]*call{one: {sickAt(1000*ms, 0)}}, false, false},
		{"it never failed", contract.SparedSick, 4000 * ms, map[name][]*call{one: {wellAt(1000*ms, 1010*ms)}, neighbour: {sickAt(1000*ms, 1010*ms)}}, false, true},
		{"its host is at work", contract.SparedBusy, 4000 * ms, map[name][]*call{neighbour: {wellAt(3000*ms, 5000*ms)}}, false, false},
		{"its host has just done all", contract.SparedBusy, 4000 * ms, map[name][]*call{neighbour: {wellAt(3000*ms, 3900*ms)}}, false, false},
		{"its host has nothing to do", contract.SparedBusy, 4000 * ms, map[name][]*call{neighbour: {wellAt(1000*ms, 2000*ms), wellAt(5000*ms, 6000*ms)}}, true, false},
		{"its host was never asked", contract.SparedBusy, 4000 * ms, nil, true, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			a := &audit{
				bounds: bounds{cooldown: 200 * ms}, calls: row.calls,
				urls: map[name]string{one: "http://127.0.0.1:1/oracle-1", neighbour: "http://127.0.0.1:1/oracle-2"},
			}
			a.underWay = a.spansOf()
			h := &heard{Exchange: load.Exchange{Sent: row.sent, End: row.sent + 5*ms}}
			never, no := a.unspared(one, h, row.why)
			require.Equal(t, row.never, never != "")
			require.Equal(t, row.wrong, no != "")
			a.cooldown = 0
			_, no = a.unspared(one, h, row.why)
			require.Equal(t, row.wrong && row.why == contract.SparedBusy, no != "", "nobody told how long a cooldown is")
		})
	}
}
