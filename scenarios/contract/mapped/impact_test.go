package mapped_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/manifest"
	"holdfast.dev/holdfast/scenarios"
	"holdfast.dev/holdfast/scenarios/contract"
)

// withImpact is the file of the shaped service that asks outside APIs, too.
func withImpact(text string) string {
	text = strings.Replace(text, "dependencies:\n", `dependencies:
  sources:
    http: &played
      routes:
        source:
          request: { method: GET, path: "/v3/{source}" }
          key: "{path.source}"
          response: { status: 200, json: { project_id: "{query.project:int}", oracle: "{path.source}", data: { as_of: "2025-06-01T00:00:00.000Z", beneficiaries: 12, co2_kg: 3.5, score: 0.5 } } }
  others: { http: *played }
`, 1)
	text = strings.Replace(text, "contracts:\n", `  each:
    - at: db
      sql: >-
        insert into oracles (project_id, name, url, active, position)
        select p.id, 'source-' || n, p.url || '/v3/source-' || n, true, n
        from (values (1, 100, :here), (2, 10, :here), (3, 10, :there), (4, 100, :there), (5, 11, :here)) as p (id, active, url), generate_series(1, p.active) as n
      values: { here: "{sources.url}", there: "{others.url}" }
contracts:
  impact:
    request: { path: "/api/v2/campaigns/{project}/effects" }
    ok: { status: 201 }
    response:
      results: effects
      name: sourceName
      status: state
      good: [ANSWERED]
      failed: [GIVEN_UP]
      error: problem.type
      classes:
        timeout: ["urn:problem:timeout"]
        connection: ["urn:problem:connection"]
        status: ["urn:problem:status"]
        payload: ["urn:problem:payload"]
        too_large: ["urn:problem:too_large"]
        unexpected: ["urn:problem:unexpected"]
      data: effect
      active: meta.sourceCount
      queried: meta.asked
      truncated: meta.hasMore
    here: sources
    there: others
    apis: "source-{n}"
    projects:
      00000000-0000-4000-8000-000000000001: { active: 100 }
      00000000-0000-4000-8000-000000000002: { active: 10 }
      00000000-0000-4000-8000-000000000003: { active: 10, there: true }
      00000000-0000-4000-8000-000000000004: { active: 100, there: true }
      00000000-0000-4000-8000-000000000005: { active: 11 }
    settings:
      call_timeout: { SOURCE_TIMEOUT: "{value}" }
      deadline: { EFFECTS_DEADLINE: "{value}" }
      breaker_failures: { TRIP_AFTER: "{value}" }
      breaker_cooldown: { TRIP_FOR: "{value}" }
      host_calls: { PER_HOST: "{value}" }
`, 1)
	text = strings.Replace(text, `INNER: "{ports.inner}"`, `INNER: "{ports.inner}", SOURCE_AGE: 876000h`, 1)
	return strings.Replace(text, "protections:\n", `protections:
  oracle.cap: { about: "ten sources of a campaign, and not all", without: { env: { MOST_SOURCES: "0" } } }
  oracle.redirect-limit: { about: "nobody is led to another host", without: { env: { LED_ON: "0" } } }
`, 1)
}

// impacts are scenarios of the catalogue over a service that asks outside APIs, by name.
func impacts(t *testing.T, s *manifest.Service, names ...string) []harness.Scenario {
	t.Helper()
	p, err := scenarios.ProfileByName("smoke")
	require.NoError(t, err)
	impact, ok := s.Impact()
	require.True(t, ok)
	search, ok := s.Search()
	require.True(t, ok)
	var all []harness.Scenario
	for _, sc := range scenarios.Over(p, scenarios.Contracts{Search: &search, Impact: &impact}) {
		if len(names) == 0 || slices.Contains(names, sc.Name) {
			all = append(all, sc)
		}
	}
	return all
}

// Who is led to another host by one API is counted at that host, where a second place is told.
func TestWhoIsLedElsewhereIsCountedThere(t *testing.T) {
	s := load(t, withImpact)
	redirected := impacts(t, s, "oracle/redirected")
	require.Contains(t, redirected[0].Claim, "or to another host")
	without := slices.DeleteFunc(slices.Clone(s.Protections), func(p harness.Protection) bool { return p.Name != "oracle.redirect-limit" })
	for _, row := range []struct {
		name    string
		without []harness.Protection
		led     result.Verdict
	}{{"nobody is led on", nil, result.Pass}, {"whoever says so", without, result.Fail}} {
		t.Run(row.name, func(t *testing.T) {
			sc, led := checkOf(t, func() harness.Config {
				cfg := config(t, s)
				cfg.Without = row.without
				return cfg
			}, redirected, "others.led_to")
			require.Equal(t, row.led, led.Verdict, led.Reason)
			if row.led == result.Fail {
				require.Equal(t, result.Fail, sc.Verdict, sc.Reason)
			} else {
				require.NotEqual(t, result.Fail, sc.Verdict, sc.Reason)
			}
		})
	}

	one := impacts(t, load(t, func(text string) string {
		lines := strings.SplitAfter(withImpact(text), "\n")
		return strings.Join(slices.DeleteFunc(lines, func(line string) bool { return strings.Contains(line, "there: ") && !strings.Contains(line, "values:") }), "")
	}), "oracle/redirected")
	require.NotContains(t, one[0].Claim, "another host")
	require.Equal(t, "a redirect to another host, for no second place is told", one[0].World.Facts[contract.NotTried])
}

