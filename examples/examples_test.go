package examples_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/witness/witnesstest"
)

// example is a service, the protection that it comes without, and what that costs.
type example struct {
	dir        string
	without    string   // the scenario that fails without the protection
	protection string   // its name, which the check that fails guards
	on         []string // the environment that switches it on
}

func examples() []example {
	return []example{
		{"flask", "price/slow-rates", "rates.timeout", []string{"RATES_TIMEOUT=0.5"}},
		{"node", "book/workers-die", "workers.respawn", []string{"RESPAWN=1"}},
		{"django-orders", "orders/mail-down", "mail.retries", []string{"MAIL_RETRIES=8"}},
		{"go", "quotes/slow-rates", "rates.timeout", []string{"RATES_TIMEOUT=200ms"}},
	}
}

// built is the program, made anew.
func built(t *testing.T) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "holdfast")
	out, err := exec.Command("go", "build", "-o", program, "../cmd/holdfast").CombinedOutput()
	require.NoError(t, err, string(out))
	return program
}

func TestExamples(t *testing.T) {
	program := built(t)
	for _, e := range examples() {
		t.Run(e.dir, func(t *testing.T) {
			bare := e.run(t, program, nil, 1, "run", "--all")
			for _, s := range bare.Scenarios {
				want := result.Pass
				if s.Name == e.without {
					want = result.Fail
				}
				require.Equal(t, want, s.Verdict, "%s: %s", s.Name, s.Reason)
			}
			require.Contains(t, bare.Reason, e.without)
			require.Contains(t, failed(bare), e.protection, "it fails for the reason that is documented")

			whole := e.run(t, program, e.on, 0, "run", "--all")
			require.Equal(t, result.Pass, whole.Verdict, whole.Reason)

			e.run(t, program, e.on, 0, "prove", e.protection)
		})
	}
}

// The catalogue counts the same on Django and Celery as anywhere: of a hundred oracles ten are
// asked after, and all before; a task over which the API fails each time is tried four times
// after, and for ever before. How quick that is depends on the machine, and is not held here.
func TestTheCatalogueOnDjango(t *testing.T) {
	program := built(t)
	count := map[string]float64{"oracles.asked_per_project": 10, "mail.send.attempts.max": 4}
	for _, row := range []struct {
		env  []string
		want result.Verdict
	}{
		{[]string{"NETWORK_ERRORS=requests"}, result.Pass},
		{[]string{"NETWORK_ERRORS=requests", "MAX_ORACLES_PER_PROJECT=0", "MAX_RETRIES_TASKS=0"}, result.Fail},
	} {
		for scenario, metric := range map[string]string{"oracle/hundred-active": "oracles.asked_per_project", "task/poison": "mail.send.attempts.max"} {
			t.Run(scenario+" "+string(row.want), func(t *testing.T) {
				check := counted(t, program, row.env, scenario, metric)
				if check.Verdict == result.Inconclusive && strings.Contains(check.Reason, "can't be held against the target") {
					witnesstest.TooBusy(t, check.Reason)
				}
				require.Equal(t, row.want, check.Verdict, check.Reason)
				require.NotNil(t, check.Value)
				if row.want == result.Pass {
					require.InDelta(t, count[metric], *check.Value, 0)
				} else {
					require.Greater(t, *check.Value, count[metric])
				}
			})
		}
	}
}

// counted is the check of a scenario that counts a metric, in up to three runs as long as a
// busy machine leaves it undecided.
func counted(t *testing.T, program string, env []string, scenario, metric string) result.Check {
	t.Helper()
	for tries := 1; ; tries++ {
		sc := example{dir: "django-celery"}.run(t, program, env, -1, "run", scenario, "--profile", "smoke").Scenarios[0]
		i := slices.IndexFunc(sc.Checks, func(c result.Check) bool { return c.Metric == metric })
		if i >= 0 && (sc.Checks[i].Verdict != result.Inconclusive || tries == 3) {
			return sc.Checks[i]
		}
		require.Less(t, tries, 3, "%s: %s %s", sc.Name, sc.Reason, sc.Error)
	}
}

// failed are the protections that the checks which failed guard.
func failed(run *result.Run) []string {
	var all []string
	for _, s := range run.Scenarios {
		for _, c := range s.Checks {
			if c.Verdict == result.Fail {
				all = append(all, c.Protections...)
			}
		}
	}
	return all
}

// run carries out a command of holdfast in the example's folder, as a person would, and
// returns the result of a run. A code below 0 is any.
func (e example) run(t *testing.T, program string, env []string, code int, args ...string) *result.Run {
	t.Helper()
	out := t.TempDir()
	args = append(args, "--service", ".", "--seed", "1", "--out", out)
	if args[0] == "run" {
		args = append(args, "--retries", "2")
	}
	cmd := exec.Command(program, args...)
	cmd.Dir, cmd.Env = e.dir, append(os.Environ(), env...)
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	err := cmd.Run()
	if exited := new(exec.ExitError); err != nil && !errors.As(err, &exited) {
		require.NoError(t, err)
	}
	if code >= 0 { // else whatever it comes to
		require.Equal(t, code, cmd.ProcessState.ExitCode(), "%s holdfast %s\n%s", strings.Join(env, " "), strings.Join(args, " "), said.String())
	}
	if args[0] != "run" {
		return nil
	}
	file, err := os.Open(filepath.Join(out, "run.json"))
	require.NoError(t, err)
	defer file.Close()
	run, err := result.Read(file)
	require.NoError(t, err)
	return run
}
