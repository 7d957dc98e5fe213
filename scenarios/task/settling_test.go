package task

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/fakes/emailapi"
	"holdfast.dev/holdfast/fakes/journal"
	"holdfast.dev/holdfast/fakes/journal/journaltest"
	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/standing"
	"holdfast.dev/holdfast/scenarios/contract"
)

// A target that was not done when the drain was over goes on while its tasks are asked for:
// what it says that it has sent by then has been sent, and is not lost.
func TestATargetThatGoesOnHasLostNothing(t *testing.T) {
	j := journaltest.New(journal.Config{})
	send := func(to string) {
		at := j.Hit(time.Second, journal.Arrival{Group: "send", Key: to}, ms, journal.Answered, http.StatusOK)
		j.Accept(at, to, 0)
	}
	var mu sync.Mutex // the clock of the journal is one
	target := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		to := strings.TrimPrefix(r.URL.Path, "/tasks/")
		if r.Method == http.MethodPost {
			w.WriteHeader(http.StatusAccepted)
		} else if j.Count(journal.Filter{Key: to}) == 0 {
			send(to)
		}
		fmt.Fprint(w, to)
	}))
	defer target.Close()
	s := &service{Tasks: contract.Tasks{
		Far: "mail.send", Group: "send", OnlyTo: true, NoAttempts: true, NoClass: true, Retries: 3, Batch: 1, Workers: 1, TakenOn: load.Status(http.StatusAccepted),
		Enqueue: func(one contract.Task) load.Request {
			return load.Request{Method: http.MethodPost, Path: "/tasks/" + one.Messages[0].To}
		},
		Asked: func(r load.Request) (contract.Task, error) {
			return contract.Task{Kind: contract.Batch, Messages: []contract.Message{{To: strings.TrimPrefix(r.Path, "/tasks/")}}}, nil
		},
		Taken:  func(a load.Answer) (string, bool) { return string(a.Body), a.Status == http.StatusAccepted },
		Status: func(id string) load.Request { return load.Request{Path: "/tasks/" + id} },
		ReadStatus: func(string, []byte) (contract.Status, error) {
			return contract.Status{Kind: contract.Batch, State: contract.Succeeded}, nil
		},
	}}
	m := mailing{name: "mail", profile: load.Constant(100, 100*time.Millisecond)}
	state := harness.State{Start: j.Start(), Target: target.URL, Fakes: map[string]harness.Fake{"mail": seen{journal: j}}, Companion: newCompanion(&s.Tasks, []mailing{m})()}
	stream := s.stream(m)
	stream.MaxLag = time.Minute
	attack, err := load.Start(t.Context(), load.Config{BaseURL: target.URL, Start: time.Now(), Answers: state.Companion.Answered}, stream)
	require.NoError(t, err)
	state.Streams = attack.Wait()
	r, err := s.newBooks(harness.Scenario{}, emailapi.Config{}, []mailing{m}).reconcile(t.Context(), state)
	require.NoError(t, err)
	require.EqualValues(t, 10, r.Ledger.Accepted)
	require.EqualValues(t, 10, r.Ledger.Delivered)
	require.Zero(t, r.Ledger.Lost)
	for _, f := range r.Findings {
		require.Zero(t, f.Broken, "%s: %v", f.Check, examplesIn(f))
	}
}

// examplesIn are what is wrong, in words.
func examplesIn(f standing.Finding) (all []string) {
	for _, e := range f.Examples {
		all = append(all, e.What)
	}
	return all
}
