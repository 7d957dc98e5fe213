package oracle

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/scenarios/contract"
	"holdfast.dev/holdfast/scenarios/contract/mapped"
)

// theirs is a service of which a team tells what it knows.
func theirs(change func(*mapped.Impact)) *service {
	m := mapped.Impact{
		Response: mapped.Response{
			Results: "results", Status: "status", Good: []string{"ok"}, Failed: []string{"error"}, Error: "error", Data: "data",
			Classes: map[contract.ImpactClass][]string{contract.TimedOut: {"timeout"}, contract.BadStatus: {"http_error"}},
		},
		Here: "apis", There: "others", APIs: "api-{n}", First: true, AtMost: 2,
		Answers: map[string][]string{"apis": {`{"co2":7}`}, "others": {`{"co2":7}`}},
		Projects: []mapped.Project{
			{ID: "1", Active: 2}, {ID: "2", Active: 2, There: true}, {ID: "3", Active: 100}, {ID: "4", Active: 10}, {ID: "5", Active: 10, There: true},
		},
	}
	if change != nil {
		change(&m)
	}
	return over(m.Over(func() harness.World { return harness.World{} }))
}

func told(results string) load.Answer {
	return load.Answer{Status: 200, Body: []byte(`{"results":{` + results + `}}`)}
}

const fine = `"api-2":{"status":"ok","data":{"co2":7}}`

// failedBy is an answer in which one API failed, with a text.
func failedBy(text string) load.Answer {
	return told(fmt.Sprintf(`"api-1":{"status":"error","error":%q},`, text) + fine)
}

// A class whose text was told is judged wherever it stands; a text of no class may be one of
// a class that was not told, and means nothing else that is known.
func TestAClassIsJudgedAsFarAsItWasTold(t *testing.T) {
	s := theirs(nil)
	about := s.project(2, "apis")
	for _, row := range []struct {
		name   string
		answer load.Answer
		may    []contract.ImpactClass
		class  string
	}{
		{"one that was told, as told", failedBy("timeout"), []contract.ImpactClass{contract.TimedOut}, ""},
		{"one that was told, as another that was", failedBy("http_error"), []contract.ImpactClass{contract.TimedOut}, "check_answers"},
		{"one that was told, as nobody told", failedBy("gave up"), []contract.ImpactClass{contract.BadStatus}, unreadable},
		{"one that was not, in free words", failedBy("refused by 127.0.0.1:34121"), []contract.ImpactClass{contract.Connection}, ""},
		{"one that was not, as one that was", failedBy("http_error"), []contract.ImpactClass{contract.Connection}, "check_answers"},
		{"a status of no meaning", told(`"api-1":{"status":"odd"},` + fine), []contract.ImpactClass{contract.Connection}, unreadable},
		{"no status", told(`"api-1":{},` + fine), []contract.ImpactClass{contract.Connection}, "check_answers"},
		{"an error with data, as nobody told", told(`"api-1":{"status":"error","error":"gave up","data":{"co2":7}},` + fine), []contract.ImpactClass{contract.BadStatus}, "check_answers"},
	} {
		t.Run(row.name, func(t *testing.T) {
			require.Equal(t, row.class, s.whole(about, fails{"api-1": row.may}).Judge(row.answer))
		})
	}
}

// What cannot be read is no failure: nothing was shown, and the word that came is said.
func TestAWordThatNobodyToldIsNotExercised(t *testing.T) {
	s := theirs(nil)
	about := s.project(2, "apis")
	sc := s.in(harness.Scenario{Load: []load.Stream{s.impacts("impact", about, 1, harness.Timeline{}, s.whole(about, fails{"api-1": {contract.BadStatus}}))}})
	reconcile := func(a load.Answer) error {
		companion := sc.Companion()
		companion.Answered(load.Exchange{Stream: "impact", Class: sc.Load[0].Expect.Judge(a)}, load.Request{}, a)
		_, err := sc.Reconcile(context.Background(), harness.State{Companion: companion})
		return err
	}
	require.NoError(t, reconcile(failedBy("http_error")))
	require.NoError(t, reconcile(failedBy("timeout")), "a wrong answer is a failure")
	err := reconcile(failedBy("gave up"))
	require.ErrorContains(t, err, `contracts.impact, api-1: response.classes is mapped to error, which should be one of http_error, timeout, and the answer has "gave up" there`)
	require.IsType(t, harness.Unmet(nil), err)
}

