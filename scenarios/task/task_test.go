package task

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/fakes/emailapi"
	"holdfast.dev/holdfast/fault"
	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/verdict"
	"holdfast.dev/holdfast/scenarios/contract"
	"holdfast.dev/holdfast/scenarios/contract/reference"
	"holdfast.dev/holdfast/scenarios/profile"
)

// What all scenarios of tasks have, whatever each is about.
func TestEveryScenarioOfTasksIsReconciled(t *testing.T) {
	for _, name := range profile.Names() {
		p, err := profile.ByName(name)
		require.NoError(t, err)
		for _, s := range Of(p, ours().Tasks) {
			require.NotNil(t, s.Reconcile, s.Name)
			require.NotNil(t, s.Drained, s.Name)
			require.Len(t, s.World.Dependencies, 1, s.Name)
			for _, metric := range []string{"ledger.lost", "ledger.duplicated", "tasks.unfinished"} {
				require.True(t, slices.ContainsFunc(s.Checks, func(c verdict.Check) bool { return c.Metric == metric }), "%s does not check %s", s.Name, metric)
			}
		}
	}
}

// Each stream of tasks has its own recipients, or mail could not be matched, but for
// those that are asked for twice on purpose.
func TestNoTwoTasksOfAScenarioAreAlike(t *testing.T) {
	for _, s := range Of(smoke(t), ours().Tasks) {
		if s.Name == "task/any-task" {
			continue
		}
		bodies := map[string]string{}
		for _, stream := range s.Load {
			for n := range load.Planned(stream.Profile) {
				r := stream.Next(n, rand.New(rand.NewPCG(1, 1)))
				if r.Path != "/tasks" {
					break
				}
				require.NotContains(t, bodies, string(r.Body), "%s: %s and %s", s.Name, stream.Name, bodies[string(r.Body)])
				bodies[string(r.Body)] = stream.Name
			}
		}
		require.NotEmpty(t, bodies, s.Name)
	}
}

func TestAScenarioOfTasksIsCompleted(t *testing.T) {
	own := verdict.Metric("mail.failed").Equals(verdict.Count(0))
	before := harness.Scenario{
		Name: "task/any", Protections: []string{"task.idempotency-key"}, Checks: []verdict.Check{own},
		Load: []load.Stream{{Name: "search"}},
	}
	s := ours().withMail(before, emailapi.Config{}, steady("mail", 10, time.Second), steady("notify", 5, time.Second).about(1))
	var streams []string
	for _, l := range s.Load {
		streams = append(streams, l.Name)
	}
	require.Equal(t, []string{"mail", "notify", "search"}, streams)
	require.Equal(t, own, s.Checks[len(s.Checks)-1])
	guards := map[string][]string{}
	for _, c := range s.Checks {
		guards[c.Metric] = c.Protections
	}
	require.Equal(t, []string{"task.idempotency-key"}, guards["ledger.duplicated"])
	require.Empty(t, guards["ledger.lost"], "the scenario does not claim that protection")
	require.Len(t, before.Checks, 1, "what it was made of stays as it was")
}

// A key that is to be replaced is in a file; no other is.
func TestOnlyAKeyThatIsReplacedIsInAFile(t *testing.T) {
	for _, faults := range [][]harness.Fault{nil, {{ID: "revoked", On: mailAPI, Kind: fault.RevokeKey{}}}} {
		s := ours().withMail(harness.Scenario{Faults: faults}, emailapi.Config{}, steady("mail", 10, time.Second))
		fake, err := s.World.Dependencies[0].Open(t.Context(), harness.Opening{Seed: 1})
		require.NoError(t, err)
		_, inFile := fake.Settings()["EMAIL_API_KEY_FILE"]
		_, plain := fake.Settings()["EMAIL_API_KEY"]
		require.Equal(t, len(faults) > 0, inFile)
		require.NotEqual(t, inFile, plain)
		require.NoError(t, fake.Close())
	}
}

