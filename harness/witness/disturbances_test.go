package witness_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/probe"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/witness"
)

// series is one series of a record: a value each so often, from so long after the
// start.
type series struct {
	name   string
	from   time.Duration
	every  time.Duration
	values []float64
}

func half(name string, values ...float64) series {
	return series{name, 500 * time.Millisecond, 500 * time.Millisecond, values}
}

func record(t *testing.T, all ...series) probe.Record {
	t.Helper()
	var samples []probe.Samples
	for _, s := range all {
		one := probe.Samples{Series: probe.Series{Name: s.name, Unit: result.UnitRatio}, Every: s.every, Values: s.values}
		for i := range s.values {
			one.At = append(one.At, s.from+time.Duration(i)*s.every)
		}
		samples = append(samples, one)
	}
	r, err := probe.NewRecord(time.Minute, nil, samples...)
	require.NoError(t, err)
	return r
}

// after is a series of one value at that moment, and of zero behind it.
func after(name string, at time.Duration, value float64) series {
	return series{name, at, 50 * time.Millisecond, []float64{value, 0}}
}

// Each row is a record, and the disturbances that follow from it.
func TestDisturbances(t *testing.T) {
	idle, full := half("machine.own", 0.3, 0.3, 0.3, 0.3, 0.3, 0.3), half("machine.own", 1, 0.99, 1, 1, 1, 1)
	stopped := half("machine.own", 0.3, 0.3)
	stopped.values = append(stopped.values, 0.02)
	slow := series{"canary.work", 0, 50 * time.Millisecond, []float64{1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 4, 4, 5, 4, 4, 9, 4, 4, 4, 4}}
	silent := series{"db.heartbeat", time.Second, 100 * time.Millisecond, []float64{1, 100, 200, 300, 400, 500, 600, 1, 1}}
	for _, row := range []struct {
		name   string
		record []series
		want   []result.Disturbance
	}{
		{"nothing", []series{idle, half("machine.foreign", 0.2, 0.1, 0), after("canary.lag", time.Second, 99)}, nil},
		{"an empty record", nil, nil},
		{"the harness was stopped", []series{stopped, after("canary.lag", 1500*time.Millisecond, 1000)},
			[]result.Disturbance{{FromS: 0.5, ToS: 1.5, Cause: "the harness itself stood still for 1\u00a0s"}}},
		{"its turn came late on a machine that was free", []series{idle, after("canary.lag", 2*time.Second, 150)},
			nil}, // 0.3 of the half second may be what kept it from its turn
		{"its turn came late on a machine that was idle", []series{half("machine.own", 0.1, 0.1, 0.1, 0.1), after("canary.lag", 2*time.Second, 200)},
			[]result.Disturbance{{FromS: 1.8, ToS: 2, Cause: "the harness got its turn 200\u00a0ms late while its own processes left the processors free"}}},
		{"its turn came late on a machine that the run had filled", []series{full, after("canary.lag", 2*time.Second, 450)}, nil},
		{"two neighbours, one after another", []series{half("machine.foreign", 0.1, 0.5, 0.6, 0.1, 0.1, 0.3)},
			[]result.Disturbance{
				{FromS: 0.5, ToS: 1.5, Cause: "other processes used 60\u00a0% of the machine's processors"},
				{FromS: 2.5, ToS: 3, Cause: "other processes used 30\u00a0% of the machine's processors"},
			}},
		{"a neighbour beside a target that takes most", []series{half("machine.foreign", 0.25, 0.3, 0.4), half("machine.target", 0.7, 0.65, 0.6)},
			[]result.Disturbance{{FromS: 1, ToS: 1.5, Cause: "other processes used 40 % of the machine's processors"}}},
		{"a neighbour who leaves more than the run uses", []series{half("machine.foreign", 0.5, 0.5, 0.5), half("machine.own", 0.1, 0.2, 0.4)},
			[]result.Disturbance{
				{FromS: 0, ToS: 1, Cause: "other processes used 50\u00a0% of the machine's processors and left it room", Roomy: true},
				{FromS: 1, ToS: 1.5, Cause: "other processes used 50\u00a0% of the machine's processors"},
			}},
		{"a neighbour who leaves little, also to a run that uses less", []series{half("machine.foreign", 0.85), half("machine.own", 0.02)},
			[]result.Disturbance{{FromS: 0, ToS: 0.5, Cause: "other processes used 85\u00a0% of the machine's processors"}}},
		{"a neighbour, and a hypervisor who takes the rest", []series{half("machine.foreign", 0.5), half("machine.own", 0.1), half("machine.steal", 0.25)},
			[]result.Disturbance{
				{FromS: 0, ToS: 0.5, Cause: "other processes used 50\u00a0% of the machine's processors"},
				{FromS: 0, ToS: 0.5, Cause: "the hypervisor gave 25\u00a0% of the processors to others"},
			}},
		{"a hypervisor", []series{half("machine.steal", 0, 0.4)},
			[]result.Disturbance{{FromS: 0.5, ToS: 1, Cause: "the hypervisor gave 40\u00a0% of the processors to others"}}},
		{"the processors were slower", []series{idle, slow},
			[]result.Disturbance{{FromS: 0.5, ToS: 0.95, Cause: "the processors were 4× slower than at the start"}}},
		{"the work was slower for the run's own sake", []series{full, slow}, nil},
		{"a quota of less than a processor", []series{half("quota.cores", 0.6, 0.6), half("quota.throttled", 0, 0.3)},
			[]result.Disturbance{{FromS: 0.5, ToS: 1, Cause: "a quota of 0.6 processors stopped the run, limits on time are stated for at least 1"}}},
		{"a quota that is enough", []series{half("quota.cores", 2, 2), half("quota.throttled", 0, 0.9)}, nil},
		{"others wrote to the disk", []series{half("pressure.io", 0.9, 0.8), half("disk.foreign", 0.3, 0.9)},
			[]result.Disturbance{{FromS: 0.5, ToS: 1, Cause: "80 % of the time somebody waited for the disk, to which other processes wrote most"}}},
		{"the run itself did", []series{half("pressure.io", 0.9), half("disk.foreign", 0.2)}, nil},
		{"others held the memory", []series{half("pressure.memory", 0.4), half("memory.own", 0.1), half("memory.free", 0.05)},
			[]result.Disturbance{{FromS: 0, ToS: 0.5, Cause: "40 % of the time somebody waited for memory, most of which other processes held"}}},
		{"the target is short of it in a cage of its own", []series{half("pressure.memory", 0.4), half("memory.own", 0.1), half("memory.free", 0.7)}, nil},
		{"the clock was set back", []series{after("clock.jump", 2*time.Second, -1000)},
			[]result.Disturbance{{FromS: 1.5, ToS: 3, Cause: "the wall clock was moved by -1\u00a0s", Clock: true}}},
		{"the clock is slewed", []series{after("clock.jump", 2*time.Second, -20)}, nil},
		{"the database was stopped", []series{full, silent, series{"db.heartbeat.stopped", 1200 * time.Millisecond, 100 * time.Millisecond, []float64{9, 9, 9}}},
			[]result.Disturbance{{FromS: 1, ToS: 1.6, Cause: "db was stopped by a signal, and silent for 0.6\u00a0s"}}},
		{"the database did not run", []series{idle, silent, series{"db.heartbeat.cpu", 1300 * time.Millisecond, 100 * time.Millisecond, []float64{0, 0.01, 0}}},
			[]result.Disturbance{{FromS: 1, ToS: 1.6, Cause: "db was silent for 0.6\u00a0s and did not run meanwhile"}}},
		{"the database was busy", []series{full, silent, series{"db.heartbeat.cpu", 1300 * time.Millisecond, 100 * time.Millisecond, []float64{1.9, 1.8, 1.7}}}, nil},
		{"the database was silent, nobody knows why", []series{idle, silent}, nil},
		{"the database took long, not too long", []series{idle, {"db.heartbeat", time.Second, 100 * time.Millisecond, []float64{1, 100, 200, 1}}, half("db.heartbeat.stopped", 1, 1, 1)}, nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			require.Equal(t, row.want, rounded(witness.Disturbances(record(t, row.record...))))
		})
	}
}

func rounded(all []result.Disturbance) []result.Disturbance {
	for i, d := range all {
		all[i].FromS, all[i].ToS = result.Seconds(d.FromS).Round(time.Millisecond).Seconds(), result.Seconds(d.ToS).Round(time.Millisecond).Seconds()
	}
	return all
}

func TestWhoFilledTheMachine(t *testing.T) {
	own := half("machine.own", 1, 1, 1, 1, 0.2, 0.2)
	for _, row := range []struct {
		name   string
		target series
		from   time.Duration
		want   bool
	}{
		{"the target", half("machine.target", 0.9, 0.9, 0.9, 0.9, 0.1, 0.1), 0, true},
		{"the target, before", half("machine.target", 0.9, 0.9, 0.9, 0.9, 0.1, 0.1), 2 * time.Second, false},
		{"the load itself", half("machine.target", 0.2, 0.2, 0.2, 0.2, 0.1, 0.1), 0, false},
		{"nobody knows", half("other", 1), 0, false},
	} {
		require.Equal(t, row.want, witness.FilledByTarget(record(t, own, row.target), row.from, 3*time.Second), row.name)
	}
}