// A fault that leaves what is played as it is, is not laid, and nobody has to notice it.
func TestOnlyWhatChangesAnAnswerIsPlayed(t *testing.T) {
	for _, row := range []struct {
		name, body, not string
		claim           string
	}{
		{"a number", `{"co2":7}`, "wrong id, wrong stale, json missing field=data", "No answer that is malformed, of the wrong types or cut short is passed on as data."},
		{"a text", `{"name":"x"}`, "json nan, json huge, wrong id, wrong stale, json missing field=data", "No answer that is malformed, of the wrong types or cut short is passed on as data."},
		{"a list", `[1]`, "json types, json nulls, json nan, json huge, wrong id, wrong stale, json missing field=data", "No answer that is malformed or cut short is passed on as data."},
		{"unknown", ``, "json types, json nulls, json nan, json huge, wrong id, wrong stale, cut silent, json missing field=data, json empty", "No answer that is malformed is passed on as data."},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := theirs(func(m *mapped.Impact) {
				m.AtMost, m.Answers = 10, map[string][]string{"apis": {`{"data":{"n":1}}`, row.body}, "others": {row.body}}
			})
			sc := malformedAnswers(named(t, "smoke"), s)
			require.Empty(t, sc.Lacks)
			require.Equal(t, row.claim, sc.Claim)
			require.Equal(t, row.not, sc.World.Facts[contract.NotTried])
			for _, f := range sc.Faults {
				require.NotContains(t, strings.Split(row.not, ", "), f.Kind.String())
			}
			require.Len(t, sc.Faults, 15-len(strings.Split(row.not, ", ")))
		})
	}
}

// Which are asked can be claimed where it is told; what is not judged is said.
func TestAClaimIsWhatIsJudged(t *testing.T) {
	first := hundredActive(named(t, "smoke"), theirs(func(m *mapped.Impact) { m.Truncated = "more" }))
	require.Equal(t, "Of 100 active oracles the first two are asked, at the same time, and the answer says that the rest was left out.", first.Claim)
	require.Equal(t, "impact.calls_at_once", first.World.Facts[contract.NotLookedAt])

	any := hundredActive(named(t, "smoke"), theirs(func(m *mapped.Impact) { m.First = false }))
	require.Equal(t, "Of 100 active oracles two are asked, at the same time.", any.Claim)
	require.Equal(t, "apis.beyond_cap, impact.calls_at_once", any.World.Facts[contract.NotLookedAt])
}

// The line to add is the one that is missing.
func TestWhoIsAskedIsToldByTwoLines(t *testing.T) {
	for _, row := range []struct {
		change func(*mapped.Impact)
		says   string
	}{
		{func(m *mapped.Impact) { m.APIs = "" }, `not told: add contracts.impact.apis: "oracle-{n}"`},
		{func(m *mapped.Impact) { m.First = false }, "not told: add contracts.impact.asked: first, if those are that come first"},
	} {
		s := theirs(row.change)
		s.named(s.project(100, "apis"), 2)
		require.Contains(t, s.in(harness.Scenario{}).Lacks, row.says)
	}
	s := theirs(func(m *mapped.Impact) { m.There = "" })
	s.named(s.project(2, s.There), 2)
	require.Equal(t, []string{"not told: add contracts.impact.there: other_apis"}, s.in(harness.Scenario{}).Lacks)
}
