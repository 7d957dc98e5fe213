package oracle

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"

	"holdfast.dev/holdfast/fakes/oracleapi"
	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/scenarios/profile"
)

// impactAnswer is the target's answer to GET /projects/{id}/impact.
type impactAnswer struct {
	ProjectID int64 `json:"project_id"`
	Active    int   `json:"active"`
	Queried   int   `json:"queried"`
	Truncated bool  `json:"truncated"`

	Results map[string]oracleResult `json:"results"`
}

// oracleResult is what the target says of one oracle.
type oracleResult struct {
	Status string         `json:"status"`
	Error  string         `json:"error"`
	Detail string         `json:"detail"`
	Data   oracleapi.Data `json:"data"`
}

// impact expects the whole answer about a project with so many active oracles:
// it tells how many there are and that it was cut, and each of the first ten is
// ok, with that oracle's data on that project. Those in mayFail may instead be an
// error of one of the classes that are named for it, apart by "|".
func impact(active int, mayFail map[string]string) load.Expectation {
	asked := names(min(active, maxOracles))
	return load.All(load.Status(200), answering("answers", func(got impactAnswer) bool {
		if got.Active != active || got.Queried != len(asked) ||
			got.Truncated != (active > len(asked)) || len(got.Results) != len(asked) {
			return false
		}
		for _, name := range asked {
			r, there := got.Results[name]
			if !there || !r.good(name, got.ProjectID) && !r.failed(mayFail[name]) {
				return false
			}
		}
		return true
	}))
}

// good reports whether a result is that oracle's data on that project.
func (r oracleResult) good(oracle string, project int64) bool {
	return r.Status == "ok" && r.Error == "" && r.Data == oracleapi.DataOf(profile.DataSeed, oracle, project, r.Data.AsOf)
}

// failed reports whether a result is an error of one of these classes, apart by "|",
// that tells nothing of where the oracle is.
func (r oracleResult) failed(classes string) bool {
	return r.Status == "error" && r.Error != "" && slices.Contains(strings.Split(classes, "|"), r.Error) &&
		r.Data == oracleapi.Data{} && !address.MatchString(r.Detail)
}

// address is what a detail may not hold: a URL, a path, a host or its port.
var address = regexp.MustCompile(`://|/oracles|localhost|\d+\.\d+\.\d+\.\d+|\[::|:\d{2,5}\b`)

// answering checks an answer that is read as JSON.
func answering(name string, right func(impactAnswer) bool) load.Expectation {
	return load.Check(name, func(a load.Answer) bool {
		var got impactAnswer
		return json.Unmarshal(a.Body, &got) == nil && right(got)
	})
}

// failing expects that those in must fail, each with one of its classes, and of
// the others none but those in may.
func failing(active int, must, may map[string]string) load.Expectation {
	either := maps.Clone(must)
	maps.Copy(either, may)
	return load.All(impact(active, either), answering("failures", func(got impactAnswer) bool {
		for name := range must {
			if got.Results[name].Status != "error" {
				return false
			}
		}
		return true
	}))
}

// each gives the same classes to several oracles.
func each(oracles []string, classes string) map[string]string {
	m := map[string]string{}
	for _, name := range oracles {
		m[name] = classes
	}
	return m
}

// impacts asks about one project at a steady rate.
func impacts(name string, project int64, rate float64, t harness.Timeline, expect load.Expectation) load.Stream {
	path := fmt.Sprintf("/projects/%d/impact", project)
	about := answering("project", func(got impactAnswer) bool { return got.ProjectID == project })
	return load.Stream{
		Name: name, Profile: load.Throughout(rate).Over(t.Phases()), Expect: load.All(expect, about),
		Next: func(int64, *rand.Rand) load.Request { return load.Request{Path: path} },
	}
}
