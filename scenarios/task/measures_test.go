package task

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/fakes/emailapi"
	"holdfast.dev/holdfast/fakes/journal"
	"holdfast.dev/holdfast/fakes/journal/journaltest"
	"holdfast.dev/holdfast/harness/verdict"
)

// Four attempts, whose pauses double, and are spread: the medians are of the
// first and of the third pause.
func TestHowPausesGrowAndSpread(t *testing.T) {
	growth, spread := ours().pauses()[0], ours().pauses()[1]
	require.Equal(t, "mail_api.gap.growth", growth.Name)
	require.Equal(t, "mail_api.gap.spread", spread.Name)
	require.EqualValues(t, 20, growth.MinSamples)
	j := journaltest.New(journal.Config{})
	for i := range 20 {
		d := time.Duration(100+i) * ms // 100 … 119; the 10th percentile is 102, the median 110, the 90th 118
		tries(j, fmt.Sprint("task-", i), []time.Duration{d, 2 * d, 4 * d})
	}
	require.Equal(t, verdict.Reading{Value: 4, Samples: 20}, read(growth, j))
	got := read(spread, j)
	require.EqualValues(t, 20, got.Samples)
	require.InDelta(t, float64(118-102)/110, got.Value, 1e-9)
}

func TestWithoutAFourthAttemptNoPauseGrew(t *testing.T) {
	for name, pauses3 := range map[string][]time.Duration{
		"none":        nil,
		"once":        {},
		"three":       {ms, 2 * ms},
		"no pause":    {0, 0, 0},
		"overlapping": {-ms, ms, ms},
	} {
		j := journaltest.New(journal.Config{})
		if name != "none" {
			tries(j, "task", pauses3)
		}
		for _, m := range ours().pauses() {
			require.Zero(t, read(m, j).Samples, "%s: %s", name, m.Name)
		}
	}
}

// Only the pause right after the answer that the fault gave counts.
func TestThePauseAfterAFault(t *testing.T) {
	j := journaltest.New(journal.Config{})
	j.Hit(0, journal.Arrival{Group: "send", Key: "a"}, ms, journal.Answered, 429, "seconds")
	j.Hit(1001*ms, journal.Arrival{Group: "send", Key: "a"}, ms, journal.Answered, 503)
	j.Hit(9*time.Second, journal.Arrival{Group: "send", Key: "a"}, ms, journal.Answered, 200)
	tries(j, "b", []time.Duration{3 * time.Second}, "seconds", "another")
	tries(j, "c", []time.Duration{ms}, "another")
	require.Equal(t, verdict.Reading{Value: 1000, Samples: 2}, read(ours().pause("seconds", "min"), j))
	require.Equal(t, verdict.Reading{Value: 3000, Samples: 2}, read(ours().pause("seconds", "max"), j))
	require.Zero(t, read(ours().pause("never", "min"), j).Samples)
}

// Once for an error that is permanent, four times for one that may pass.
func TestAttemptsAreHeldAgainstTheCatalogue(t *testing.T) {
	catalogue := []emailapi.Error{
		{Status: 403, Name: "not_allowed", Class: emailapi.Permanent}, {Status: 503, Class: emailapi.Temporary},
		{Status: 401, Class: emailapi.Parked}, {Status: 500, Class: emailapi.Unknown},
	}
	three := []time.Duration{ms, ms, ms}
	for _, row := range []struct {
		name   string
		fault  string
		pauses []time.Duration
		wrong  float64
		beyond float64 // more than any want of time makes
	}{
		{"permanent, once", "403-not-allowed", nil, 0, 0},
		{"permanent, twice", "403-not-allowed", three[:1], 1, 0},
		{"temporary, four times", "503-nameless", three, 0, 0},
		{"temporary, three times", "503-nameless", three[:2], 1, 0},
		{"temporary, five times", "503-nameless", append(three[:3:3], ms), 1, 1},
		{"parked, once", "401-nameless", nil, 0, 0},
		{"parked, four times", "401-nameless", three, 1, 0},
		{"unknown, four times", "500-nameless", three, 0, 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			j := journaltest.New(journal.Config{})
			require.Zero(t, read(ours().wrongAttempts(catalogue), j).Samples)
			tries(j, "task", row.pauses, row.fault)
			require.Equal(t, verdict.Reading{Value: row.wrong, Samples: 1, Regardless: &row.beyond}, read(ours().wrongAttempts(catalogue), j))
		})
	}
}

