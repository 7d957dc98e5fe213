package scenarios

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"

	"holdfast.dev/holdfast/fakes/host"
	"holdfast.dev/holdfast/fakes/journal"
	"holdfast.dev/holdfast/fakes/oracleapi"
	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
	"holdfast.dev/holdfast/reference/schema"
)

// Places of the oracle scenarios.
const (
	oracleAPI = "oracle_api"
	sickAPI   = "sick_api" // a second host, where there is one that ails
)

// oracleFake plays the impact API. Beside what any fake measures it has
// NAME.asked_per_project, the most different oracles that were asked about one
// project, and NAME.beyond_cap, the calls to other oracles than the documented ten.
func oracleFake(name string) harness.Dependency {
	return harness.Dependency{Name: name, Open: func(seed uint64) (harness.Fake, error) {
		fake, err := oracleapi.Start(oracleapi.Config{Config: host.Config{Seed: seed}, DataSeed: dataSeed})
		if err != nil {
			return nil, err
		}
		s := newAdapter(name, fake.Host)
		j := fake.Journal()
		s.measures = append(s.measures,
			counted(j, name+".asked_per_project", "the most different oracles asked about one project", func(f journal.Filter) int {
				most := 0
				for _, n := range fake.AskedPerProject(f) {
					most = max(most, n)
				}
				return most
			}),
			counted(j, name+".beyond_cap", "calls to other oracles than the first ten", func(f journal.Filter) int {
				f.Where = func(e journal.Entry) bool { return !slices.Contains(firstTen, e.Group) }
				return j.Count(f)
			}))
		return &oracleStand{s, fake}, nil
	}}
}

// oracleStand is the fake with the addresses of its oracles.
type oracleStand struct {
	*adapter
	api *oracleapi.Server
}

// firstTen are the oracles that are asked: the first by position.
var firstTen = names(maxOracles)

func names(n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf("oracle-%d", i+1)
	}
	return all
}

// panel is the oracles of one project.
type panel struct {
	project int64
	active  int
	at      string          // the fake that plays them
	legacy  map[string]bool // those that are read by the trusting adapter
}

// oracleWorld has as many projects as the profile says, and oracles for some.
func oracleWorld(p Profile, panels ...panel) harness.World {
	w := world(p.Projects)
	w.Facts["active oracles of the project"] = strconv.Itoa(panels[0].active)
	for _, name := range []string{oracleAPI, sickAPI} {
		if slices.ContainsFunc(panels, func(p panel) bool { return p.at == name }) {
			w.Dependencies = append(w.Dependencies, oracleFake(name))
		}
	}
	w.Prepare = func(ctx context.Context, o harness.State) error {
		for _, p := range panels {
			fake := o.Fakes[p.at].(*oracleStand)
			var oracles []schema.Oracle
			for i, name := range names(p.active) {
				adapter := schema.AdapterV1
				if p.legacy[name] {
					adapter = schema.AdapterLegacy
				}
				oracles = append(oracles, schema.Oracle{Name: name, URL: fake.api.Endpoint(i, name), Adapter: adapter, Active: true})
			}
			if err := schema.AddOracles(ctx, o.DSN, p.project, oracles); err != nil {
				return err
			}
		}
		return nil
	}
	w.Precondition = func(ctx context.Context, o harness.State) error {
		for _, p := range panels {
			n, err := schema.ActiveOracles(ctx, o.DSN, p.project)
			if err != nil {
				return err
			}
			if n < p.active {
				return fmt.Errorf("project %d has %d active oracles, and this takes %d", p.project, n, p.active)
			}
		}
		return nil
	}
	return w
}

// impactAnswer is the target's answer to GET /projects/{id}/impact.
type impactAnswer struct {
	ProjectID int64 `json:"project_id"`
	Active    int   `json:"active"`
	Queried   int   `json:"queried"`
	Truncated bool  `json:"truncated"`
	Results   map[string]struct {
		Status string         `json:"status"`
		Error  string         `json:"error"`
		Data   oracleapi.Data `json:"data"`
	} `json:"results"`
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
			switch {
			case there && r.Status == "ok" && r.Data == oracleapi.DataOf(dataSeed, name, got.ProjectID, r.Data.AsOf):
			case there && r.Status == "error" && slices.Contains(strings.Split(mayFail[name], "|"), r.Error):
			default:
				return false
			}
		}
		return true
	}))
}

// answering checks an answer that is read as JSON.
func answering(name string, holds func(impactAnswer) bool) load.Expectation {
	return load.Check(name, func(a load.Answer) bool {
		var got impactAnswer
		return json.Unmarshal(a.Body, &got) == nil && holds(got)
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
		Name: name, Profile: load.Constant(rate, t.Total()), Expect: load.All(expect, about),
		Next: func(int64, *rand.Rand) load.Request { return load.Request{Path: path} },
	}
}

// callsPerRequest is how many calls each request of a stream led to, as the fake
// counted them over the whole load: NAME.calls_per_request.
func callsPerRequest(fake, stream string) harness.Measure {
	return harness.Measure{
		Descriptor: verdict.Descriptor{Name: fake + ".calls_per_request", Unit: result.UnitCount, About: "calls at the fake, for each request that was sent"},
		Read: func(o harness.State, _ verdict.Window) verdict.Reading {
			s, ok := o.Stream(stream)
			if !ok || s.Sent == 0 {
				return verdict.Reading{}
			}
			calls := o.Fakes[fake].(*oracleStand).api.Journal().Count(journal.Filter{})
			return verdict.Reading{Value: float64(calls) / float64(s.Sent), Samples: s.Sent}
		},
	}
}

// askedOf is how often an oracle was called in a phase, as the fake counted it,
// for each request of a stream that was sent in it: ORACLE.asked.
func askedOf(fake, oracle, stream string) harness.Measure {
	return harness.Measure{
		Descriptor: verdict.Descriptor{Name: oracle + ".asked", Unit: result.UnitRatio, About: "calls of one oracle, out of the requests that were due in a phase"},
		Read: func(o harness.State, w verdict.Window) verdict.Reading {
			s, _ := o.Stream(stream)
			i := slices.IndexFunc(s.Phases, func(p result.StreamPhase) bool { return p.Phase == w.Phase })
			if i < 0 || s.Phases[i].Sent == 0 {
				return verdict.Reading{}
			}
			j := o.Fakes[fake].(*oracleStand).api.Journal()
			f := during(j, o, w)
			f.Group = oracle
			return verdict.Reading{Value: float64(j.Count(f)) / float64(s.Phases[i].Sent), Samples: s.Phases[i].Sent}
		},
	}
}
