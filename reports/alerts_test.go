package reports_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/reports"
)

// A rule's name and reason come from a team's own file: they stay text.
func TestAlertsOfHostileTextStayText(t *testing.T) {
	run := &result.Run{Schema: result.Schema, ID: "a", Complete: true, Verdict: result.Fail, Alerts: []result.AlertCell{
		{Alert: "<script>|x", Severity: "<b>", Scenario: "a/<i>", Expected: result.AlertSilent, Verdict: result.Fail, Reason: "<script>alert(1)</script> | `x`"},
	}}
	var page, summary bytes.Buffer
	require.NoError(t, reports.HTML(&page, run))
	require.NoError(t, reports.Markdown(&summary, run))
	require.Contains(t, page.String(), "Alerts against faults")
	require.NotContains(t, page.String(), "<script>alert(1)")
	require.NotContains(t, page.String(), "<script>|x")
	require.Contains(t, summary.String(), "Alerts against faults")
	require.NotContains(t, summary.String(), "| <script>")
	require.NotContains(t, summary.String(), "<script>alert(1)")
}
