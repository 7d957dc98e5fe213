package oracle

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/fakes/journal"
	"holdfast.dev/holdfast/fakes/journal/journaltest"
	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
)

// seen is a fake that saw what a test wrote down.
type seen struct {
	harness.Fake
	journal *journaltest.Journal
}

// Journal is what it saw.
func (s seen) Journal() *journal.Journal { return s.journal.Journal }

// state is a scenario that began two seconds after its fake, whose stream sent
// 10 requests in all, 4 of them in the heal phase.
func state(j *journaltest.Journal) harness.State {
	s := result.Stream{Name: "impact", Phases: []result.StreamPhase{
		{Phase: result.Inject, Counts: result.Counts{}},
		{Phase: result.Heal, Counts: result.Counts{Sent: 4}},
	}}
	s.Sent = 10
	return harness.State{
		Start: j.Start().Add(2 * time.Second), Fakes: map[string]harness.Fake{oracleAPI: seen{journal: j}},
		Streams: []load.Tally{{Stream: s}},
	}
}

// calls writes a call down for each of these oracles, at an offset from the fake's start.
func calls(j *journaltest.Journal, at time.Duration, oracles ...string) {
	for _, o := range oracles {
		j.Hit(at, journal.Arrival{Group: o, Key: "1"}, time.Millisecond, journal.Answered, 200)
	}
}

var (
	whole = verdict.Window{To: time.Hour}
	heal  = verdict.Window{Phase: result.Heal, From: 3 * time.Second, To: 5 * time.Second}
)

func TestCallsForEachRequest(t *testing.T) {
	s, about := ours(activeOracles)
	j := journaltest.New(journal.Config{})
	m := s.callsPerRequest(oracleAPI, "impact")
	require.Equal(t, "oracle_api.calls_per_request", m.Name)
	require.Equal(t, verdict.Reading{Value: 0, Samples: 10}, m.Read(state(j), whole))
	calls(j, time.Second, about.Asked...) // also before the load: there should be none
	calls(j, 3*time.Second, append(slices.Clone(about.Asked), "also-11", "also-12", "also-13", "also-14", "also-15")...)
	require.Equal(t, verdict.Reading{Value: 2.5, Samples: 10}, m.Read(state(j), whole))
	require.Equal(t, m.Read(state(j), whole), m.Read(state(j), heal), "it is over the whole load")
}

func TestNothingIsMeasuredWithoutItsStreamOrItsFake(t *testing.T) {
	s, about := ours(activeOracles)
	j := journaltest.New(journal.Config{})
	calls(j, 3*time.Second, about.Asked...)
	for name, change := range map[string]func(*harness.State){
		"no stream":    func(s *harness.State) { s.Streams = nil },
		"another one":  func(s *harness.State) { s.Streams[0].Name = "search" },
		"nothing sent": func(s *harness.State) { s.Streams[0].Sent, s.Streams[0].Phases = 0, nil },
		"no fake":      func(s *harness.State) { s.Fakes = nil },
	} {
		seen := state(j)
		change(&seen)
		require.Zero(t, s.callsPerRequest(oracleAPI, "impact").Read(seen, whole).Samples, name)
		require.Zero(t, s.askedOf(about, "oracle-4", "impact").Read(seen, heal).Samples, name)
	}
}

// The cap is on which oracles are asked, not only on how many.
func TestCallsBeyondTheCap(t *testing.T) {
	s, about := ours(activeOracles)
	j := journaltest.New(journal.Config{})
	m := s.beyondCap(about)
	require.Equal(t, "oracle_api.beyond_cap", m.Name)
	require.Zero(t, m.Read(state(j), whole).Samples, "no call, no sample")
	calls(j, 3*time.Second, about.Asked...)
	require.Equal(t, verdict.Reading{Value: 0, Samples: 10}, m.Read(state(j), whole))
	calls(j, 3*time.Second, "oracle-11", "oracle-100")
	calls(j, 6*time.Second, "oracle-11")
	require.Equal(t, verdict.Reading{Value: 3, Samples: 13}, m.Read(state(j), whole))
	calls(j, time.Second, "oracle-12") // before the scenario's clock began
	require.Equal(t, verdict.Reading{Value: 3, Samples: 13}, m.Read(state(j), whole))
	require.Equal(t, verdict.Reading{Value: 1, Samples: 1}, m.Read(state(j), heal), "one is 4 s after the scenario's start")
}

