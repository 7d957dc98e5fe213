package scenarios

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"time"

	"holdfast.dev/holdfast/fakes/emailapi"
	"holdfast.dev/holdfast/fakes/host"
	"holdfast.dev/holdfast/fakes/journal"
	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/chaos"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
)

// mailAPI is the place of the e-mail API.
const mailAPI = "mail_api"

// API keys of the fake. They are no secrets: they open it alone.
const (
	firstKey  = "re_first_key"
	secondKey = "re_second_key" // takes the first one's place, where that is revoked
)

// mailFake plays the e-mail API, with limits of its own where c has some. A key
// that is to be replaced is in a file, as a mounted secret is. Beside what any
// fake measures it has the numbers of [mailStand.sees].
func mailFake(c emailapi.Config, replaceKey bool) harness.Dependency {
	return harness.Dependency{Name: mailAPI, Open: func(seed uint64) (harness.Fake, error) {
		c.Config = host.Config{Seed: seed}
		c.Keys = []emailapi.Key{{Text: firstKey, State: emailapi.Valid}}
		api, err := emailapi.Start(c)
		if err != nil {
			return nil, err
		}
		s := &mailAdapter{adapter: newAdapter(mailAPI, api.Host), api: api}
		s.settings = map[string]string{"EMAIL_API_URL": api.URL(0), "EMAIL_API_KEY": firstKey}
		s.measures = append(s.measures, s.sees()...)
		if replaceKey {
			if err := s.keyInFile(); err != nil {
				return nil, errors.Join(err, s.Close())
			}
		}
		return s, nil
	}}
}

// mailAdapter is the e-mail API with the file that holds the target's key and,
// when all is over, the account of every task.
type mailAdapter struct {
	*adapter
	api     *emailapi.Server
	keyFile string       // empty: the key stays the same
	tasks   []taskRecord // since the account was drawn up
}

// keyInFile hands the key over in a file.
func (s *mailAdapter) keyInFile() error {
	dir, err := os.MkdirTemp("", "holdfast-key-")
	if err != nil {
		return fmt.Errorf("a directory for the API key: %w", err)
	}
	s.keyFile = filepath.Join(dir, "key")
	delete(s.settings, "EMAIL_API_KEY")
	s.settings["EMAIL_API_KEY_FILE"] = s.keyFile
	return s.writeKey(firstKey)
}

// Close stops the API and takes the key away.
func (s *mailAdapter) Close() error {
	err := s.adapter.Close()
	if s.keyFile != "" {
		err = errors.Join(err, os.RemoveAll(filepath.Dir(s.keyFile)))
	}
	return err
}

// writeKey puts a key into the file, at once.
func (s *mailAdapter) writeKey(key string) error {
	next := s.keyFile + ".next"
	if err := os.WriteFile(next, []byte(key+"\n"), 0o600); err != nil {
		return fmt.Errorf("write the API key: %w", err)
	}
	if err := os.Rename(next, s.keyFile); err != nil {
		return fmt.Errorf("write the API key: %w", err)
	}
	return nil
}

// keyRevoked is the fault of an API key that is refused from now on. It is
// undone as people do it: by another key in the file.
type keyRevoked struct{}

// String is its text form.
func (keyRevoked) String() string { return "key revoked, then replaced" }

// Accepts knows keyRevoked beside the faults of any fake.
func (s *mailAdapter) Accepts(kind chaos.Kind) error {
	if _, ok := kind.(keyRevoked); ok {
		if s.keyFile == "" {
			return errors.New("the API key is not in a file, so it cannot be replaced")
		}
		return nil
	}
	return s.adapter.Accepts(kind)
}

// Apply puts the fault into force.
func (s *mailAdapter) Apply(ctx context.Context, kind chaos.Kind) (chaos.Applied, error) {
	if _, ok := kind.(keyRevoked); !ok {
		return s.adapter.Apply(ctx, kind)
	}
	s.api.SetKey(firstKey, emailapi.Revoked)
	return &revocation{s, time.Since(s.api.Journal().Start())}, nil
}

// revocation is keyRevoked in force.
type revocation struct {
	stand *mailAdapter
	since time.Duration // on the journal's clock
}

// Undo lets another key in and hands it to the target.
func (r *revocation) Undo(context.Context) error {
	r.stand.api.SetKey(secondKey, emailapi.Valid)
	return r.stand.writeKey(secondKey)
}

