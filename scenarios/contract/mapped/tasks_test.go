package mapped_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness"
	hload "holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/manifest"
	"holdfast.dev/holdfast/scenarios"
	"holdfast.dev/holdfast/scenarios/contract"
)

// shapedTasksFile maps the tasks of the service of another shape.
const shapedTasksFile = `
version: 1
name: letters
processes:
  web:
    command: [%q]
    ports: [http, inner]
    env: { %s: "1", PORT: "{port}", INNER: "{ports.inner}", MAIL_KEY: anything }
    ready: { http: /alive }
dependencies:
  db: { postgres: {}, export: { PG_URL: "{dsn}" } }
  mail:
    http:
      routes:
        send:
          request: { method: POST, path: /emails/batch }
          key: "{json.0.to.0}"
          idempotency: { header: Idempotency-Key }
          response: { json: { data: [ { id: "mail-{key}" } ] } }
    export: { MAIL_URL: "{url}" }
setup:
  once: [ { run: [%q, seed, "100"], writes: db } ]
contracts:
  tasks:
    enqueue: { method: POST, path: /api/v2/jobs, json: { letter: { address: "{to}", title: "{subject}", content: "{body}" } } }
    ok: { status: 201 }
    refused: { status: 503, headers: { Retry-After: present, Content-Type: application/problem+json } }
    response: { id: data.job.ref }
    state:
      request: { path: "/api/v2/jobs/{id}" }
      state: data.phase
      attempts: data.tries.made
      values: { pending: QUEUED, running: ACTIVE, retrying: BACKING_OFF, succeeded: DONE, failed: DEAD }
    queue: { request: { path: /api/v2/backlog }, pending: data.byPhase.QUEUED, running: data.byPhase.ACTIVE, retrying: data.byPhase.BACKING_OFF }
    mail: mail.send
    settings:
      sender: { MAIL_FROM: "{value}" }
      network_countdown: { RETRY_WAIT_MS: "{ms}" }
      database_countdown: { DB_RETRY_WAIT_MS: "{ms}" }
      send_timeout: { web: { SEND_MS: "{ms}" } }
      retry_after: { PATIENCE_MS: "{ms}" }
      rescue_after: { SILENCE_MS: "{ms}" }
protections:
  task.classify-errors: { about: "what will not pass is not tried again", without: { env: { TELL_ERRORS_APART: "false" } } }
  task.max-retries: { about: "four attempts at most", without: { env: { GIVE_UP: "false" } } }
  task.idempotency-key: { about: "one mail, one key", without: { env: { SEND_KEYS: "false" } } }
`

// loadTasks reads the file of the shaped service's tasks, with a part of it written otherwise.
func loadTasks(t *testing.T, change func(string) string) *manifest.Service {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	text := fmt.Sprintf(shapedTasksFile, self, asShaped, self)
	if change != nil {
		text = change(text)
	}
	path := filepath.Join(t.TempDir(), manifest.FileName)
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	s, err := manifest.Load(path, manifest.Options{Sizes: scenarios.ProfileNames()})
	require.NoError(t, err)
	return s
}

// tasksOf are scenarios of the catalogue over a service's tasks, by name.
func tasksOf(t *testing.T, s *manifest.Service, names ...string) []harness.Scenario {
	t.Helper()
	p, err := scenarios.ProfileByName("smoke")
	require.NoError(t, err)
	return slices.DeleteFunc(scenarios.Over(p, s.Contracts()), func(s harness.Scenario) bool {
		return len(names) > 0 && !slices.Contains(names, s.Name)
	})
}

// A mapping of tasks that is wrong is found before there is load, and said with what came instead.
func TestAWrongMappingOfTasksIsNotExercised(t *testing.T) {
	for _, row := range []struct{ name, as, wrong, says string }{
		{"an id that is not there", "id: data.job.ref", "id: data.job.id", "contracts.tasks.response.id is mapped to data.job.id, which should be a number or a text, and the answer has none there"},
		{"another route", "path: /api/v2/jobs,", "path: /api/v1/jobs,", "contracts.tasks, a task: status 404 takes no task on"},
		{"another state", "state: data.phase", "state: data.state", "contracts.tasks.state.state is mapped to data.state, which should be a text, and the answer has none there"},
		{"another key", `key: "{json.0.to.0}"`, `key: "{json.0.subject}"`, `contracts.tasks, a task: dependencies.mail.http.routes.send.key should be whom the mail is to, holdfast-probe@tasks.example, and mail came there under the key "A probe"`},
		{"another queue", "running: data.byPhase.ACTIVE,", "running: data.byPhase.BUSY,", "contracts.tasks.queue.running is mapped to data.byPhase.BUSY"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			s := loadTasks(t, changed(t, row.as, row.wrong))
			run, err := harness.Run(t.Context(), config(t, s), tasksOf(t, s, "task/contract"))
			require.NoError(t, err)
			require.Equal(t, result.NotExercised, run.Scenarios[0].Verdict, run.Scenarios[0].Reason)
			require.Contains(t, run.Scenarios[0].Error, row.says)
			require.Empty(t, run.Scenarios[0].Streams, "there was no load")
		})
	}
}

