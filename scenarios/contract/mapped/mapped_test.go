package mapped_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness"
	hload "holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/witness/witnesstest"
	"holdfast.dev/holdfast/manifest"
	"holdfast.dev/holdfast/scenarios"
)

// shapedFile maps the service of another shape.
const shapedFile = `
version: 1
name: catalog
processes:
  web:
    command: [%q]
    ports: [http, inner]
    env: { %s: "1", PORT: "{port}", INNER: "{ports.inner}" }
    ready: { http: /alive }
dependencies:
  db: { postgres: {}, export: { PG_URL: "{dsn}" } }
parameters: { products: 2000 }
setup:
  once: [ { run: [%q, seed, "{parameters.products}"], writes: db } ]
contracts:
  search:
    request: { method: POST, path: /api/v2/catalog/find, json: { filter: { text: "{term}" } } }
    ok: { status: 201 }
    response: { items: data.hits, id: key.uuid, truncated: meta.page.hasMore }
    refused: { status: 503, headers: { Retry-After: present, Content-Type: application/problem+json } }
    kind: products
    terms:
      everywhere: { term: projet, matches: "{parameters.products}" }
      some: { term: zephyrine, matches: 200 }
      rare: { term: vieuxmoulin, matches: 59 }
      one: { term: zircobaltique, matches: 1 }
      wildcard: { term: "100%%", matches: 20 }
      nowhere: { term: introuvablissime }
    reads: { documents: [search_documents], words: [search_words], projects: [projects, categories, cities, owners], tags: [project_tags, tags] }
    settings:
      concurrent: { PARALLEL: "{value}" }
      queued: { BACKLOG: "{value}" }
      connections: { POOL_SIZE: "{value}" }
      acquire_timeout: { POOL_WAIT_MS: "{ms}" }
      statement_timeout: { web: { QUERY_TIMEOUT_MS: "{ms}" } }
protections:
  search.sql-limit: { about: "one page of the database, and not all", without: { env: { PAGE_SIZE: "0" } } }
  search.statement-timeout: { about: "a statement ends in time", without: { env: { QUERY_TIMEOUT_MS: "0" } } }
`

// load reads the file of the shaped service, with a part of it written otherwise.
func load(t *testing.T, change func(string) string) *manifest.Service {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	text := fmt.Sprintf(shapedFile, self, asShaped, self)
	if change != nil {
		text = change(text)
	}
	path := filepath.Join(t.TempDir(), manifest.FileName)
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	s, err := manifest.Load(path, manifest.Options{Sizes: scenarios.ProfileNames()})
	require.NoError(t, err)
	return s
}

// catalogue are scenarios of the catalogue over a service, by name.
func catalogue(t *testing.T, s *manifest.Service, names ...string) []harness.Scenario {
	t.Helper()
	p, err := scenarios.ProfileByName("smoke")
	require.NoError(t, err)
	search, ok := s.Search()
	require.True(t, ok)
	return slices.DeleteFunc(scenarios.Over(p, scenarios.Contracts{Search: &search}), func(s harness.Scenario) bool {
		return len(names) > 0 && !slices.Contains(names, s.Name)
	})
}

// measured is what the load generator can send, measured once for all tests.
var measured = sync.OnceValues(func() (hload.Ceiling, error) {
	return hload.Calibrate(context.Background(), hload.Calibration{})
})

// config has a run of a service side by side, as holdfast run has it: scenarios wait for
// most of their time.
func config(t *testing.T, s *manifest.Service) harness.Config {
	t.Helper()
	return configOf(t, s.Launch)
}

// configOf is that of whatever is started so.
func configOf(t *testing.T, launch harness.Launch) harness.Config {
	t.Helper()
	ceiling, err := measured()
	require.NoError(t, err)
	return harness.Config{
		Seed: 1, Profile: "smoke", Ceiling: ceiling, SideBySide: 2 * runtime.GOMAXPROCS(0), Retries: 1,
		Target: launch, Database: databases.Options(t), UndoDir: t.TempDir(), Out: t.TempDir(),
	}
}

// patience is how often a run is begun again of which a busy machine left what is asked of it
// undecided.
const patience = 3

