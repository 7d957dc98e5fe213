package task

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/fakes/journal"
	"holdfast.dev/holdfast/fakes/journal/journaltest"
	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/verdict"
	"holdfast.dev/holdfast/scenarios/contract/reference"
	"holdfast.dev/holdfast/scenarios/profile"
)

// smoke is the profile for tests.
func smoke(t *testing.T) profile.Profile {
	t.Helper()
	p, err := profile.ByName("smoke")
	require.NoError(t, err)
	return p
}

// mailAPI is the place of the e-mail API of our own service.
const mailAPI = "mail_api"

// ours are the tasks of our own service, as a scenario of a test knows them.
func ours() *service { return &service{Tasks: reference.Tasks(10_000, reference.Searches()(10_000))} }

// seen is a fake that saw what a test wrote down.
type seen struct {
	harness.Fake
	journal *journaltest.Journal
}

// Journal is what it saw.
func (s seen) Journal() *journal.Journal { return s.journal.Journal }

// read is what a measure of the e-mail API reads from a journal.
func read(m harness.Measure, j *journaltest.Journal) verdict.Reading {
	state := harness.State{Start: j.Start(), Fakes: map[string]harness.Fake{mailAPI: seen{journal: j}}}
	return m.Read(state, verdict.Window{To: time.Hour})
}

// tries writes down attempts at one call, each of a millisecond, with these
// pauses between them, all of which the faults acted on.
func tries(j *journaltest.Journal, key string, pauses []time.Duration, faults ...string) {
	at := time.Duration(0)
	for i := range len(pauses) + 1 {
		j.Hit(at, journal.Arrival{Group: "send", Key: key}, time.Millisecond, journal.Answered, 503, faults...)
		if i < len(pauses) {
			at += time.Millisecond + pauses[i]
		}
	}
}

func to(n int, prefix string) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf("%s-%d@tasks.example", prefix, i)
	}
	return all
}

// mailTo is a wanted mail to each.
func mailTo(addresses ...string) []wanted {
	all := make([]wanted, len(addresses))
	for i, to := range addresses {
		all[i] = wanted{to: to, subject: "News", text: "There is news."}
	}
	return all
}
