package oracle

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
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

// firstTen are the oracles that are asked: the first by position, whatever their
// names count up to.
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
	seed    uint64          // of what is drawn. Defaults to that of all data
}

// oracles are those of the panel in the order of their ids, without addresses. The
// first ten by position are those of [firstTen], in an order drawn for the project,
// and neither the first by id nor by name: before and among them are some that are
// not active, oracles share positions, also the tenth and the eleventh, and the
// others' names come first in the alphabet.
func (p panel) oracles() []schema.Oracle {
	r := rand.New(rand.NewPCG(cmp.Or(p.seed, profile.DataSeed), uint64(p.project)<<32|uint64(p.active)))
	inOrder := p.inOrder(r)
	position := -3
	for i := range inOrder {
		if asked(inOrder[:i]) != maxOracles { // the eleventh shares the tenth's
			position += []int{0, 0, 1, 7}[r.IntN(4)]
		}
		inOrder[i].Position = position
	}
	return withIDs(r, inOrder)
}

// inOrder are the panel's oracles in the order of their positions.
func (p panel) inOrder(r *rand.Rand) []schema.Oracle {
	var all []schema.Oracle
	first := names(min(p.active, maxOracles))
	r.Shuffle(len(first), func(i, j int) { first[i], first[j] = first[j], first[i] })
	for i := range p.active {
		for closed := 0; i < 2*maxOracles && r.IntN(2) == 0; closed++ {
			all = append(all, schema.Oracle{Name: fmt.Sprintf("closed-%d-%d", i+1, closed+1)})
		}
		name := fmt.Sprintf("also-%d", i+1)
		if i < len(first) {
			name = first[i]
		}
		all = append(all, schema.Oracle{Name: name, Active: true})
	}
	return all
}

// asked counts the active ones.
func asked(oracles []schema.Oracle) int {
	n := 0
	for _, o := range oracles {
		if o.Active {
			n++
		}
	}
	return n
}

// withIDs puts oracles that stand in the order of their positions in one of ids,
// as different as it can be: only those that share a position keep their order.
func withIDs(r *rand.Rand, inOrder []schema.Oracle) []schema.Oracle {
	places := r.Perm(len(inOrder))
	for from := 0; from < len(inOrder); {
		to := from + 1
		for to < len(inOrder) && inOrder[to].Position == inOrder[from].Position {
			to++
		}
		slices.Sort(places[from:to])
		from = to
	}
	byID := make([]schema.Oracle, len(inOrder))
	for i, place := range places {
		byID[place] = inOrder[i]
	}
	return byID
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
			oracles := p.oracles()
			for i, one := range oracles {
				oracles[i].URL = fake.Endpoint(i, one.Name)
				if p.legacy[one.Name] {
					oracles[i].Adapter = schema.AdapterLegacy
				}
			}
			if l, ok := o.Companion.(*listener); ok {
				l.learn(p.project, oracles)
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
