package task

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/adapter"
	"holdfast.dev/holdfast/fakes/emailapi"
	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/chaos"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/standing"
	"holdfast.dev/holdfast/harness/verdict"
	"holdfast.dev/holdfast/scenarios/contract"
)

// tinyRun drives a tiny service with one thing wrong with it through a scenario whose
// API fails some of its mails, and returns what was found: the checks that did not hold.
func tinyRun(t *testing.T, wrong string) []string {
	t.Helper()
	found, _ := tinyFindings(t, ours(), asItIs, wrong)
	return found
}

// examplesOf are the examples of what is found.
func examplesOf(t *testing.T, wrong string) (texts []string) {
	t.Helper()
	_, findings := tinyFindings(t, ours(), asItIs, wrong)
	for _, f := range findings {
		texts = append(texts, f.Text())
	}
	return texts
}

// asItIs has a tiny service answer as our own does.
func asItIs(tiny http.Handler) http.Handler { return tiny }

func tinyFindings(t *testing.T, service *service, shape func(http.Handler) http.Handler, wrong string) ([]string, []standing.Finding) {
	t.Helper()
	const countdown = 40 * time.Millisecond
	m := mailing{name: "mail", profile: load.Constant(200, 100*time.Millisecond), draw: func(n int64, r *rand.Rand) contract.Task {
		to := []string{"fine", "down", "broken", "refused"}[n%4]
		if n%8 == 0 { // several, for a busy machine sends not all
			return batch(n, r, 101)
		}
		return contract.Task{Kind: contract.Batch, Messages: []contract.Message{
			mail(fmt.Sprintf("%s-%d@tasks.example", to, n), fmt.Sprint("Subject ", n), anyText(r, 50)), mail(fmt.Sprintf("also-%d@tasks.example", n), "Also", "Text"),
		}}
	}}
	service.bound(contract.NetworkCountdown, countdown)
	s := harness.Scenario{
		Faults: []harness.Fault{
			adapter.Always("down", mailAPI, "status 503 key=down-*"), adapter.Always("broken", mailAPI, "status 500 nth=1 key=broken-*"),
			adapter.Always("refused", mailAPI, "status 422 name=invalid_parameter key=refused-*"), adapter.Always("slow", mailAPI, "delay 150ms key=fine-*"),
		},
	}
	fake, err := adapter.EmailAPI(mailAPI, emailapi.Config{}, adapter.KeyInEnvironment).Open(t.Context(), harness.Opening{Seed: 1})
	require.NoError(t, err)
	t.Cleanup(func() { _ = fake.Close() })
	var faults []chaos.Applied
	for _, f := range s.Faults {
		applied, err := fake.Apply(t.Context(), f.What())
		require.NoError(t, err)
		faults = append(faults, applied)
	}
	_, target := startTiny(t, fake.Settings()["EMAIL_API_URL"], fake.Settings()["EMAIL_API_KEY"], wrong, countdown, shape)

	state := harness.State{Start: time.Now(), Target: target, Targets: []string{target}, Fakes: map[string]harness.Fake{mailAPI: fake}, Seed: 1, Companion: newCompanion(&service.Tasks, []mailing{m})()}
	ctx, cancel := context.WithCancel(t.Context())
	var following sync.WaitGroup
	begun := state
	following.Go(func() { begun.Companion.Follow(ctx, begun) })
	stream := service.stream(m)
	stream.MaxLag = time.Minute // a busy machine sends all of it, too
	attack, err := load.Start(t.Context(), load.Config{BaseURL: target, Start: state.Start, Seed: 1, Answers: state.Companion.Answered}, stream)
	require.NoError(t, err)
	state.Streams = attack.Wait()
	b := service.newBooks(s, emailapi.Config{}, []mailing{m})
	require.True(t, b.fates.exact)
	seen, v := state.Companion.(*companion), newVisitor(state, &service.Tasks)
	for name, got := range seen.given() { // while a part of them is under way
		seen.look(t.Context(), v, state.Start, name, got.id)
	}
	v.close()
	deadline := time.Now().Add(3000 * time.Millisecond) // one that lies about its queue is not waited for
	least := time.Now().Add(350 * time.Millisecond)
	for time.Now().Before(deadline) {
		if done, err := service.drained(t.Context(), state); done && err == nil && time.Now().After(least) {
			break
		}
		time.Sleep(10 * time.Millisecond) // what a run does, too: it asks again
	}
	cancel()
	following.Wait()
	for _, f := range faults { // as in a run, they are over when it is reconciled
		require.NoError(t, f.Undo(t.Context()))
	}
	got, err := b.reconcile(t.Context(), state)
	require.NoError(t, err)

	var found []string
	for _, f := range got.Findings {
		if f.Broken > 0 {
			require.NotEmpty(t, f.Examples[0].What)
			t.Log(f.Check, f.Text())
			found = append(found, f.Check)
		}
	}
	for _, name := range []string{"tasks.too_early", "tasks.unfinished"} {
		if got.Readings[name](verdict.Window{To: time.Hour}).Value > 0 {
			found = append(found, name)
		}
	}
	if got.Ledger.Duplicated > 0 {
		found = append(found, "ledger.duplicated")
	}
	if got.Ledger.Lost > 0 {
		found = append(found, "ledger.lost")
	}
	return found, got.Findings
}

