package reference

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"

	"holdfast.dev/holdfast/adapter"
	"holdfast.dev/holdfast/fakes/oracleapi"
	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/question"
	"holdfast.dev/holdfast/reference/schema"
	"holdfast.dev/holdfast/scenarios/contract"
	"holdfast.dev/holdfast/scenarios/profile"
)

// anyProject is the service over projects whose oracles are drawn from the run's seed,
// as what is asked is, and the answers are held against the table.
func anyProject(projects int) contract.AnyProject {
	world, known := drawnWorld(projects)
	form := answersOf(known)
	return contract.AnyProject{
		World: world, In: form.In,
		Stream: func(name string, p load.Profile) load.Stream {
			s := form.Stream(name, p, drawID(int64(projects)))
			drawn := s.Next
			s.Next = func(n int64, r *rand.Rand) load.Request {
				if n%2 == 0 {
					return drawn(n, r)
				}
				return form.Ask(odd[n/2%int64(len(odd))])
			}
			return s
		},
	}
}

// peopled is how many projects of the drawn world have oracles, or none on purpose:
// those with the least ids, so that what is wrong is shown about a small one.
const peopled = 40

// drawnWorld has oracles drawn from the run's seed, on two hosts, and the table that
// knows them once the world is prepared.
func drawnWorld(projects int) (harness.World, *atomic.Pointer[oracleTable]) {
	known := new(atomic.Pointer[oracleTable])
	w := World(projects)
	w.Facts["projects with oracles drawn"] = strconv.Itoa(peopled)
	for _, name := range []string{oracleAPI, sickAPI} {
		w.Dependencies = append(w.Dependencies, adapter.OracleAPI(name, oracleapi.Config{DataSeed: profile.DataSeed}))
	}
	w.Prepare = func(ctx context.Context, o harness.State) error {
		m := drawTable(o.Seed, int64(projects), func(r *rand.Rand, n int, name string) string {
			return o.Fakes[[]string{oracleAPI, sickAPI}[r.IntN(2)]].(*adapter.Oracles).Endpoint(n, name)
		})
		known.Store(&m)
		var rows []schema.Oracle
		for project, oracles := range m.oracles {
			rows = append(rows, oracles...)
			tell(o, project, oracles)
		}
		return schema.AddAllOracles(ctx, o.Data, rows)
	}
	return w, known
}

// drawTable draws who stands in the table: the sizes at which something changes, and
// others.
func drawTable(seed uint64, projects int64, address func(r *rand.Rand, n int, name string) string) oracleTable {
	r := rand.New(rand.NewPCG(seed, peopled))
	m := oracleTable{projects: projects, oracles: map[int64][]schema.Oracle{}}
	sizes := []int{0, 1, 2, 9, 10, 11, 12, 100, r.IntN(30), r.IntN(200)}
	for id := range int64(min(peopled, projects)) {
		oracles := panel{project: id + 1, active: sizes[int(id)%len(sizes)], seed: seed}.oracles()
		if len(oracles) == 0 { // none that is active, but some that are not
			oracles = []schema.Oracle{{Name: "oracle-1"}, {Name: "oracle-2", Position: -1}}
		}
		for i := range oracles {
			oracles[i].Project = id + 1
			oracles[i].URL = address(r, i, oracles[i].Name)
			oracles[i].Adapter = []string{schema.AdapterV1, schema.AdapterLegacy}[r.IntN(2)]
		}
		m.oracles[id+1] = oracles
	}
	return m
}

// odd are ids that are none, or are written in a way that is not the plain one. Every other
// question is about one of them, in turn.
var odd = []string{
	"0", "00", "-0", "-1", "-7", "abc", "null", "NaN", "1.0", "1.5", "1e3", "0x10", "0b11", "0o17", "1_0", "1,000", "1 2", "７", "٣", "é", "'", "%", "..%2f1", "1;2", "1?", "#1",
	"007", "+7", "000000000000000000000000001", "9223372036854775807", "9223372036854775808", "-9223372036854775808", "18446744073709551617",
	"99999999999999999999999999999999999999999",
}

