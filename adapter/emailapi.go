package adapter

import (
	"errors"
	"slices"
	"sync"
	"time"

	"holdfast.dev/holdfast/fakes/emailapi"
	"holdfast.dev/holdfast/fakes/journal"
	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/ledger"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
)

// EmailAPI plays the e-mail API at the place name, with limits of its own where
// c has some. The target finds it by EMAIL_API_URL. Its draws come from the run's
// seed and its keys are its own, whatever c says. Beside what any fake measures
// it has, all over the whole scenario, since a retry belongs to whenever its task
// was taken on:
//
//	NAME.attempts.max       the most attempts at one call
//	NAME.retries            attempts after the first of their call
//	NAME.key_refused        attempts that were refused for their key
//	NAME.abandoned          attempts that the client let go of
//	NAME.call.max           how long it stayed with one at most
//
// For a ledger the key of a mail is its recipient's address.
func EmailAPI(name string, c emailapi.Config, key KeyAt) harness.Dependency {
	d := Dependency(name, func(seed uint64) (harness.Fake, error) { return openMail(seed, c, key) }, attempts(name)...)
	d.Faults, d.Receives = EmailSupport(key), []string{name}
	return d
}

func openMail(seed uint64, c emailapi.Config, key KeyAt) (*Mail, error) {
	c.Seed = seed
	k := newKeys()
	c.Keys = []emailapi.Key{{Text: k.first, State: emailapi.Valid}}
	api, err := emailapi.Start(c)
	if err != nil {
		return nil, err
	}
	m := &Mail{Fake: New(api.Host), api: api, own: k, keys: []string{k.first}}
	m.Set("EMAIL_API_URL", api.URL(0))
	if key == KeyInEnvironment {
		m.Set("EMAIL_API_KEY", k.first)
	} else if err := m.keyInFile(); err != nil {
		return nil, errors.Join(err, m.Close())
	}
	return m, nil
}

// Mail is the e-mail API, with the file that holds the target's key if it is in one.
type Mail struct {
	*Fake
	api     *emailapi.Server
	own     keys
	keyFile string // empty: the key stays the same
	// removeKey takes the file away; nil where there is none.
	removeKey func() error

	mu   sync.Mutex // guards keys
	keys []string   // that were handed to the target
}

// Asked are the requests that the API got, by arrival, and how many more there were
// that were too much to keep.
func (m *Mail) Asked() (all []emailapi.Call, left int) { return m.api.Calls() }

// Received implements [harness.Receiver]: each mail that was taken on for a recipient,
// whose address is the key.
func (m *Mail) Received(_ string, zero time.Time) []ledger.Arrival {
	var all []ledger.Arrival
	for _, a := range m.Journal().Acceptances() {
		all = append(all, ledger.Arrival{Key: a.Recipient, At: m.Journal().Start().Add(a.At).Sub(zero), Timed: true})
	}
	return all
}

// Keys are the API keys that were handed to the target by now.
func (m *Mail) Keys() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.keys)
}

// MailOf is the e-mail API at a place, false if there is none.
func MailOf(state harness.State, place string) (*Mail, bool) {
	m, ok := state.Fakes[place].(*Mail)
	return m, ok
}

// attempts are what the API knows of the attempts at it.
func attempts(name string) []harness.Measure {
	whole := func(what, unit string, read func(*journal.Journal) float64) harness.Measure {
		d := verdict.Descriptor{Name: name + "." + what, Unit: unit}
		return Measure(name, d, func(j *journal.Journal, _ harness.State, _ verdict.Window) verdict.Reading {
			return verdict.Reading{Value: read(j), Samples: int64(j.Count(journal.Filter{}))}
		})
	}
	return []harness.Measure{
		whole("attempts.max", result.UnitCount, func(j *journal.Journal) float64 {
			most := 0
			for _, n := range j.Attempts(journal.Filter{}) {
				most = max(most, n)
			}
			return float64(most)
		}),
		inTime(whole("retries", result.UnitCount, func(j *journal.Journal) float64 {
			return float64(j.Count(journal.Filter{}) - len(j.Attempts(journal.Filter{})))
		})),
		inTime(whole("key_refused", result.UnitCount, func(j *journal.Journal) float64 { return float64(j.Count(journal.Filter{Where: keyRefused})) })),
		inTime(whole("abandoned", result.UnitCount, func(j *journal.Journal) float64 {
			return float64(j.Outcomes(journal.Filter{})[journal.Abandoned])
		})),
		whole("call.max", result.UnitMS, func(j *journal.Journal) float64 {
			longest := time.Duration(0)
			for e := range j.Entries(journal.Filter{}) {
				longest = max(longest, e.Took)
			}
			return float64(longest) / float64(time.Millisecond)
		}),
	}
}
