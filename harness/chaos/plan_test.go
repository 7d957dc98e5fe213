package chaos

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/fault"
)

// planned is what, where and when, in a line.
func planned(id, on string, kind fault.Kind, from, to time.Duration) Planned {
	return Planned{Fault: fault.Fault{ID: id, Kind: kind}, On: on, From: from, To: to}
}

func TestAPlanIsJudgedBeforeTheRun(t *testing.T) {
	places := map[string]fault.Support{"database": ProxySupport(), "target": ProcessSupport(), "sessions": SessionsSupport()}
	slow := fault.After(time.Second)
	for name, tt := range map[string]struct {
		plan []Planned
		want []string // parts of the error; none: valid
	}{
		"nothing": {nil, nil},
		"a window and a moment": {[]Planned{
			planned("slow", "database", slow, 2*time.Second, 5*time.Second),
			planned("kill", "target", fault.Kill{}, 3*time.Second, 0),
		}, nil},
		"one after the other": {[]Planned{
			planned("a", "database", slow, 1, 2), planned("b", "database", slow, 2, 3),
		}, nil},
		"different kinds at once": {[]Planned{
			planned("a", "database", slow, 1, 9), planned("b", "database", fault.BlackHole{}, 3, 4), planned("c", "database", fault.Reset{}, 3, 4),
		}, nil},
		"the same in different directions": {[]Planned{
			planned("a", "database", fault.Delay{Distribution: fault.Fixed(1), Direction: fault.Up}, 1, 9), planned("b", "database", fault.Delay{Distribution: fault.Fixed(1), Direction: fault.Down}, 1, 9),
		}, nil},
		"a mistyped place":               {[]Planned{planned("a", "databse", slow, 1, 2)}, []string{`there is no place "databse"; did you mean "database"?`}},
		"a place that nobody could mean": {[]Planned{planned("a", "mail", slow, 1, 2)}, []string{`there are ["database" "sessions" "target"]`}},
		"a kind of another place":        {[]Planned{planned("a", "target", slow, 1, 2)}, []string{`a process cannot carry out "delay"`}},
		"no kind":                        {[]Planned{planned("a", "target", nil, 1, 2)}, []string{"it has no kind"}},
		"no id":                          {[]Planned{planned("", "target", fault.Kill{}, 1, 0)}, []string{"it has no id"}},
		"parameters that make no sense":  {[]Planned{planned("a", "database", fault.Delay{}, 1, 2)}, []string{"delay without a time"}},
		"a delay of nothing":             {[]Planned{planned("a", "database", fault.After(0), 1, 2)}, []string{"more than nothing"}},
		"within an answer":               {[]Planned{planned("a", "database", fault.Reset{At: "body"}, 1, 2)}, []string{"a TCP proxy knows no answers"}},
		"a kind of a fake":               {[]Planned{planned("a", "database", fault.Hang{At: "headers"}, 1, 2)}, []string{`the nearest to it here is "black-hole"`}},
		"a selector that it does not know": {[]Planned{{
			Fault: fault.Fault{ID: "a", Kind: slow, When: fault.Selector{Keys: []string{"oracle-3"}}}, On: "database", From: 1, To: 2,
		}}, []string{"a TCP proxy does not understand key=; it understands: p, nth, every"}},
		"a window turned round":               {[]Planned{planned("a", "database", slow, 5, 2)}, []string{"not after it begins"}},
		"no window":                           {[]Planned{planned("a", "database", slow, 5, 5)}, []string{"not after it begins"}},
		"before the start":                    {[]Planned{planned("a", "database", slow, -1, 5)}, []string{"before the start"}},
		"a moment with an end":                {[]Planned{planned("a", "target", fault.Kill{}, 1, 5)}, []string{"has no end"}},
		"the same id":                         {[]Planned{planned("a", "target", fault.Kill{}, 1, 0), planned("a", "target", fault.Kill{}, 2, 0)}, []string{"two of that id"}},
		"the same bytes":                      {[]Planned{planned("a", "database", slow, 1, 3), planned("b", "database", fault.Delay{Distribution: fault.Fixed(1), Direction: fault.Both}, 2, 4)}, []string{`faults "a" and "b"`, "act on the same bytes"}},
		"both decide on new connections":      {[]Planned{planned("a", "database", fault.Refuse{}, 1, 3), planned("b", "database", fault.Reset{}, 2, 4)}, []string{"both decide"}},
		"a kill in a pause":                   {[]Planned{planned("a", "target", fault.Pause{}, 1, 3), planned("b", "target", fault.Kill{}, 2, 0)}, []string{"act on one process"}},
		"a kill as a pause begins":            {[]Planned{planned("a", "target", fault.Kill{}, 1, 0), planned("b", "target", fault.Pause{}, 1, 3)}, []string{"act on one process"}},
		"a kill as a pause ends":              {[]Planned{planned("a", "target", fault.Pause{}, 1, 3), planned("b", "target", fault.Kill{}, 3, 0)}, nil},
		"the same table locked twice at once": {[]Planned{planned("a", "sessions", fault.LockTable{Table: "t"}, 1, 3), planned("b", "sessions", fault.LockTable{Table: "t"}, 2, 3)}, []string{"is on already"}},
		"all problems at once": {[]Planned{
			planned("a", "databse", slow, 5, 2), planned("b", "target", slow, -1, 5), planned("a", "target", fault.Kill{}, 1, 2),
		}, []string{"databse", "not after", "cannot carry out", "before the start", "no end", "two of that id"}},
	} {
		t.Run(name, func(t *testing.T) {
			err := Validate(places, tt.plan)
			if tt.want == nil {
				require.NoError(t, err)
				return
			}
			for _, part := range tt.want {
				require.ErrorContains(t, err, part)
			}
			real := map[string]Place{"database": &Proxy{}, "target": &Signals{}, "sessions": &Sessions{}}
			_, err = Start(t.Context(), Config{Start: time.Now(), Places: real, Plan: tt.plan})
			require.Error(t, err, "and such a plan is not begun")
		})
	}
}

func TestAPlannedFaultReadsAsPeopleSayIt(t *testing.T) {
	require.Equal(t, "slow: delay 200ms on database, 2s to 5s",
		planned("slow", "database", fault.After(200*time.Millisecond), 2*time.Second, 5*time.Second).String())
	require.Equal(t, "crash: kill on target, at 3s", planned("crash", "target", fault.Kill{}, 3*time.Second, 0).String())
}

func TestATimelineNeedsAStartAndBoundsThatAreOne(t *testing.T) {
	_, err := Start(t.Context(), Config{})
	require.ErrorContains(t, err, "no start")
	for _, cfg := range []Config{{ApplyTimeout: -1}, {UndoTimeout: -1}} {
		cfg.Start = time.Now()
		_, err := Start(t.Context(), cfg)
		require.ErrorContains(t, err, "negative")
	}
}

var errBroken = errors.New("broken")
