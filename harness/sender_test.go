package harness_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/result"
)

func TestALoadOfAFleetIsTheOnePlannedOrShowsNothing(t *testing.T) {
	ok := func() result.Fleet {
		return result.Fleet{
			Workers: []result.Worker{{Name: "w1", ClockDoubtMS: new(0.5), ClockDriftMS: new(-0.5), CPUShare: new(0.5), SendLagP99MS: new(1.0), GCPauseMaxMS: new(1.0)}},
			Spans:   []result.LaneSpan{{Worker: "w1", Planned: 10, Sent: 9, Never: 1}},
		}
	}
	for name, row := range map[string]struct {
		change func(*result.Fleet)
		fails  string // the evidence that does not hold; empty: all does
	}{
		"as it should be":          {func(*result.Fleet) {}, ""},
		"a broker that went":       {func(f *result.Fleet) { f.Broken = "the broker was lost" }, "fleet held together"},
		"a worker that went":       {func(f *result.Fleet) { f.Workers[0].LostAtS = new(3.0) }, "fleet held together"},
		"answers that were lost":   {func(f *result.Fleet) { f.Spans[0].Sent, f.Spans[0].Lost = 8, 1 }, "fleet delivered what was planned"},
		"requests nobody knows":    {func(f *result.Fleet) { f.Spans[0].Sent, f.Spans[0].Unknown = 8, 1 }, "fleet delivered what was planned"},
		"a hole":                   {func(f *result.Fleet) { f.Spans[0].Hole = 1 }, "fleet delivered what was planned"},
		"nothing planned":          {func(f *result.Fleet) { f.Spans = nil }, "fleet delivered what was planned"},
		"a clock that moved":       {func(f *result.Fleet) { f.Workers[0].ClockDriftMS = new(-11.0) }, "worker w1: clock"},
		"a clock nobody asked":     {func(f *result.Fleet) { f.Workers[0].ClockDoubtMS = nil }, "worker w1: clock"},
		"a processor that is full": {func(f *result.Fleet) { f.Workers[0].CPUShare = new(0.95) }, "worker w1: processor"},
		"two that fill their processors": {func(f *result.Fleet) {
			other := f.Workers[0]
			f.Workers[0].Host, other.Name, other.Host = "a", "w2", "a"
			f.Workers = append(f.Workers, other) // half of them each
		}, "worker w1: processor, worker w2: processor"},
		"a worker without arrivals": {func(f *result.Fleet) {
			other := f.Workers[0]
			other.Name, other.SendLagP99MS = "w2", nil
			f.Workers = append(f.Workers, other)
			f.Spans = append(f.Spans, result.LaneSpan{Lane: 1, Worker: "w2"})
		}, ""},
		"a worker that sent nothing": {func(f *result.Fleet) { f.Workers[0].SendLagP99MS = nil }, "worker w1: on time"},
		"a generator that is late":   {func(f *result.Fleet) { f.Workers[0].SendLagP99MS = new(80.0) }, "worker w1: on time"},
		"a collector that pauses":    {func(f *result.Fleet) { f.Workers[0].GCPauseMaxMS = new(51.0) }, "worker w1: garbage collector"},
		"a worker that says nothing": {func(f *result.Fleet) { f.Workers[0].CPUShare = nil }, "worker w1: processor"},
	} {
		f := ok()
		row.change(&f)
		out := harness.Conclude(harness.Scenario{}, harness.Measurement{Load: &harness.LoadSeen{Fleet: &f}})
		var failed []string
		for _, c := range out.Evidence {
			if c.Verdict != result.Pass && (c.Metric == "fleet.missing" || c.Name == "fleet held together" || len(c.Name) > 7 && c.Name[:7] == "worker ") {
				require.Equal(t, result.Inconclusive, c.Verdict)
				failed = append(failed, c.Name)
			}
		}
		if row.fails == "" {
			require.Empty(t, failed, name)
			continue
		}
		require.Equal(t, row.fails, strings.Join(failed, ", "), name)
		require.NotEqual(t, result.Pass, out.Verdict, name)
	}
}

// refusing is a sender that sends nothing.
type refusing struct{ harness.Sender }

func (refusing) Check([]load.Stream) error { return errors.New("it is code") }

func TestALoadThatCannotBeSentIsRefusedBeforeAnythingStarts(t *testing.T) {
	_, err := harness.Open(t.Context(), harness.Config{Sender: refusing{}, UndoDir: t.TempDir(), Target: harness.Launch{Program: "/none"}}, harness.Scenario{Name: "a/b"})
	var invalid *harness.InvalidError
	require.ErrorAs(t, err, &invalid)
	require.ErrorContains(t, err, "it is code")
}