// drawID draws what to ask about: mostly projects with oracles, also such without, and
// some that are not there.
func drawID(projects int64) func(*rand.Rand) string {
	return func(r *rand.Rand) string {
		switch n := r.IntN(10); {
		case n < 8:
			return strconv.FormatInt(1+r.Int64N(peopled), 10)
		case n < 9:
			return strconv.FormatInt(1+r.Int64N(projects), 10)
		}
		return strconv.FormatInt(projects+1+r.Int64N(projects), 10)
	}
}

// answersOf is a question about any id.
func answersOf(known *atomic.Pointer[oracleTable]) question.Form[string] {
	const wrong = "check_impact"
	return question.Form[string]{
		Name: "any impact", About: "the answer about each project is the one that follows from the table, field by field",
		Ask:  func(id string) load.Request { return askImpact(url.PathEscape(id)) },
		Read: readID,
		Judge: func(id string, a load.Answer) string {
			m := known.Load()
			allowed, _ := m.statuses(id)
			switch {
			case !slices.Contains(allowed, a.Status):
				return load.ClassStatus(a.Status)
			case m.difference(id, a) != "":
				return wrong
			}
			return ""
		},
		Checks:  []string{wrong},
		Explain: func(id string, a load.Answer) string { return known.Load().difference(id, a) },
		Smaller: smallerID,
	}
}

func readID(r load.Request) (string, bool) {
	m := impactPath.FindStringSubmatch(r.Path)
	if m == nil {
		return "", false
	}
	id, err := url.PathUnescape(m[1])
	return id, err == nil
}

// smallerID yields the projects below, and simpler texts.
func smallerID(id string) iter.Seq[string] {
	return func(yield func(string) bool) {
		n, err := strconv.ParseInt(id, 10, 64)
		if err != nil || strconv.FormatInt(n, 10) != id {
			question.Texts(id)(func(text string) bool { return text == "" || yield(text) })
			return
		}
		for smaller := range min(n-1, peopled) {
			if !yield(strconv.FormatInt(smaller+1, 10)) {
				return
			}
		}
	}
}

// difference says what in an answer is not as the table wants it, nothing if all is.
func (m oracleTable) difference(id string, a load.Answer) string {
	allowed, project := m.statuses(id)
	if !slices.Contains(allowed, a.Status) {
		return fmt.Sprintf("project %q: status %d, and it should be %s", id, a.Status, strings.Trim(strings.Join(strings.Fields(fmt.Sprint(allowed)), " or "), "[]"))
	}
	if a.Status != http.StatusOK {
		return ""
	}
	want := m.of(project)
	var got impactAnswer
	if err := json.Unmarshal(a.Body, &got); err != nil {
		return fmt.Sprintf("project %s: the answer can't be read: %v", id, err)
	}
	cut := want.Active > len(want.Asked)
	switch {
	case got.ProjectID != project:
		return fmt.Sprintf("project %s: the answer is about project %d", id, got.ProjectID)
	case got.Active != want.Active || got.Queried != len(want.Asked) || got.Truncated != cut || got.Results == nil:
		return fmt.Sprintf("project %s: active %d, queried %d, truncated %t, and it should be %d, %d, %t",
			id, got.Active, got.Queried, got.Truncated, want.Active, len(want.Asked), cut)
	case len(got.Results) != len(want.Asked):
		return fmt.Sprintf("project %s: %d results, and it should be %d", id, len(got.Results), len(want.Asked))
	}
	for _, oracle := range want.Asked {
		if r, there := got.Results[oracle]; !there {
			return fmt.Sprintf("project %s: no result of %s", id, oracle)
		} else if !r.good(oracle, project) {
			return fmt.Sprintf("project %s: the result of %s is %q %q, or its data are not what it says of this project", id, oracle, r.Status, r.Error)
		}
	}
	return ""
}