// Receipt counts the calls that were refused for their key.
func (r *revocation) Receipt() chaos.Receipt {
	refused := int64(r.stand.api.Journal().Count(journal.Filter{From: r.since, Where: keyRefused}))
	return chaos.Receipt{
		Fired: refused, Touched: refused,
		Declared: "the API key is refused, until another takes its place",
		Measured: fmt.Sprintf("%d calls refused", refused),
	}
}

func keyRefused(e journal.Entry) bool {
	return e.Status == http.StatusForbidden || e.Status == http.StatusUnauthorized
}

// sees are what the API knows of the attempts at it, all over the whole
// scenario: a retry belongs to whenever its task was taken on.
//
//	NAME.attempts.max       the most attempts at one call
//	NAME.retries            attempts after the first of their call
//	NAME.calls_per_task     attempts for each task that was taken on
//	NAME.key_refused        attempts that were refused for their key
//	NAME.abandoned          attempts that the client let go of
//	NAME.call.max           how long it stayed with one at most
//	NAME.gap.growth         the last pause before an attempt, by the first one; medians
//	NAME.gap.spread         from the 10th to the 90th percentile of the last pauses, by their median
func (s *mailAdapter) sees() []harness.Measure {
	j := s.api.Journal()
	calls := func() float64 { return float64(j.Count(journal.Filter{})) }
	return []harness.Measure{
		s.whole("attempts.max", result.UnitCount, func() float64 {
			most := 0
			for _, n := range j.Attempts(journal.Filter{}) {
				most = max(most, n)
			}
			return float64(most)
		}),
		s.whole("retries", result.UnitCount, func() float64 { return calls() - float64(len(j.Attempts(journal.Filter{}))) }),
		s.whole("calls_per_task", result.UnitFraction, func() float64 {
			n := 0
			for _, t := range s.tasks {
				if t.stored {
					n++
				}
			}
			return calls() / float64(n)
		}),
		s.whole("key_refused", result.UnitCount, func() float64 { return float64(j.Count(journal.Filter{Where: keyRefused})) }),
		s.whole("abandoned", result.UnitCount, func() float64 { return float64(j.Outcomes(journal.Filter{})[journal.Abandoned]) }),
		s.whole("call.max", result.UnitMS, func() float64 {
			longest := time.Duration(0)
			for e := range j.Entries(journal.Filter{}) {
				longest = max(longest, e.Took)
			}
			return milliseconds(longest)
		}),
		s.overGaps("gap.growth", result.UnitFraction, func(first, last []time.Duration) float64 {
			return float64(quantile(last, 0.5)) / float64(quantile(first, 0.5))
		}),
		s.overGaps("gap.spread", result.UnitRatio, func(_, last []time.Duration) float64 {
			return float64(quantile(last, 0.9)-quantile(last, 0.1)) / float64(quantile(last, 0.5))
		}),
	}
}

// whole is a measure over all that the API saw.
func (s *mailAdapter) whole(name, unit string, read func() float64) harness.Measure {
	return harness.Measure{
		Descriptor: verdict.Descriptor{Name: mailAPI + "." + name, Unit: unit},
		Read: func(harness.State, verdict.Window) verdict.Reading {
			return verdict.Reading{Value: read(), Samples: int64(s.api.Journal().Count(journal.Filter{}))}
		},
	}
}

// overGaps is a measure over the first and the last pauses that the target made
// between its attempts at a call.
func (s *mailAdapter) overGaps(name, unit string, of func(first, last []time.Duration) float64) harness.Measure {
	return harness.Measure{
		Descriptor: verdict.Descriptor{Name: mailAPI + "." + name, Unit: unit, MinSamples: 20},
		Read: func(harness.State, verdict.Window) verdict.Reading {
			var first, last []time.Duration
			for _, g := range s.api.Journal().Gaps(journal.Filter{}) {
				switch g.Attempt {
				case 2:
					first = append(first, g.FromEnd)
				case maxAttempts:
					last = append(last, g.FromEnd)
				}
			}
			if len(first) == 0 || len(last) == 0 {
				return verdict.Reading{}
			}
			return verdict.Reading{Value: of(first, last), Samples: int64(len(last))}
		},
	}
}

// quantile is the q-th part of some durations, in their order.
func quantile(all []time.Duration, q float64) time.Duration {
	sorted := slices.Sorted(slices.Values(all))
	return sorted[min(int(q*float64(len(sorted))), len(sorted)-1)]
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