// changed writes a part of a file otherwise.
func changed(t *testing.T, as, otherwise string) func(string) string {
	return func(text string) string {
		t.Helper()
		require.Contains(t, text, as)
		return strings.Replace(text, as, otherwise, 1)
	}
}

// A state that the map does not have is found by the scenario that asks for tasks of each fate.
func TestAStateThatIsNotInTheMapIsFound(t *testing.T) {
	s := loadTasks(t, changed(t, "failed: DEAD", "failed: BURIED"))
	run, err := harness.Run(t.Context(), config(t, s), tasksOf(t, s, "task/contract"))
	require.NoError(t, err)
	require.Equal(t, result.NotExercised, run.Scenarios[0].Verdict, run.Scenarios[0].Reason)
	require.Contains(t, run.Scenarios[0].Error, `its state is "DEAD", of which contracts.tasks.state.values says nothing`)
}

// What is not told of tasks is not exercised, and the line to add is said.
func TestWhatIsNotToldOfTasksIsSaid(t *testing.T) {
	s := loadTasks(t, func(text string) string {
		lines := strings.Split(text, "\n")
		return strings.Join(slices.DeleteFunc(lines, func(line string) bool {
			key, _, _ := strings.Cut(strings.TrimSpace(line), ":")
			return slices.Contains([]string{"refused", "queue", "rescue_after", "attempts", "sender"}, key)
		}), "\n")
	})
	lacks := map[string]string{}
	for _, sc := range tasksOf(t, s) {
		require.NoError(t, sc.Validate(), sc.Name)
		lacks[sc.Name] = strings.Join(sc.Lacks, "; ")
		require.NotContains(t, sc.Claim, "202", "what takes a task on is the service's own")
	}
	for name, want := range map[string]string{
		"task/contract": "", "task/refused-key": "", "task/api-down": "", "task/poison": "", "task/literal-countdown": "",
		"task/killed": "add contracts.tasks.settings.rescue_after: ", "task/database-gone": "add contracts.tasks.refused: { status: 503",
		"task/stopped-under-load": "add contracts.tasks.queue: ", "task/any-task": "cannot be told", "task/mixed": "cannot be told", "task/sqlstates": "cannot be told",
	} {
		require.Contains(t, lacks, name)
		if want == "" {
			require.Empty(t, lacks[name], name)
		}
		require.Contains(t, lacks[name], want, name)
	}
}

// byGoTest makes the test's program one that tries the file of the shaped service as a Go test.
const byGoTest = "HOLDFAST_TEST_BY_GO_TEST"

// TestTheFileByGoTest is run by the test below alone.
func TestTheFileByGoTest(t *testing.T) {
	path := os.Getenv(byGoTest)
	if path == "" {
		t.Skip("it is run by another test")
	}
	manifest.TestWith(t, path, scenarios.Smoke, func(c *harness.Config) {
		c.Seed, c.Database, c.UndoDir, c.Out = 1, databases.Options(t), t.TempDir(), t.TempDir()
	})
}

// A file with contracts is a Go test: the scenarios of the catalogue are its subtests, and what
// cannot be judged is skipped, with why.
func TestTheCatalogueIsAGoTest(t *testing.T) {
	s := loadTasks(t, nil)
	self, err := os.Executable()
	require.NoError(t, err)
	run := func(scenario string) string {
		cmd := exec.CommandContext(t.Context(), self, "-test.v", "-test.run", "^TestTheFileByGoTest$/"+scenario)
		cmd.Env = append(os.Environ(), byGoTest+"="+s.Path)
		out, _ := cmd.CombinedOutput() // a machine that is busy is a failure there, as anything else that shows nothing
		return string(out)
	}
	require.Contains(t, run("^task$/^contract$"), "--- PASS: TestTheFileByGoTest/task/contract/ledger.lost")
	skipped := run("^task$/^any-task$")
	require.Contains(t, skipped, "--- SKIP: TestTheFileByGoTest/task/any-task")
	require.Contains(t, skipped, "cannot be told: ")
}

// What is promised of tasks is measured on a service of another shape, where its protections can
// be taken away; what cannot be is named.
func TestGainsOfTheTasksOfAServiceOfAnotherShape(t *testing.T) {
	p, err := scenarios.ProfileByName("smoke")
	require.NoError(t, err)
	s := loadTasks(t, nil)
	promises, without := scenarios.PromisesOver(p, s.Contracts(), s.Protections)
	require.Empty(t, without)
	require.Len(t, promises, 2)
	require.Equal(t, "mail.send.retries", promises[0].Metric)
	promises, without = scenarios.PromisesOver(p, s.Contracts(), nil)
	require.Empty(t, promises)
	require.Contains(t, without[0], "nothing takes task.classify-errors away")
}

