package reports

import (
	"io"

	"holdfast.dev/holdfast/harness/result"
)

// LiveHTML is [HTML] of a run that goes on: now says how it stands, in a sentence.
func LiveHTML(w io.Writer, run *result.Run, now string) error {
	p := newPage(shown(run))
	p.goOn()
	if p.Verdict.Word == runningNow().Word {
		p.Title = p.Verdict.Word + " – Holdfast run " + Visible(run.ID)
	}
	p.Sentence, p.Lacking = Visible(now), "The run is going on. This page is drawn anew every few seconds until it is over."
	return writePage(w, "page", p)
}

func runningNow() badge { return badge{Class: "none", Mark: "…", Word: "RUNNING"} }

// goOn says of all that has no verdict that it is still to come. What has one
// keeps it: a failure is proven, whatever comes.
func (p *page) goOn() {
	for _, b := range p.unjudged() {
		*b = runningNow()
	}
	for i := range p.Rows {
		p.Rows[i].Reason = toCome(p.Rows[i].Reason)
	}
	for i := range p.Scenarios {
		p.Scenarios[i].Reason = toCome(p.Scenarios[i].Reason)
	}
	for i := range p.Tiles {
		if p.Tiles[i].Name == "Journal" {
			p.Tiles[i] = tile{Class: "none", Mark: result.NotExercised.Mark(), Name: "Journal", Value: "being written"}
		}
	}
}

func (p *page) unjudged() []*badge {
	all := []*badge{&p.Verdict}
	for i := range p.Rows {
		all = append(all, &p.Rows[i].Verdict)
	}
	for i := range p.Scenarios {
		all = append(all, &p.Scenarios[i].Verdict)
	}
	none := badgeOf("")
	kept := all[:0]
	for _, b := range all {
		if *b == none {
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
