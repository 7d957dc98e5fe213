package adapter

import (
	"holdfast.dev/holdfast/fakes/journal"
	"holdfast.dev/holdfast/fakes/oracleapi"
	"holdfast.dev/holdfast/harness"
)

// OracleAPI plays the impact API at the place name. Beside what any fake
// measures it has NAME.asked_per_project, the most different oracles that were
// asked about one project. Its draws come from the run's seed, whatever c says.
func OracleAPI(name string, c oracleapi.Config) harness.Dependency {
	return harness.Dependency{Name: name, Faults: Support(), Open: func(seed uint64) (harness.Fake, error) {
		c := c
		c.Seed = seed
		api, err := oracleapi.Start(c)
		if err != nil {
			return nil, err
		}
		f := New(name, api.Host)
		f.AddMeasures(counted(api.Journal(), name+".asked_per_project", "the most different oracles asked about one project", func(f journal.Filter) int {
			most := 0
			for _, n := range api.AskedPerProject(f) {
				most = max(most, n)
			}
			return most
		}))
		return &Oracles{f, api}, nil
	}}
}

// Oracles is the impact API, with the addresses of its oracles.
type Oracles struct {
	*Fake
	api *oracleapi.Server
}

// Endpoint is the address at which the n-th oracle, of that name, is asked.
func (o *Oracles) Endpoint(n int, oracle string) string { return o.api.Endpoint(n, oracle) }