// An answer in which nothing can be read is the service's own; only a word that nobody told of is
// the map's.
func TestOnlyAWordThatNobodyToldIsNotMapped(t *testing.T) {
	tasks, _ := loadTasks(t, nil).Tasks()
	for body, isUnmapped := range map[string]bool{
		`{"data": {"phase": "BURIED", "tries": {"made": 1}}}`: true, `{"data": {"phase": 7, "tries": {"made": 1}}}`: true,
		`<html>`: false, `{}`: false, `{"data": {"phase": null}}`: false, `{"data": {"phase": ""}}`: false, `{"data": {"phase": ["DONE"]}}`: false, `{"data": {"phase": "DONE"}}`: false,
	} {
		_, err := tasks.ReadStatus("1", []byte(body))
		require.Error(t, err, body)
		_, is := errors.AsType[*contract.UnmappedError](err)
		require.Equal(t, isUnmapped, is, "%s: %v", body, err)
	}
	_, err := tasks.ReadStatus("1", []byte(`{"data": {"phase": "DONE", "tries": {"made": 1}}}`))
	require.NoError(t, err)
}

// one is the scenario of that name over a file of which parts are written otherwise.
func one(t *testing.T, name string, change func(string) string) harness.Scenario {
	t.Helper()
	all := tasksOf(t, loadTasks(t, change), name)
	require.Len(t, all, 1)
	require.NoError(t, all[0].Validate())
	return all[0]
}

func checked(sc harness.Scenario) []string {
	var all []string
	for _, c := range sc.Checks {
		all = append(all, c.Metric)
	}
	return all
}

// A service that is stopped is asked as its file says; where only a worker is stopped, no request is
// in flight at who takes tasks on.
func TestWhoIsStoppedIsAskedAsMapped(t *testing.T) {
	both := one(t, "task/stopped-under-load", changed(t, "request: { path: /api/v2/backlog }", `request: { path: /api/v2/backlog, headers: { X-Mail: "{mail.address}" } }`))
	i := slices.IndexFunc(both.Load, func(s hload.Stream) bool { return s.Name == "looking" })
	require.GreaterOrEqual(t, i, 0, both.Lacks)
	require.NotNil(t, both.Load[i].Template, "what is known when the load begins is filled in then")
	require.Equal(t, both.Load[0].Refused.Name, both.Load[i].Refused.Name)
	require.Contains(t, checked(both), "posting.cut")

	worker := one(t, "task/stopped-under-load", func(text string) string {
		self, err := os.Executable()
		require.NoError(t, err)
		text = changed(t, "    mail: mail.send\n", "    mail: mail.send\n    worker: worker\n")(text)
		text = changed(t, "dependencies:\n", fmt.Sprintf("  worker: { command: [%q] }\ndependencies:\n", self))(text)
		return changed(t, "processes:\n", "entry: web\nprocesses:\n")(text)
	})
	require.Empty(t, worker.Lacks)
	require.Equal(t, "worker", worker.Faults[0].On)
	for _, metric := range checked(worker) {
		require.NotContains(t, metric, "posting.")
		require.NotContains(t, metric, "looking.")
	}
	require.NotContains(t, worker.Claim, "cut")
}

// What nothing tells of is not checked, and that is said.
func TestWhatIsNotLookedAtIsSaid(t *testing.T) {
	sc := one(t, "task/refused-key", changed(t, "      attempts: data.tries.made\n", ""))
	require.NotContains(t, checked(sc), "tasks.attempts.max")
	require.Contains(t, checked(sc), "mail.send.refused_attempts.max", "how often a refused mail came is counted anyway")
	require.Equal(t, "notify.delay.p99, queue.oldest.max, notify.failed_tasks", sc.World.Facts[contract.NotLookedAt])
	require.Contains(t, checked(one(t, "task/refused-key", nil)), "tasks.attempts.max")
}

// A countdown that can be set is set to what it is judged by; without a variable the mapping is still
// asked for, and nothing is broken.
func TestTheCountdownIsAsItIsJudged(t *testing.T) {
	set := one(t, "task/literal-countdown", nil)
	require.Equal(t, "60000", set.Settings["RETRY_WAIT_MS"])
	require.Contains(t, set.Claim, "With a countdown that was set, a task that meets an outage is tried again after 60 s")
	const variable = `network_countdown: { RETRY_WAIT_MS: "{ms}" }`
	told := one(t, "task/literal-countdown", changed(t, variable, "network_countdown: 30s"))
	require.Empty(t, told.Settings["RETRY_WAIT_MS"])
	require.Contains(t, told.Claim, "With its own countdown, a task that meets an outage is tried again after 30 s")

	for name, silence := range map[string]string{"task/poison": "", "task/refused-key": "", "task/killed": "1000", "task/database-gone": "1000"} {
		require.Equal(t, silence, one(t, name, nil).Settings["SILENCE_MS"], "a worker is missed soon only where one is lost: %s", name)
	}

	asked := one(t, "task/contract", changed(t, "      "+variable+"\n", ""))
	require.Empty(t, asked.Lacks)
	require.Empty(t, asked.Faults)
	require.NotEmpty(t, asked.World.Facts[contract.NotLookedAt])
	require.Contains(t, one(t, "task/poison", changed(t, "      "+variable+"\n", "")).Lacks[0], "network_countdown")
}
