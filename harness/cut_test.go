package harness

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/fault"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
)

func TestWhatAStopCutIsCountedOfWhatWasUnderWay(t *testing.T) {
	const asked = 10 * time.Second
	at := func(instance int, sent, end time.Duration, class string) load.Exchange {
		return load.Exchange{Stream: "s", Instance: instance, Sent: sent, End: end, Class: class}
	}
	for name, row := range map[string]struct {
		x           load.Exchange
		cut, looked float64
	}{
		"answered after the stop":                  {at(0, 9*time.Second, 11*time.Second, ""), 0, 1},
		"refused in order after the stop":          {at(0, 9*time.Second, 11*time.Second, load.ClassShedByTarget), 0, 1},
		"reset after the stop":                     {at(0, 9*time.Second, 11*time.Second, load.ClassReset), 1, 1},
		"closed after the stop":                    {at(0, 9*time.Second, 11*time.Second, load.ClassEOF), 1, 1},
		"answered before the stop":                 {at(0, 8*time.Second, 9*time.Second, ""), 0, 0},
		"reset before the stop":                    {at(0, 8*time.Second, 9*time.Second, load.ClassReset), 0, 0},
		"reset, but sent as the door was closed":   {at(0, 9900*time.Millisecond, 10500*time.Millisecond, load.ClassReset), 0, 0},
		"reset, but sent after the stop":           {at(0, 10100*time.Millisecond, 11*time.Second, load.ClassReset), 0, 0},
		"reset by an instance that was not asked":  {at(1, 9*time.Second, 11*time.Second, load.ClassReset), 0, 0},
		"of another stream":                        {load.Exchange{Stream: "o", Sent: 9 * time.Second, End: 11 * time.Second, Class: load.ClassReset}, 0, 0},
		"given up by the caller, whose own it was": {at(0, 9*time.Second, 11*time.Second, load.ClassTimeout), 0, 1},
	} {
		t.Run(name, func(t *testing.T) {
			f := new(flights)
			f.note(row.x)
			stops := []stop{{at: asked, instance: 0}}
			got := f.cut("s", "", stops, verdict.Window{To: time.Minute})
			require.Equal(t, row.cut, got.Value)
			require.EqualValues(t, row.looked, got.Samples)
			require.Zero(t, f.cut("s", "", stops, verdict.Window{To: asked}).Samples, "in another window nothing was asked to end")
		})
	}
}

func TestTheStopsAreThoseThatTookPlace(t *testing.T) {
	s := Scenario{Instances: 2, Faults: []Fault{
		{ID: "lock", On: OnPostgres, Kind: fault.LockTable{Table: "t"}},
		{ID: "stop", On: OnTarget, Kind: fault.Terminate{}},
		{ID: "stop-2", On: OnInstance(2), Kind: fault.Terminate{}},
		{ID: "stop-3", On: OnTarget, Kind: fault.Terminate{}},
	}}
	require.True(t, s.stops())
	require.False(t, Scenario{Faults: s.Faults[:1]}.stops())
	require.Equal(t, []stop{{time.Second, "", 0}, {3 * time.Second, "", 1}}, stopsOf(s, []result.Fault{
		{StartS: 0.5, Fired: 9}, {StartS: 1, Fired: 1}, {StartS: 3, Fired: 1}, {StartS: 4},
	}))
	require.Empty(t, stopsOf(s, nil))
	s = ofParts(Fault{ID: "stop", On: "worker", Instances: 1, Kind: fault.Terminate{}}, Fault{ID: "web", On: "web", Kind: fault.Terminate{}})
	require.Equal(t, []stop{{time.Second, "worker", 0}, {2 * time.Second, "web", 0}}, stopsOf(s, []result.Fault{{StartS: 1, Fired: 1}, {StartS: 2, Fired: 1}}))
	s.Load = []load.Stream{{Name: "shop"}, {Name: "admin", To: "worker"}}
	require.Equal(t, []sent{{"shop", "web"}, {"admin", "worker"}}, s.requests())
	f := new(flights)
	f.note(load.Exchange{Stream: "shop", Sent: 0, End: 5 * time.Second, Class: load.ClassReset})
	require.Zero(t, f.cut("shop", "web", stopsOf(s, []result.Fault{{StartS: 1, Fired: 1}}), verdict.Window{To: time.Minute}).Samples, "a worker's stop cuts no request to the web")
}