// checkOf is the one check of a metric in a run of one scenario, which is repeated where the
// check is undecided.
func checkOf(t *testing.T, config func() harness.Config, sc []harness.Scenario, metric string) (result.Scenario, result.Check) {
	t.Helper()
	for tries := 1; ; tries++ {
		run, err := harness.Run(t.Context(), config(), sc)
		require.NoError(t, err)
		got := run.Scenarios[0]
		i := slices.IndexFunc(got.Checks, func(c result.Check) bool { return c.Metric == metric })
		if i >= 0 && !undecided(got.Checks[i].Verdict) {
			return got, got.Checks[i]
		}
		if tries < patience {
			continue
		}
		require.GreaterOrEqual(t, i, 0, "%s %s", got.Reason, got.Error)
		if why := got.Checks[i].Reason; strings.Contains(why, "can't be held against the target") {
			witnesstest.TooBusy(t, why)
		}
		return got, got.Checks[i]
	}
}

// A mapping that is wrong is found before there is load, and said with what came instead.
func TestAWrongMappingIsNotExercised(t *testing.T) {
	for _, row := range []struct{ name, as, wrong, says string }{
		{"a path that matches nothing", "items: data.hits", "items: data.results", "response.items is mapped to data.results, which should be a list, and the answer has none there"},
		{"another route", "path: /api/v2/catalog/find", "path: /api/v1/find", "status 404 is none of a page"},
		{"another term", "term: projet,", "term: introuvable,", "terms.everywhere is told to match 2000, and nothing was found"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			s := load(t, func(text string) string {
				require.Contains(t, text, row.as)
				return strings.Replace(text, row.as, row.wrong, 1)
			})
			run, err := harness.Run(t.Context(), config(t, s), catalogue(t, s, "search/every-class"))
			require.NoError(t, err)
			require.Equal(t, result.NotExercised, run.Scenarios[0].Verdict, run.Scenarios[0].Reason)
			require.Contains(t, run.Scenarios[0].Error, row.says)
			require.Empty(t, run.Scenarios[0].Streams, "there was no load")
		})
	}
}

// What is not told is not exercised, and the line to add is said.
func TestWhatIsNotToldIsSaid(t *testing.T) {
	s := load(t, func(text string) string {
		lines := strings.Split(text, "\n")
		return strings.Join(slices.DeleteFunc(lines, func(line string) bool {
			key, _, _ := strings.Cut(strings.TrimSpace(line), ":")
			return slices.Contains([]string{"refused", "reads", "statement_timeout"}, key)
		}), "\n")
	})
	lacks := map[string]string{}
	for _, sc := range catalogue(t, s) {
		require.NoError(t, sc.Validate(), sc.Name)
		lacks[sc.Name] = strings.Join(sc.Lacks, "; ")
	}
	var plan strings.Builder
	_, err := s.Plan(catalogue(t, s, "search/overload")...).WriteTo(&plan)
	require.NoError(t, err)
	require.Contains(t, plan.String(), "is not exercised: not told: add contracts.search.refused")
	for name, want := range map[string]string{
		"search/popular-term": "", "search/every-class": "", "search/frozen": "", "search/callers-hang-up": "",
		"search/any-question": "cannot be told", "search/overload": "add contracts.search.refused: { status: 503",
		"search/locked-table":       "add contracts.search.settings.statement_timeout",
		"search/stopped-under-load": "add contracts.search.reads: ",
	} {
		require.Contains(t, lacks, name)
		if want == "" {
			require.Empty(t, lacks[name], name)
		}
		require.Contains(t, lacks[name], want, name)
	}
}

// An answer that is not as it was told is a failure.
func TestAnAnswerThatIsNotAsToldFails(t *testing.T) {
	s := load(t, func(text string) string { return strings.Replace(text, "matches: 59", "matches: 60", 1) })
	run, err := harness.Run(t.Context(), config(t, s), catalogue(t, s, "search/every-class"))
	require.NoError(t, err)
	require.Equal(t, result.Fail, run.Scenarios[0].Verdict, run.Scenarios[0].Reason)
	require.Contains(t, run.Scenarios[0].Reason, "rare: expected 60 products, got 59")
}
