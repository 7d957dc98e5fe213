package view

import (
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/reports/visible"
)

// Live derives the drawn view of a run that goes on: now says how it stands, in a
// sentence. What has no verdict is still to come; what has one keeps it, for a
// failure is proven, whatever comes.
func Live(run *result.Run, now string) Run {
	v := Drawn(run)
	running := Badge{Class: "none", Mark: "…", Word: "RUNNING"}
	for _, b := range v.unjudged() {
		*b = running
	}
	if v.Verdict == running {
		v.Title = running.Word + " – Holdfast run " + v.ID
	}
	v.Sentence, v.Lacking = visible.Text(now), "The run is going on. This page is drawn anew every few seconds until it is over."
	for i := range v.Rows {
		v.Rows[i].Reason = toCome(v.Rows[i].Reason)
	}
	for i := range v.Scenarios {
		v.Scenarios[i].Reason = toCome(v.Scenarios[i].Reason)
	}
	for i := range v.Tiles {
		if v.Tiles[i].Name == journalName {
			v.Tiles[i] = Tile{Class: "none", Mark: result.NotExercised.Mark(), Name: journalName, Value: "being written"}
		}
	}
	return v
}

// unjudged are the badges of what has no verdict.
func (v *Run) unjudged() []*Badge {
	all := []*Badge{&v.Verdict}
	for i := range v.Rows {
		all = append(all, &v.Rows[i].Verdict)
	}
	for i := range v.Scenarios {
		all = append(all, &v.Scenarios[i].Verdict)
	}
	kept := all[:0]
	for _, b := range all {
		if b.Is == "" {
			kept = append(kept, b)
		}
	}
	return kept
}

func toCome(reason string) string {
	if reason == unjudged {
		return "not judged yet"
	}
	return reason
}
