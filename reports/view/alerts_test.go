package view

import (
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/result"
)

func alertCells() []result.AlertCell {
	return []result.AlertCell{
		{Alert: "Down", Severity: "page", Scenario: "alerts/gone", Expected: result.AlertFires, FiredS: ptr(120.0), ResolvedS: ptr(60.0), WithinS: ptr(300.0), Verdict: result.Pass},
		{Alert: "Deep", Severity: "ticket", Scenario: "alerts/gone", Expected: result.AlertSilent, Verdict: result.Pass},
		{Alert: "Old", Scenario: "alerts/gone", Expected: result.AlertMay, FiredS: ptr(240.0), Verdict: result.Pass},
		{Alert: "Down", Severity: "page", Scenario: "calm", Expected: result.AlertSilent, FiredS: ptr(30.0), Verdict: result.Fail, Reason: "it fired, and is not expected"},
		{Alert: "Deep", Severity: "ticket", Scenario: "calm", Expected: result.AlertFires, WithinS: ptr(300.0), Verdict: result.NotExercised, Reason: "it was not run"},
	}
}

func TestAlertsAgainstFaults(t *testing.T) {
	require.Nil(t, newAlerts(nil), "most runs are not about alerts")
	a := newAlerts(alertCells())
	require.Equal(t, []string{"gone", "calm"}, a.Columns)
	require.Equal(t, "Fired in time and was resolved: 1 of 2"+nbsp+"cells where a fault is to be told of. Was silent: 1 of 2"+nbsp+"cells where it is to be.", a.Counts)
	require.Len(t, a.Rows, 3)
	down := a.Rows[0]
	require.Equal(t, "Down", down.Alert)
	require.Equal(t, result.Fail, down.Verdict.Is, "the worst of its cells")
	require.Equal(t, "✓ 2"+nbsp+"min 00"+nbsp+"s", down.Cells[0][0].Mark+" "+down.Cells[0][0].Word)
	require.Equal(t, "✕", down.Cells[1][0].Mark)
	require.Equal(t, Cell{Class: "none", Mark: "·", Word: "silent"}, a.Rows[1].Cells[0][0])
	require.Equal(t, "·", a.Rows[2].Cells[0][0].Mark, "what may fire is no success")
	require.Empty(t, a.Rows[2].Cells[1], "nothing is known of it there")
	require.Equal(t, []string{"Down", "Deep"}, []string{a.Open[0].Alert, a.Open[1].Alert}, "the worst first")
	require.Equal(t, "fires within 5"+nbsp+"min 00"+nbsp+"s", a.Open[1].Expected)
}

func TestATooLargeMatrixOfAlertsIsNotDrawn(t *testing.T) {
	var cells []result.AlertCell
	for i := range 60 {
		for j := range 60 {
			cells = append(cells, result.AlertCell{Alert: string(rune('A'+i)) + "x", Scenario: string(rune('a' + j)), Expected: result.AlertSilent, Verdict: result.Pass})
		}
	}
	a := newAlerts(cells)
	require.True(t, a.TooLarge)
	require.Empty(t, a.Rows)
}

func TestTheCourseOfAnAlert(t *testing.T) {
	end := 60.0
	s := result.Scenario{
		Faults: []result.Fault{{ID: "f", StartS: 20, EndS: &end}}, Phases: []result.Phase{{Name: result.Heal, To: result.Seconds(100)}},
		Series: []result.Series{
			{Name: "alert.Down.state", T: []float64{0, 20, 20, 30, 30, 70, 70, 100}, V: []float64{0, 0, 1, 1, 2, 2, 0, 0}},
			{Name: "alert.Deep.state", T: []float64{0, 100}, V: []float64{0, 0}}, {Name: "web.rss", T: []float64{0}, V: []float64{1}},
		},
	}
	all := alertCourses(s)
	require.Len(t, all, 2)
	down := all[0]
	require.Equal(t, "Down", down.Alert)
	require.Equal(t, []Stretch{{"200.0", "400.0"}}, down.Fault)
	require.Equal(t, []Stretch{{"200.0", "100.0"}}, down.Pending)
	require.Equal(t, []Stretch{{"300.0", "400.0"}}, down.Firing)
	require.Equal(t, "pending from 20"+nbsp+"s, firing from 30"+nbsp+"s to 70"+nbsp+"s", down.Words)
	require.Equal(t, "inactive", all[1].Words)
	s.Faults, s.Phases = nil, append(s.Phases, result.Phase{Name: result.Inject, From: result.Seconds(20), To: result.Seconds(60)})
	require.Equal(t, down.Fault, alertCourses(s)[0].Fault, "a fault without a receipt is its phase")
}
