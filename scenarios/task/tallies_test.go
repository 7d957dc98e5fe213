package task

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"holdfast.dev/holdfast/fakes/emailapi"
	"holdfast.dev/holdfast/harness/verdict"
	"holdfast.dev/holdfast/scenarios/contract"
)

const ms = time.Millisecond

// done is a task of a mailing that was taken on, and sent at its first attempt
// so long after it was due.
func done(mailing string, due, took time.Duration) record {
	return record{
		mailing: mailing, accepted: true, due: due, told: true, Status: contract.Status{State: contract.Succeeded, Attempts: 1, Most: 4},
		wants: mailTo("a@tasks.example"), calls: make([]call, 1), served: 1, at: due + took,
	}
}

// but is the record with something changed.
func (r record) but(change func(*record)) record { change(&r); return r }

var (
	gaveUp  = func(r *record) { r.State, r.Attempts, r.served, r.Class = contract.Failed, 4, 0, contract.Temporary }
	refused = func(r *record) { r.State, r.served, r.Class = contract.Failed, 0, contract.Permanent }
	waiting = func(r *record) { r.State, r.Attempts, r.served = contract.Retrying, 2, 0 }
	unheard = func(r *record) { r.accepted = false }
	untold  = func(r *record) { r.told, r.Status, r.served, r.calls = false, contract.Status{}, 0, nil }
)

// Each row is what some tasks came to, and the reading of one metric.
func TestWhatTheTasksCameTo(t *testing.T) {
	fine := done("mail", 0, ms)
	for _, row := range []struct {
		metric string
		tasks  []record
		want   verdict.Reading
	}{
		{"tasks.attempts.max", []record{fine, fine.but(gaveUp), fine}, verdict.Reading{Value: 4, Samples: 3}},
		{"tasks.attempts.max", []record{fine, fine.but(unheard).but(gaveUp)}, verdict.Reading{Value: 1, Samples: 1}},
		{"tasks.attempts.max", []record{fine.but(untold)}, verdict.Reading{}},
		{"tasks.attempts.min", []record{fine.but(gaveUp), fine.but(waiting)}, verdict.Reading{Value: 2, Samples: 2}},
		{"tasks.attempts.min", nil, verdict.Reading{}},
		{"tasks.unfinished", []record{fine, fine.but(gaveUp), fine.but(refused)}, verdict.Reading{Value: 0, Samples: 3}},
		{"tasks.unfinished", []record{fine.but(waiting), fine.but(waiting).but(unheard), fine.but(untold)}, verdict.Reading{Value: 1, Samples: 1}},
		{"tasks.unserved", []record{fine, fine.but(gaveUp)}, verdict.Reading{Value: 1, Samples: 2}},
		{"tasks.unserved", []record{fine.but(untold), fine.but(gaveUp).but(unheard)}, verdict.Reading{Value: 1, Samples: 1}},
		{"tasks.stored_unheard", []record{fine, fine.but(unheard)}, verdict.Reading{Value: 1, Samples: 1}},
		{"tasks.stored_unheard", []record{fine, fine.but(untold).but(unheard)}, verdict.Reading{}},
		{"mail.failed_tasks", []record{fine, fine.but(gaveUp), fine.but(refused), fine.but(waiting)}, verdict.Reading{Value: 2, Samples: 4}},
		{"mail.unfailed_tasks", []record{fine, fine.but(gaveUp), fine.but(refused), fine.but(waiting)}, verdict.Reading{Value: 2, Samples: 4}},
		{"mail.failed_tasks", []record{done("other", 0, ms).but(gaveUp)}, verdict.Reading{}},
		{"mail.unfailed_tasks", []record{fine.but(unheard)}, verdict.Reading{}},
		{"mail_api.calls_per_task", []record{fine, fine, fine.but(unheard), fine.but(untold).but(unheard)}, verdict.Reading{Value: 2, Samples: 6}},
		{"mail_api.calls_per_task", []record{fine.but(untold).but(unheard)}, verdict.Reading{}},
	} {
		t.Run(row.metric, func(t *testing.T) {
			got := tallyNamed(t, row.metric).read(evidence{tasks: row.tasks, calls: 6}, verdict.Window{To: time.Hour})
			require.Equal(t, row.want, got)
		})
	}
}

func tallyNamed(t *testing.T, name string) tally {
	t.Helper()
	all := tallies([]mailing{steady("mail", 10, time.Second)}, 4, mailAPI)
	i := slices.IndexFunc(all, func(t tally) bool { return t.Name == name })
	require.GreaterOrEqual(t, i, 0, "there is no metric %s", name)
	return all[i]
}

