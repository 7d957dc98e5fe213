package view

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/result"
)

func TestTheMatrixIsProtectionsByScenarios(t *testing.T) {
	all := newMatrices(sample(t, "mixed").Detections)
	require.Len(t, all, 2)
	search, task := all[0], all[1]
	require.Equal(t, "search", search.Service)
	require.Equal(t, []string{"popular-term", "overload"}, search.Columns)
	require.Equal(t, []string{"", "search.shed-load", "search.sql-limit"}, rowsOf(search), "the control, then the worst")
	require.Equal(t, "PASS", search.Rows[2].Verdict.Word)
	require.Equal(t, MatrixCell{{Class: "pass", Mark: "✓", Word: "caught"}}, search.Rows[2].Cells[0])
	require.Equal(t, MatrixCell{{Class: "none", Mark: "·", Word: "caught otherwise"}}, search.Rows[2].Cells[1], "nobody claims it")
	require.Empty(t, search.Rows[1].Cells[0], "not tried")
	require.Equal(t, []string{"", "task.heartbeat", "task.jitter"}, rowsOf(task))
	require.Equal(t, "FAIL", task.Rows[1].Verdict.Word, "unguarded: no scenario, and a row all the same")
}

func rowsOf(m Matrix) (names []string) {
	for _, r := range m.Rows {
		names = append(names, r.Without)
	}
	return names
}

func TestWhatAProofCameTo(t *testing.T) {
	p := newProof(sample(t, "mixed").Detections)
	require.Equal(t, "Caught for the declared reason: 1 of 4\u00a0cells where a scenario claims what was taken away. Passed on the intact target: 2 of 3\u00a0controls.", p.Counts)
	require.Len(t, p.Open, 4)
	require.Equal(t, "search.shed-load", p.Open[0].Without, "worst first")
	require.Len(t, p.Settled, 4)
	require.Nil(t, newProof(sample(t, "passed").Detections))
}

// A file may name anything: what is too much to draw is told all the same.
func TestAMatrixThatIsTooLargeIsNotDrawn(t *testing.T) {
	run := &result.Run{}
	for i := range 400 {
		run.Detections = append(run.Detections, result.Detection{Without: fmt.Sprint("a.", i), Expected: fmt.Sprint("a/", i), Outcome: result.OutcomeMissed, Verdict: result.Fail})
	}
	p := newProof(run.Detections)
	require.True(t, p.TooLarge)
	require.Len(t, p.Open, 400)
}
