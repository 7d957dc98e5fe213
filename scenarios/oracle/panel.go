package oracle

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"holdfast.dev/holdfast/adapter"
	"holdfast.dev/holdfast/fakes/oracleapi"
	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/reference/schema"
	"holdfast.dev/holdfast/scenarios/profile"
)

// Places of the oracle scenarios.
const (
	oracleAPI = "oracle_api"
	sickAPI   = "sick_api" // a second host, where there is one that fails
)

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

// world has as many projects as the profile says, and oracles for some.
func world(p profile.Profile, panels ...panel) harness.World {
	w := profile.World(p.Projects)
	w.Facts["active oracles of the project"] = strconv.Itoa(panels[0].active)
	for _, name := range []string{oracleAPI, sickAPI} {
		if slices.ContainsFunc(panels, func(p panel) bool { return p.at == name }) {
			w.Dependencies = append(w.Dependencies, adapter.OracleAPI(name, oracleapi.Config{DataSeed: profile.DataSeed}))
		}
	}
	w.Prepare = func(ctx context.Context, o harness.State) error {
		for _, p := range panels {
			fake := o.Fakes[p.at].(*adapter.Oracles)
			var oracles []schema.Oracle
			for i, name := range names(p.active) {
				parser := schema.AdapterV1
				if p.legacy[name] {
					parser = schema.AdapterLegacy
				}
				oracles = append(oracles, schema.Oracle{Name: name, URL: fake.Endpoint(i, name), Adapter: parser, Active: true})
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