// Only what was turned away must be tried again, not what was slowed down.
func TestWhatIsTurnedAwayIsTriedAgain(t *testing.T) {
	hit := func(key string, at time.Duration, status int, faults ...string) func(*journaltest.Journal) {
		return func(j *journaltest.Journal) {
			j.Hit(at, journal.Arrival{Group: "send", Key: key}, ms, journal.Answered, status, faults...)
		}
	}
	for _, row := range []struct {
		name  string
		calls []func(*journaltest.Journal)
		want  verdict.Reading
	}{
		{"nobody", nil, verdict.Reading{}},
		{"slowed down", []func(*journaltest.Journal){hit("a", 0, 200, "overrun")}, verdict.Reading{}},
		{"turned away by another", []func(*journaltest.Journal){hit("a", 0, 503, "down")}, verdict.Reading{}},
		{"given up", []func(*journaltest.Journal){hit("a", 0, 503, "overrun"), hit("b", 0, 200, "overrun")}, verdict.Reading{Value: 1, Samples: 1}},
		{"tried again", []func(*journaltest.Journal){hit("a", 0, 503, "overrun"), hit("a", 9*ms, 200)}, verdict.Reading{Value: 2, Samples: 1}},
		{"one of two", []func(*journaltest.Journal){hit("a", 0, 503, "overrun"), hit("b", 1*ms, 503, "overrun"), hit("b", 9*ms, 503, "overrun"), hit("b", 19*ms, 200)},
			verdict.Reading{Value: 1, Samples: 2}},
	} {
		t.Run(row.name, func(t *testing.T) {
			j := journaltest.New(journal.Config{})
			for _, call := range row.calls {
				call(j)
			}
			require.Equal(t, row.want, read(ours().turnedAway("overrun"), j))
		})
	}
}

// Who was refused and heard it comes no more; who was healthy, or let go of, may.
func TestOnlyWhoHeardThatItWasRefusedIsTriedAgain(t *testing.T) {
	for name, row := range map[string]struct {
		ends   []journal.Ending
		faults []string
		want   verdict.Reading
	}{
		"once":                 {[]journal.Ending{journal.Answered}, []string{"refused"}, verdict.Reading{Value: 1, Samples: 1}},
		"again":                {[]journal.Ending{journal.Answered, journal.Answered}, []string{"refused"}, verdict.Reading{Value: 2, Samples: 1}},
		"let go of":            {[]journal.Ending{journal.Abandoned, journal.Answered}, []string{"refused"}, verdict.Reading{Value: 1, Samples: 1}},
		"a healthy one, again": {[]journal.Ending{journal.Answered, journal.Answered}, nil, verdict.Reading{}},
		"by another fault":     {[]journal.Ending{journal.Answered, journal.Answered}, []string{"down"}, verdict.Reading{}},
	} {
		t.Run(name, func(t *testing.T) {
			j := journaltest.New(journal.Config{})
			for i, end := range row.ends {
				j.Hit(time.Duration(i)*time.Second, journal.Arrival{Group: "send", Key: "a"}, ms, end, 401, row.faults...)
			}
			require.Equal(t, row.want, read(ours().triedAgain("refused"), j))
		})
	}
}

// An API stands fewer calls at once than whoever calls it makes.
func TestAnAPIIsOverrun(t *testing.T) {
	for workers, stands := range map[int]string{1: "shed=1", 2: "shed=1", 4: "shed=2", 16: "shed=6", 100: "shed=6"} {
		s := ours()
		s.Workers = workers
		require.Contains(t, retryStorm(smoke(t), s).Faults[0].Kind.String(), stands)
	}
}
