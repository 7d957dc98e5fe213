package reference

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
	"holdfast.dev/holdfast/scenarios/contract"
	"holdfast.dev/holdfast/scenarios/profile"
)

// names are those of the oracles that are asked: the first by position, whatever they
// count up to.
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
	seed    uint64 // of what is drawn. Defaults to that of all data
}

// oracles are those of the panel in the order of their ids, without addresses. The
// first ten by position are those of [names], in an order drawn for the project,
// and neither the first by id nor by name: before and among them are some that are
// not active, oracles share positions, also the tenth and the eleventh, and the
// others' names come first in the alphabet.
func (p panel) oracles() []schema.Oracle {
	r := rand.New(rand.NewPCG(cmp.Or(p.seed, profile.DataSeed), uint64(p.project)<<32|uint64(p.active)))
	inOrder := p.inOrder(r)
	position := -3
	for i := range inOrder {
		if activeOf(inOrder[:i]) != maxOracles { // the eleventh shares the tenth's
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

// activeOf counts the active ones.
func activeOf(oracles []schema.Oracle) int {
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

// withOracles is that many projects, and oracles for some.
func withOracles(projects int, about []contract.Project) harness.World {
	w := World(projects)
	w.Facts["active oracles of the project"] = strconv.Itoa(about[0].Active)
	for _, name := range []string{oracleAPI, sickAPI} {
		if slices.ContainsFunc(about, func(p contract.Project) bool { return p.At == name }) {
			w.Dependencies = append(w.Dependencies, adapter.OracleAPI(name, oracleapi.Config{DataSeed: profile.DataSeed}))
		}
	}
	w.Prepare = func(ctx context.Context, o harness.State) error {
		for _, p := range about {
			if err := addOracles(ctx, o, p); err != nil {
				return err
			}
		}
		return nil
	}
	w.Precondition = func(ctx context.Context, o harness.State) error {
		for _, p := range about {
			id, err := strconv.ParseInt(p.ID, 10, 64)
			if err != nil {
				return fmt.Errorf("the id of a project: %w", err)
			}
			n, err := schema.ActiveOracles(ctx, o.Data, id)
			if err != nil {
				return err
			}
			if n < p.Active {
				return fmt.Errorf("project %s has %d active oracles, and this takes %d", p.ID, n, p.Active)
			}
		}
		return nil
	}
	return w
}

// nowhere is the address of an oracle whose host has none. A name with an empty part is
// none to any resolver, so that no name server has to be asked, which a scenario may not.
func nowhere(oracle string) string { return "http://" + oracle + ".oracles..invalid/impact" }

// addOracles gives a project its oracles, at the addresses of the fake that plays them.
func addOracles(ctx context.Context, o harness.State, p contract.Project) error {
	id, err := strconv.ParseInt(p.ID, 10, 64)
	if err != nil {
		return fmt.Errorf("the id of a project: %w", err)
	}
	fake := o.Fakes[p.At].(*adapter.Oracles)
	oracles := panel{project: id, active: p.Active}.oracles()
	for i, one := range oracles {
		oracles[i].URL = fake.Endpoint(i, one.Name)
		if slices.Contains(p.Nowhere, one.Name) {
			oracles[i].URL = nowhere(one.Name)
		}
		if slices.Contains(p.Trusting, one.Name) {
			oracles[i].Adapter = schema.AdapterLegacy
		}
	}
	tell(o, id, oracles)
	return schema.AddOracles(ctx, o.Data, id, oracles)
}

// tell has the companion of a run know what stands in the table of a project.
func tell(o harness.State, project int64, oracles []schema.Oracle) {
	if l, ok := o.Companion.(contract.Learner); ok {
		l.Learn(strconv.FormatInt(project, 10), truthOf(oracles))
	}
}
