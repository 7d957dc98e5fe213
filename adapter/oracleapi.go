package adapter

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"holdfast.dev/holdfast/fakes/oracleapi"
	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
)

// OracleAPI plays the impact API at the place name. Beside what any fake
// measures it has NAME.asked_per_project, the most different oracles that were
// asked about one project, and NAME.abandoned, the requests that the client let go
// of. Its draws come from the run's seed, whatever c says.
func OracleAPI(name string, c oracleapi.Config) harness.Dependency {
	open := func(seed uint64) (harness.Fake, error) {
		c := c
		c.Seed, c.Token = seed, tokenOf(seed)
		api, err := oracleapi.Start(c)
		if err != nil {
			return nil, err
		}
		return &Oracles{New(api.Host), api, c.Token}, nil
	}
	return Dependency(name, open, askedPerProject(name), inTime(counted(name, "abandoned", "requests that the client let go of", abandoned)))
}

// tokenOf is the same for all fakes of a run, so that oracles of two hosts may have the
// same path: who tells them apart by it alone is found out.
func tokenOf(seed uint64) string {
	r := rand.New(rand.NewPCG(seed, 1))
	return fmt.Sprintf("%016x%016x", r.Uint64(), r.Uint64())
}

func askedPerProject(name string) harness.Measure {
	return harness.Measure{
		Descriptor: verdict.Descriptor{Name: name + ".asked_per_project", Unit: result.UnitCount, About: "the most different oracles asked about one project"},
		Read: func(state harness.State, w verdict.Window) verdict.Reading {
			fake, ok := state.Fakes[name].(*Oracles)
			if !ok {
				return verdict.Reading{}
			}
			f := During(fake.Journal(), state, w)
			most := 0
			for _, n := range fake.api.AskedPerProject(f) {
				most = max(most, n)
			}
			return verdict.Reading{Value: float64(most), Samples: int64(fake.Journal().Count(f))}
		},
	}
}

// Oracles is the impact API, with the addresses of its oracles.
type Oracles struct {
	*Fake
	api   *oracleapi.Server
	token string
}

// Serves reports whether an address is one of its own.
func (o *Oracles) Serves(address string) bool {
	return slices.ContainsFunc(o.api.URLs(), func(base string) bool { return strings.HasPrefix(address, base+"/") })
}

// Secrets is the token in the addresses of the oracles.
func (o *Oracles) Secrets() []string { return []string{o.token} }

// Endpoint is the address at which the n-th oracle, of that name, is asked.
func (o *Oracles) Endpoint(n int, oracle string) string { return o.api.Endpoint(n, oracle) }
