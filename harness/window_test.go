package harness

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/result"
)

func TestWhenAFaultActs(t *testing.T) {
	line := Timeline{WarmUp: 1 * time.Second, Baseline: 2 * time.Second, Inject: 4 * time.Second, Heal: 3 * time.Second, Drain: 5 * time.Second}
	for _, row := range []struct {
		fault    Fault
		from, to time.Duration
	}{
		{Fault{}, 3 * time.Second, 7 * time.Second},
		{Fault{During: result.Heal}, 7 * time.Second, 10 * time.Second},
		{Fault{After: time.Second}, 4 * time.Second, 7 * time.Second},
		{Fault{After: time.Second, For: 2 * time.Second}, 4 * time.Second, 6 * time.Second},
		{Fault{For: time.Hour}, 3 * time.Second, 7 * time.Second},
		{Fault{During: Throughout}, 0, 15 * time.Second},
		{Fault{During: Throughout, After: time.Second}, time.Second, 15 * time.Second},
	} {
		from, to := row.fault.window(line)
		require.Equal(t, []time.Duration{row.from, row.to}, []time.Duration{from, to}, "%+v", row.fault)
	}
}

func TestWhenTheFirstFaultBegins(t *testing.T) {
	line := Timeline{WarmUp: 1 * time.Second, Baseline: 2 * time.Second, Inject: 4 * time.Second, Heal: 3 * time.Second}
	for _, row := range []struct {
		faults []Fault
		want   time.Duration
	}{
		{nil, 0},
		{[]Fault{{}}, 3 * time.Second},
		{[]Fault{{During: result.Heal}, {After: time.Second}}, 4 * time.Second},
		{[]Fault{{During: Throughout}}, 0},
		{[]Fault{{During: Throughout}, {During: result.Heal}}, 7 * time.Second},
		{[]Fault{{During: result.WarmUp}}, 0},
	} {
		require.Equal(t, row.want, Scenario{Timeline: line, Faults: row.faults}.firstFault(), "%+v", row.faults)
	}
}