// A mapping of outside APIs that is wrong is found before there is load, and said with
// what came instead; what is told wrongly of the data is a failure of the first scenario.
func TestAWrongMappingOfOutsideAPIs(t *testing.T) {
	for _, row := range []struct {
		name, as, wrong string
		verdict         result.Verdict
		says            string
	}{
		{"a path that matches nothing", "results: effects", "results: sources", result.NotExercised, "response.results is mapped to sources, which should be a list, and the answer has none there"},
		{"a state that is not in the map", "good: [ANSWERED]", "good: [FINE]", result.NotExercised, "response.status is mapped to state, which should be one of FINE, GIVEN_UP in each result, and the answer has \"ANSWERED\" there"},
		{"another route", "/effects", "/impacts", result.NotExercised, "status 404 is none of an answer"},
		{"another name", `apis: "source-{n}"`, `apis: "api-{n}"`, result.NotExercised, "apis is \"api-{n}\", which makes api-1, and the answer tells of source-1"},
		{"another number that it has", "{ active: 10 }", "{ active: 9 }", result.NotExercised, "projects.00000000-0000-4000-8000-000000000002 is told to have 9 outside APIs, and the answer tells of 10: mend contracts.impact.projects.00000000-0000-4000-8000-000000000002.active"},
		{"more than are asked", "there: others\n", "there: others\n    at_most: 11\n", result.NotExercised, "and the answer tells of 10: mend contracts.impact.projects.00000000-0000-4000-8000-000000000005.active, or at_most, which is 11"},
		{"another key", `key: "{path.source}"`, `key: "{query.project}"`, result.NotExercised, "dependencies.sources.http.routes.source.key should be the name of the API that is called, such as source-1, and a call came under the key \"2\""},
		{"another number that is asked", "there: others\n", "there: others\n    at_most: 9\n", result.Fail, "status is 201, expected is status 201, answers"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			s := load(t, func(text string) string {
				text = withImpact(text)
				require.Contains(t, text, row.as)
				return strings.Replace(text, row.as, row.wrong, 1)
			})
			run, err := harness.Run(t.Context(), config(t, s), impacts(t, s, "oracle/contract"))
			require.NoError(t, err)
			sc := run.Scenarios[0]
			require.Equal(t, row.verdict, sc.Verdict, "%s %s", sc.Reason, sc.Error)
			require.Contains(t, sc.Reason+sc.Error, row.says)
			require.Equal(t, row.verdict == result.Fail, len(sc.Streams) > 0, "where it is not exercised there was no load")
		})
	}
}

// Where the names of the APIs are not told, it is counted how many keys there are.
func TestAPIsThatAreNotToldApartAreFound(t *testing.T) {
	s := load(t, func(text string) string {
		text = strings.Replace(withImpact(text), "    apis: \"source-{n}\"\n", "", 1)
		return strings.Replace(text, `key: "{path.source}"`, `key: "{query.project}"`, 1)
	})
	run, err := harness.Run(t.Context(), config(t, s), impacts(t, s, "oracle/contract"))
	require.NoError(t, err)
	require.Equal(t, result.NotExercised, run.Scenarios[0].Verdict, run.Scenarios[0].Reason)
	require.Contains(t, run.Scenarios[0].Error, "sources.http.routes.source.key should be the name of the API that is called, one of 10, and the calls came under 1: 2")
}

// What is not told of outside APIs is not exercised, and the line to add is said.
func TestWhatIsNotToldOfOutsideAPIsIsSaid(t *testing.T) {
	s := load(t, func(text string) string {
		text = withImpact(text)
		for _, line := range []string{"    apis: \"source-{n}\"\n", "      deadline: { EFFECTS_DEADLINE: \"{value}\" }\n", "      host_calls: { PER_HOST: \"{value}\" }\n"} {
			require.Contains(t, text, line)
			text = strings.Replace(text, line, "", 1)
		}
		return text
	})
	lacks := map[string]string{}
	for _, sc := range impacts(t, s) {
		require.NoError(t, sc.Validate(), sc.Name)
		lacks[sc.Name] = strings.Join(sc.Lacks, "; ")
	}
	for name, want := range map[string]string{
		"oracle/contract": "", "oracle/hundred-active": "", "oracle/any-project": "cannot be told",
		"oracle/one-hangs": `add contracts.impact.apis: "oracle-{n}"`, "oracle/all-hang": "add contracts.impact.settings.deadline",
		"oracle/sick-host":        "add contracts.impact.settings.host_calls",
		"oracle/ten-of-many":      "add contracts.impact.projects: { ID: { active: 1000 } }",
		"oracle/database-trouble": "add contracts.impact.refused",
	} {
		require.Contains(t, lacks, name)
		if want == "" {
			require.Empty(t, lacks[name], name)
		}
		require.Contains(t, lacks[name], want, name)
	}
}

// What was claimed is measured on a service of another shape as far as its protections can
// be taken away; the rest is named.
func TestGainsOfAServiceOfAnotherShape(t *testing.T) {
	s := load(t, withImpact)
	p, err := scenarios.ProfileByName("smoke")
	require.NoError(t, err)
	search, _ := s.Search()
	impact, _ := s.Impact()
	promises, without := scenarios.PromisesOver(p, scenarios.Contracts{Search: &search, Impact: &impact}, s.Protections)
	require.Len(t, without, 3)
	require.Contains(t, without[0], "oracles: requests that are never answered: nothing takes oracle.call-timeout away")
	require.Contains(t, without[1], "oracles: calls: not told: add contracts.impact.projects: { ID: { active: 1000 } }")
	require.Len(t, promises, 3)
	run, err := harness.Gains(t.Context(), config(t, s), promises[2:], nil, 1)
	require.NoError(t, err)
	calls := run.Gains[0]
	require.Equal(t, "oracles: calls", calls.Name)
	require.NotNil(t, calls.Share, calls.Reason)
	require.InDelta(t, 0.9, *calls.Share, 0.01, "a hundred calls, and ten")
}
