package manifest_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/manifest"
)

// What somebody else runs is not broken by the catalogue: that is said before anything is
// started, in one line.
func TestTheCatalogueLeavesSomebodyElsesServiceAlone(t *testing.T) {
	const text = `version: 1
name: catalogue
processes:
  web: { url: "https://staging.example.com" }
contracts:
  search: { request: { path: "/find?q={term}" }, response: {}, terms: { everywhere: { term: a, matches: 1000 } } }
`
	_, err := manifest.Read([]byte(text), "holdfast.yaml", manifest.Options{})
	require.ErrorContains(t, err, "holdfast.yaml:6:3: the catalogue sets, breaks and measures what it tries")
}

// A fan-out that is told wrongly is said before anything is started, a line each.
func TestAFanOutThatIsToldWrongly(t *testing.T) {
	const text = `version: 1
name: catalogue
processes:
  web: { command: [./web] }
dependencies:
  apis: { http: { routes: { api: { request: { path: "/{name}" }, response: { status: 200 } } } } }
contracts:
  impact:
    request: { path: /impact }
    response: { status: status, classes: { timeout: [late], tardy: [later] } }
    here: apis
    there: other
    apis: oracle
    asked: last
    at_most: -1
    projects: { "1": { active: 100 }, "2": { active: 100 }, "3": { active: 0 } }
    settings: { deadline: 10s, host_calls: 3s, dead_line: 1s }
`
	_, err := manifest.Read([]byte(text), "holdfast.yaml", manifest.Options{})
	for _, want := range []string{
		"it has no {project}", "these are texts of the error", `there is no class "tardy"`, "a route of apis has no key", `there is no dependency "other"`,
		"it has no {n}", `"last" is not first or any`, "-1 is less than 1", "1 is told to have as many there", "a project without an outside API",
		"host_calls is no time", `there is no setting "dead_line"`,
	} {
		require.ErrorContains(t, err, want)
	}
}

// Tasks that are told wrongly are said before anything is started, each once.
func TestTasksThatAreToldWrongly(t *testing.T) {
	const text = `version: 1
name: catalogue
processes:
  web: { command: [./web] }
dependencies:
  mail: { http: { routes: { send: { request: { path: / }, key: "{json.to}", response: { status: 200 } } } } }
contracts:
  tasks:
    enqueue: { path: /tasks, json: { to: "{to}" } }
    ok: { status: 20 }
    response: { id: id }
    state: { request: { path: "/tasks/{id}" }, state: state, values: { succeeded: done, failed: dead } }
    mail: mail.send
    queue: { request: { path: /queue, headers: { X-Key: "{nobody}" } }, pending: pending }
    retries: 0
    workers: 0
    growth: 0.5
    spread: 2%
`
	_, err := manifest.Read([]byte(text), "holdfast.yaml", manifest.Options{})
	for _, want := range []string{"15:14: 0 is less than 1", "16:14: 0 is less than 1", "17:13: 0.5 is less than 1", "14:23: header X-Key: there is no variable nobody", `"2%" cannot be told from a machine's own moments`, "10:9: "} {
		require.ErrorContains(t, err, want)
		require.Equal(t, 1, strings.Count(err.Error(), want), "%s in %v", want, err)
	}
}