func TestHowOftenOneOracleIsAsked(t *testing.T) {
	s, about := ours(activeOracles)
	j := journaltest.New(journal.Config{})
	m := s.askedOf(about, "oracle-4", "impact")
	require.Equal(t, "oracle-4.asked", m.Name)
	calls(j, 4*time.Second, "oracle-4")                         // 2 s: still in the inject phase
	calls(j, 5*time.Second, "oracle-4", "oracle-5", "oracle-4") // 3 s: healed
	calls(j, 6500*time.Millisecond, "oracle-4")
	calls(j, 7*time.Second, "oracle-4") // 5 s: over
	require.Equal(t, verdict.Reading{Value: 0.75, Samples: 4}, m.Read(state(j), heal))
	inject := verdict.Window{Phase: result.Inject, To: 3 * time.Second}
	require.Zero(t, m.Read(state(j), inject).Samples, "nothing was sent in it")
}

// Each row is when failing calls of one oracle came, in milliseconds, with two
// failures to open the breaker and a cooldown of 200 ms. Each takes 10 ms.
func TestCallsBeyondOneACooldown(t *testing.T) {
	for _, row := range []struct {
		name   string
		at     []int
		beyond int
	}{
		{"none", nil, 0},
		{"before it opens", []int{0, 20}, 0},
		{"one a cooldown", []int{0, 20, 240, 450, 660}, 0},
		{"one a cooldown, and its end was seen late", []int{0, 20, 225}, 0},
		{"under way as it opened", []int{0, 20, 25, 28}, 0},
		{"two at once", []int{0, 20, 240, 241}, 1},
		{"no rest at all", []int{0, 20, 100, 120, 140, 160}, 4},
		{"a rest too short", []int{0, 20, 130, 240, 350, 460}, 2},
		{"none after it opened, long after the start", []int{9000, 9005, 9010}, 0},
	} {
		var calls []journal.Entry
		for _, at := range row.at {
			calls = append(calls, journal.Entry{Start: time.Duration(at) * time.Millisecond, Took: 10 * time.Millisecond, Outcome: journal.Answered})
		}
		require.Equal(t, row.beyond, tooSoon(calls, 2, 200*time.Millisecond, learning, 0), row.name)
	}
}

// Only who was led to the other host counts there, not who asks there anyway.
func TestWhoAsksElsewhereByItselfWasNotLedThere(t *testing.T) {
	s, _ := ours(activeOracles)
	s.Here, s.LedTo = oracleAPI, "others"
	m := s.ledTo("away")
	here, there := journaltest.New(journal.Config{}), journaltest.New(journal.Config{})
	here.Hit(3*time.Second, journal.Arrival{Group: "source", Key: "one"}, time.Millisecond, journal.Answered, 307, "away")
	there.Hit(3*time.Second, journal.Arrival{Group: "source", Key: "one"}, time.Millisecond, journal.Answered, 200)
	o := state(here)
	o.Fakes["others"] = seen{journal: there}
	require.Equal(t, verdict.Reading{Value: 0, Samples: 1}, m.Read(o, whole))
	there.Hit(4*time.Second, journal.Arrival{Group: "unmatched", Key: "GET " + ledPath + "/v3/one"}, time.Millisecond, journal.Answered, 404)
	require.Equal(t, verdict.Reading{Value: 1, Samples: 1}, m.Read(o, whole))
}
