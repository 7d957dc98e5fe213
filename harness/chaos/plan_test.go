package chaos

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestAPlanIsJudgedBeforeTheRun(t *testing.T) {
	places := map[string]Place{"database": &Proxy{}, "target": &Signals{}, "sessions": &Sessions{}}
	slow := Delay{Each: time.Second}
	for name, tt := range map[string]struct {
		plan []Planned
		want []string // parts of the error; none: valid
	}{
		"nothing": {nil, nil},
		"a window and a moment": {[]Planned{
			{"slow", "database", slow, 2 * time.Second, 5 * time.Second},
			{"kill", "target", Kill{}, 3 * time.Second, 0},
		}, nil},
		"one after the other": {[]Planned{
			{"a", "database", slow, 1, 2}, {"b", "database", slow, 2, 3},
		}, nil},
		"different kinds at once": {[]Planned{
			{"a", "database", slow, 1, 9}, {"b", "database", BlackHole{}, 3, 4}, {"c", "database", Reset{}, 3, 4},
		}, nil},
		"the same in different directions": {[]Planned{
			{"a", "database", Delay{Each: 1, Direction: Up}, 1, 9}, {"b", "database", Delay{Each: 1, Direction: Down}, 1, 9},
		}, nil},
		"a mistyped place":                    {[]Planned{{"a", "databse", slow, 1, 2}}, []string{`there is no place "databse"; did you mean "database"?`}},
		"a place that nobody could mean":      {[]Planned{{"a", "mail", slow, 1, 2}}, []string{`there are ["database" "sessions" "target"]`}},
		"a kind of another place":             {[]Planned{{"a", "target", slow, 1, 2}}, []string{`a process cannot carry out "delay 1s"`}},
		"no kind":                             {[]Planned{{"a", "target", nil, 1, 2}}, []string{"it has no kind"}},
		"no id":                               {[]Planned{{"", "target", Kill{}, 1, 0}}, []string{"it has no id"}},
		"parameters that make no sense":       {[]Planned{{"a", "database", Delay{}, 1, 2}}, []string{"more than nothing"}},
		"a window turned round":               {[]Planned{{"a", "database", slow, 5, 2}}, []string{"not after it begins"}},
		"no window":                           {[]Planned{{"a", "database", slow, 5, 5}}, []string{"not after it begins"}},
		"before the start":                    {[]Planned{{"a", "database", slow, -1, 5}}, []string{"before the start"}},
		"a moment with an end":                {[]Planned{{"a", "target", Kill{}, 1, 5}}, []string{"has no end"}},
		"the same id":                         {[]Planned{{"a", "target", Kill{}, 1, 0}, {"a", "target", Kill{}, 2, 0}}, []string{"two of that id"}},
		"the same bytes":                      {[]Planned{{"a", "database", slow, 1, 3}, {"b", "database", Delay{Each: 1, Direction: Both}, 2, 4}}, []string{`faults "a" and "b"`, "act on the same bytes"}},
		"both decide on new connections":      {[]Planned{{"a", "database", Refuse{}, 1, 3}, {"b", "database", Reset{}, 2, 4}}, []string{"both decide"}},
		"a kill in a pause":                   {[]Planned{{"a", "target", Pause{}, 1, 3}, {"b", "target", Kill{}, 2, 0}}, []string{"act on one process"}},
		"a kill as a pause begins":            {[]Planned{{"a", "target", Kill{}, 1, 0}, {"b", "target", Pause{}, 1, 3}}, []string{"act on one process"}},
		"a kill as a pause ends":              {[]Planned{{"a", "target", Pause{}, 1, 3}, {"b", "target", Kill{}, 3, 0}}, nil},
		"the same table locked twice at once": {[]Planned{{"a", "sessions", LockTable{"t"}, 1, 3}, {"b", "sessions", LockTable{"t"}, 2, 3}}, []string{"is on already"}},
		"all problems at once": {[]Planned{
			{"a", "databse", slow, 5, 2}, {"b", "target", slow, -1, 5}, {"a", "target", Kill{}, 1, 2},
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
			_, err = Start(t.Context(), Config{Start: time.Now(), Places: places, Plan: tt.plan})
			require.Error(t, err, "and such a plan is not begun")
		})
	}
}

func TestAPlannedFaultReadsAsPeopleSayIt(t *testing.T) {
	require.Equal(t, "slow: delay 200ms on database, 2s to 5s",
		Planned{"slow", "database", Delay{Each: 200 * time.Millisecond}, 2 * time.Second, 5 * time.Second}.String())
	require.Equal(t, "crash: kill on target, at 3s", Planned{"crash", "target", Kill{}, 3 * time.Second, 0}.String())
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