// What is wrong with a mail is shrunk to the smallest task of which it is true.
func TestATaskThatGoesWrongIsShrunk(t *testing.T) {
	for wrong, want := range map[string]string{
		"a subject is cut":                       `the smallest task of which it is true has 1 messages: the subject of the mail to`,
		"subject and text are swapped":           `has 1 messages`,
		"the last message of a batch is dropped": `has 101 messages: 100 mails were taken on instead of 101`,
	} {
		found := strings.Join(examplesOf(t, wrong), "\n")
		require.Contains(t, found, want)
		require.Contains(t, found, "curl -i -X 'POST' --data-binary", wrong)
	}
}

func TestACorrectServiceOfAnotherMakeIsFoundCorrect(t *testing.T) {
	require.Empty(t, tinyRun(t, ""))
}

// Each row is one thing that is wrong with a service, and the checks that must find it.
func TestWhatIsWrongWithAServiceIsFound(t *testing.T) {
	for wrong, by := range map[string][]string{
		"the same id twice":                              {"task-known"},
		"a task is forgotten":                            {"ledger.lost", "task-fates"},
		"a task is not found":                            {"task-known"},
		"always succeeded":                               {"task-fates"},
		"done before it is":                              {"task-status"},
		"a running task is said to wait":                 {"task-status"},
		"failed is said to be tried again":               {"tasks.unfinished"},
		"another class":                                  {"task-fates"},
		"attempts off by one":                            {"task-fates"},
		"always one attempt":                             {"task-fates"},
		"another task is answered":                       {"task-known"},
		"another task's state is answered":               {"task-fates"},
		"the kind is wrong":                              {"task-fates"},
		"more attempts than it may have":                 {"task-fates"},
		"a permanent error is tried again":               {"task-fates"},
		"one that may pass is permanent":                 {"task-fates"},
		"three attempts":                                 {"task-fates"},
		"five attempts":                                  {"task-known"},
		"everything once more":                           {"task-fates"},
		"one in ten does not wait":                       {"tasks.too_early"},
		"no wait grows":                                  {"tasks.too_early"},
		"another sender":                                 {"task-mails"},
		"subject and text are swapped":                   {"task-mails"},
		"a subject is cut":                               {"task-mails"},
		"a copy goes to somebody else":                   {"task-mails"},
		"mails of a batch go to each other's recipients": {"task-mails"},
		"a second mail with another text":                {"task-mails", "ledger.duplicated"},
		"every mail twice":                               {"ledger.duplicated"},
		"the last message of a batch is dropped":         {"ledger.lost"},
		"too many in a call":                             {"task-calls"},
		"a key for each attempt":                         {"task-calls"},
		"one key for all calls of a task":                {"task-calls"},
		"two workers do the same task":                   {"task-calls"},
		"no key":                                         {"task-calls"},
		"all or nothing":                                 {"task-calls"},
		"attempts are numbered from 0":                   {"task-calls"},
		"each attempt is the first":                      {"task-calls"},
		"the queue forgets one that failed":              {"task-queue"},
		"the queue takes failed for done":                {"task-queue"},
		"the queue is below zero":                        {"task-queue"},
		"the queue is always empty":                      {"task-queue"},
		"the oldest is from long ago":                    {"task-queue"},
		counterAttempts + " is off by one":               {"task-counters"},
		counterRetries + " is off by one":                {"task-counters"},
		counterFailed + " is off by one":                 {"task-counters"},
	} {
		t.Run(wrong, func(t *testing.T) {
			t.Parallel()
			var found []string
			for range 8 { // a busy machine waits where the service does not
				if found = tinyRun(t, wrong); subset(found, by) {
					return
				}
			}
			require.Subset(t, found, by)
		})
	}
}

// subset reports whether all of some names were found.
func subset(found, names []string) bool {
	return !slices.ContainsFunc(names, func(name string) bool { return !slices.Contains(found, name) })
}