// A delay is of the tasks that were due in the window, taken on, and sent whole.
func TestDelaysAreOfWhatWasDelivered(t *testing.T) {
	window := verdict.Window{From: time.Second, To: 2 * time.Second}
	half := func(r *record) { r.wants = mailTo(to(2, "mail")...) }
	tasks := []record{
		done("mail", 999*ms, 9*ms), done("mail", 1000*ms, 30*ms), done("mail", 1500*ms, 10*ms), done("mail", 1999*ms, 20*ms), done("mail", 2000*ms, 9*ms),
		done("mail", 1500*ms, time.Hour).but(gaveUp), done("mail", 1500*ms, time.Hour).but(half), done("mail", 1500*ms, time.Hour).but(unheard), done("other", 1500*ms, time.Hour),
	}
	for name, want := range map[string]float64{"p50": 20, "p90": 30, "p95": 30, "p99": 30, "max": 30} {
		require.Equal(t, verdict.Reading{Value: want, Samples: 3}, tallyNamed(t, "mail.delay."+name).read(evidence{tasks: tasks}, window), name)
	}
	require.Zero(t, tallyNamed(t, "mail.delay.p50").read(evidence{tasks: tasks}, verdict.Window{From: time.Minute, To: time.Hour}).Samples)
}

func TestAPercentileNeedsItsSamples(t *testing.T) {
	for name, need := range map[string]int64{"p50": 1, "p90": 10, "p95": 20, "p99": 100, "max": 1} {
		d := tallyNamed(t, "mail.delay."+name)
		require.Equal(t, need, d.MinSamples, name)
		require.True(t, d.Timed, name)
	}
}

// Every metric is declared before anything is measured, once.
func TestTheMetricsOfMailingsAreTheirOwn(t *testing.T) {
	var names []string
	own := counting("mail.own", func(record) bool { return true }, func(record) bool { return true })
	for _, d := range descriptors(tallies([]mailing{steady("mail", 1, time.Second).counted(own), steady("notify", 1, time.Second)}, 4, mailAPI)) {
		require.NotContains(t, names, d.Name)
		require.NotEmpty(t, d.Unit, d.Name)
		names = append(names, d.Name)
	}
	require.Contains(t, names, "mail.own")
	require.Contains(t, names, "notify.delay.p99")
	require.Len(t, names, 9+2*7+1)
}

// Tasks are numbered through the catalogue of errors: task 3 met the fourth.
func TestAClassIsHeldAgainstTheCatalogue(t *testing.T) {
	m := wrongClasses([]emailapi.Error{{Class: emailapi.Permanent}, {Class: emailapi.Temporary}, {Class: emailapi.Parked}})
	task := func(n int64, class contract.Class) record {
		return done("mail", 0, ms).but(func(r *record) { r.n, r.Class = n, class })
	}
	read := func(tasks ...record) verdict.Reading { return m.read(evidence{tasks: tasks}, verdict.Window{}) }
	require.Equal(t, verdict.Reading{Value: 0, Samples: 4}, read(task(0, "permanent"), task(1, "temporary"), task(2, "permanent"), task(3, "permanent")))
	require.Equal(t, verdict.Reading{Value: 3, Samples: 3}, read(task(0, "temporary"), task(1, ""), task(2, "parked")))
	require.Zero(t, read(task(0, "permanent").but(unheard)).Samples)
}

// Each task that was taken on is in one column, and none that was not is in any.
func TestTheLedgerAddsUp(t *testing.T) {
	states := []contract.State{contract.Pending, contract.Running, contract.Retrying, contract.Succeeded, contract.Failed}
	rapid.Check(t, func(t *rapid.T) {
		var tasks []record
		accepted := int64(0)
		for range rapid.IntRange(0, 50).Draw(t, "tasks") {
			r := record{accepted: rapid.Bool().Draw(t, "accepted"), told: rapid.Bool().Draw(t, "told")}
			if r.told {
				r.Status = contract.Status{State: rapid.SampledFrom(states).Draw(t, "state"), Attempts: rapid.IntRange(0, 5).Draw(t, "attempts")}
			}
			r.wants = mailTo(to(rapid.IntRange(1, 3).Draw(t, "recipients"), "mail")...)
			r.served = rapid.IntRange(0, len(r.wants)).Draw(t, "served")
			if r.accepted {
				accepted++
			}
			tasks = append(tasks, r)
		}
		l := balance(tasks)
		require.Equal(t, accepted, l.Accepted)
		require.Equal(t, l.Accepted, l.Delivered+l.FailedPermanent+l.FailedExhausted+l.Unfinished+l.Lost)
		sum := int64(0)
		for _, n := range l.Attempts {
			sum += n
		}
		require.LessOrEqual(t, sum, accepted)
	})
}

// A quantile is one of its durations, grows with its part, and ends at the longest.
func TestAQuantileIsOneOfItsDurations(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) time.Duration { return time.Duration(rapid.Int64Range(-5, 1000).Draw(t, "ns")) }), 1, 40).Draw(t, "all")
		before := slices.Clone(all)
		low, high := rapid.Float64Range(0, 1).Draw(t, "q"), rapid.Float64Range(0, 1).Draw(t, "q")
		if low > high {
			low, high = high, low
		}
		require.Contains(t, all, quantile(all, low))
		require.LessOrEqual(t, quantile(all, low), quantile(all, high))
		require.Equal(t, slices.Max(all), quantile(all, 1))
		require.Equal(t, slices.Min(all), quantile(all, 0))
		require.Equal(t, before, all, "their order stays")
	})
}
