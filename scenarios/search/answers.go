package search

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/reference/schema"
)

// poolMax is the target's own bound on its connections to the database: ten for
// requests, eight for its tasks and one that listens.
const poolMax = 10 + 8 + 1

// termClass is one class of query with its one right answer.
type termClass struct {
	name   string // as its stream is called
	query  string
	expect load.Expectation
	easy   bool // the source's "millions": must be answered in 10 ms at any size
}

// termClasses lists every class of query that the search must hold for.
func termClasses(projects int) []termClass {
	class := func(name, query string, easy bool, terms ...string) termClass {
		return termClass{name, query, exactlyAll(projects, terms...), easy}
	}
	all := schema.TermEverywhere
	return []termClass{
		class("everywhere", all, true, all),
		class("one-row", schema.TermOne, true, schema.TermOne),
		class("two-hundred", schema.TermTwoHundred, true, schema.TermTwoHundred),
		class("rare-and-old", schema.TermRareOld, true, schema.TermRareOld),
		class("absent", schema.TermAbsentLong, true, schema.TermAbsentLong),
		class("absent-two-letters", schema.TermAbsentTwo, true, schema.TermAbsentTwo),
		class("absent-three-letters", schema.TermAbsentThree, true, schema.TermAbsentThree),
		class("half-percent", schema.TermHalfPercent, false, schema.TermHalfPercent),
		class("half-percent-old", schema.TermHalfPercentOld, false, schema.TermHalfPercentOld),
		class("thirty-percent-old", schema.TermThirtyPercentOld, false, schema.TermThirtyPercentOld),
		class("accents", "ELEVE", false, schema.TermAccents),
		class("percent-sign", schema.TermPercent, false, schema.TermPercent),
		class("underscore", schema.TermUnderscore, false, schema.TermUnderscore),
		class("backslash", schema.TermBackslash, false, schema.TermBackslash),
		class("several-words", schema.TermTwoHundred+" "+all, false, schema.TermTwoHundred, all),
		class("200-characters", strings.TrimSpace(strings.Repeat(all+" ", 29))[:200], false, all),
		{name: "one-character", query: "e", expect: newestFirstHundred()},
	}
}

// inTurn is the stream of one class among several that together make a steady
// rate: each begins one turn after the other, for streams of the same rate that
// begin at once would be bursts.
func inTurn(c termClass, i, of int, total float64, t harness.Timeline) load.Stream {
	startAt := time.Duration(float64(i) / total * float64(time.Second))
	return load.Stream{
		Name: c.name, StartAt: startAt, Profile: load.Constant(total/float64(of), t.Total()-startAt),
		Next: Requests(c.query), Expect: c.expect,
	}
}

// exactly expects the one right answer to a planted term: the newest hundred
// projects that hold it, newest first, each once.
func exactly(term string, projects int) load.Expectation { return exactlyAll(projects, term) }

func exactlyAll(projects int, terms ...string) load.Expectation {
	want := newestMatches(int64(projects), terms)
	e := load.All(load.Status(200), load.Check("exact", func(a load.Answer) bool {
		got, ok := idsOf(a.Body)
		return ok && slices.Equal(got, want)
	}))
	return e
}

// newestMatches are the ids of the newest hundred projects that hold all terms.
func newestMatches(projects int64, terms []string) []int64 {
	planted := slices.DeleteFunc(schema.Terms(), func(t schema.Term) bool { return !slices.Contains(terms, t.Query) })
	ids := []int64{}
	for id := projects; id > 0 && len(ids) < maxResults; id-- {
		if !slices.ContainsFunc(planted, func(t schema.Term) bool { return !t.On(id, projects) }) {
			ids = append(ids, id)
		}
	}
	return ids
}

// newestFirstHundred expects a full page, newest first, each project once:
// for terms that are not planted and that any data set is full of.
func newestFirstHundred() load.Expectation {
	return load.All(load.Status(200), load.Check("full_page", func(a load.Answer) bool {
		got, ok := idsOf(a.Body)
		return ok && len(got) == maxResults && falling(got)
	}))
}

// falling says whether each id is less than the one before it, and so there once.
func falling(ids []int64) bool {
	for i := 1; i < len(ids); i++ {
		if ids[i] >= ids[i-1] {
			return false
		}
	}
	return true
}

// idsOf reads the ids of an answer's results, in their order.
func idsOf(body []byte) ([]int64, bool) {
	var answer struct {
		Results []struct {
			ID int64 `json:"id"`
		} `json:"results"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return nil, false
	}
	ids := make([]int64, len(answer.Results))
	for i, r := range answer.Results {
		ids[i] = r.ID
	}
	return ids, true
}