func TestCountdownsAreCompressedAndToldSo(t *testing.T) {
	s := ours()
	s.compress(200 * ms)
	s.bound(contract.SendTimeout, 300*ms)
	require.Equal(t, map[string]string{
		"TASK_NETWORK_COUNTDOWN": "200ms", "TASK_DB_COUNTDOWN": "200ms", "TASK_RESCUE_AFTER": "1s", "TASK_SEND_TIMEOUT": "300ms",
	}, s.in(harness.Scenario{}).Settings)
	told := s.compressed()
	require.Len(t, told, 3)
	require.EqualValues(t, 300, told[1].FactorBy)
	s.bound(contract.RescueAfter, 100*ms)
	require.EqualValues(t, 300, s.compressed()[0].FactorBy, "what is set last is told")
	long := ours()
	long.compress(time.Minute)
	require.Len(t, long.compressed(), 1, "a countdown as long as it is anyway is not compressed")
}

// What nobody told how to set is not exercised, and the line to add is said.
func TestWhatCannotBeSetIsNotExercised(t *testing.T) {
	s := ours()
	delete(s.Settings, contract.NetworkCountdown)
	s.Beside = nil
	for _, of := range Of(smoke(t), s.Tasks) {
		lacks := strings.Join(of.Lacks, "; ")
		require.Contains(t, lacks, "add contracts.tasks.settings.network_countdown: ", of.Name)
		require.Equal(t, slices.Contains([]string{"task/mixed", "task/queue-locked"}, of.Name), strings.Contains(lacks, "add contracts.search: "), of.Name)
		require.NoError(t, of.Validate(), of.Name)
	}
}

// The name of an API's error is the id of its fault; the prefix of the address
// chooses who meets it.
func TestEveryErrorOfTheAPIIsMet(t *testing.T) {
	s := errorNames(smoke(t), ours())
	catalogue := append(emailapi.Errors(), nameless()...)
	require.Len(t, s.Faults, len(catalogue)+2, "and one for who meets two, and for whose answer is cut")
	ids := map[string]bool{}
	for i, f := range s.Faults[:len(catalogue)] {
		require.False(t, ids[f.ID], "two faults are named %s", f.ID)
		ids[f.ID] = true
		require.Contains(t, f.Kind.String(), catalogue[i].Name)
		require.False(t, strings.ContainsAny(f.ID, "_ "), f.ID)
	}
	require.GreaterOrEqual(t, load.Planned(s.Load[0].Profile), int64(2*len(catalogue)), "each is met more than once")
}

// Twenty kills, none before the target had time to get up.
func TestKillsAreApart(t *testing.T) {
	s := killedOften(smoke(t), ours())
	var kills []harness.Fault
	for _, f := range s.Faults {
		if f.On == harness.OnTarget {
			kills = append(kills, f)
		}
	}
	require.Len(t, kills, 20)
	for i := 1; i < len(kills); i++ {
		apart := kills[i].After - kills[i-1].After
		require.GreaterOrEqual(t, apart, 750*ms, kills[i].ID)
	}
	require.Equal(t, kills, killedOften(smoke(t), ours()).Faults[1:], "the moments are the same in every run")
}

func TestLostRepliesAreMomentsOfTheOutage(t *testing.T) {
	for _, name := range profile.Names() {
		p, err := profile.ByName(name)
		require.NoError(t, err)
		s := commitRepliesLost(p, ours())
		for i, f := range s.Faults {
			require.LessOrEqual(t, f.After+f.For, s.Timeline.Inject, "%s: %s ends within its phase", name, f.ID)
			if i > 0 {
				require.GreaterOrEqual(t, f.After, s.Faults[i-1].After+s.Faults[i-1].For, "%s: %s begins when the one before is over", name, f.ID)
			}
		}
	}
}

func TestWhatWasPromisedOfTasks(t *testing.T) {
	for _, p := range Promises(smoke(t), ours().Tasks, reference.TaskProtections()) {
		require.Equal(t, 5*time.Second, p.Scenario.Timeline.Drain, p.Name)
		require.False(t, p.Scenario.Headline, p.Name)
		require.Equal(t, map[string]string{"tasks with a refused key": "1000"}, p.Where)
	}
}
