package search

import (
	"strings"
	"time"

	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/reference/schema"
	"holdfast.dev/holdfast/scenarios/search/model"
)

// poolMax is the target's own bound on its connections to the database: ten for
// requests, eight for its tasks and one that listens.
const poolMax = 10 + 8 + 1

// termClass is one class of query.
type termClass struct {
	name  string // as its stream is called
	query string
	easy  bool // the source's "millions": must be answered in 10 ms at any size
}

// termClasses lists every class of query that the search must hold for.
func termClasses() []termClass {
	all := schema.TermEverywhere
	return []termClass{
		{"everywhere", all, true},
		{"one-row", schema.TermOne, true},
		{"two-hundred", schema.TermTwoHundred, true},
		{"rare-and-old", schema.TermRareOld, true},
		{"absent", schema.TermAbsentLong, true},
		{"absent-two-letters", schema.TermAbsentTwo, true},
		{"absent-three-letters", schema.TermAbsentThree, true},
		{"half-percent", schema.TermHalfPercent, false},
		{"half-percent-old", schema.TermHalfPercentOld, false},
		{"thirty-percent-old", schema.TermThirtyPercentOld, false},
		{"accents", "ELEVE", false},
		{"percent-sign", schema.TermPercent, false},
		{"underscore", schema.TermUnderscore, false},
		{"backslash", schema.TermBackslash, false},
		{"several-words", schema.TermTwoHundred + " " + all, false},
		{"200-characters", strings.TrimSpace(strings.Repeat(all+" ", 29))[:model.MaxQueryLength], false},
		{"one-character", "e", false},
	}
}

// inTurn is the stream of one class among several that together make a steady
// rate: each begins one turn after the other, for streams of the same rate that
// begin at once would be bursts.
func (s Searches) inTurn(c termClass, i, of int, total float64, t harness.Timeline) load.Stream {
	startAt := time.Duration(float64(i) / total * float64(time.Second))
	stream := s.Served(c.name, load.Constant(total/float64(of), t.Total()-startAt), Only(c.query))
	stream.StartAt = startAt
	return stream
}
