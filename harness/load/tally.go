package load

import (
	"slices"
	"time"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/result/latency"
)

// Tally is what became of a stream: how many requests, by phase, with the
// distributions of their latencies. It can be written as JSON and read again, had
// of a result's stream ([TallyOf]), and put together with others ([Merge]).
type Tally struct {
	result.Stream
	// Series are, each prefixed with the stream's name: latency.p50, .p90, .p99
	// and .max in milliseconds, rate.planned, .sent, .completed, .failed
	// and .shed_by_target per second, all by the time at which
	// requests were due; and in_flight, the most at once, by the actual time. A
	// point stands in the middle of its interval.
	Series []result.Series
	// Health tells whether the generator was equal to its task.
	Health Health
	// Examples say, by class, of the first request after the warm-up that was counted
	// there, which it was and what was otherwise than expected. Refusals have none.
	Examples map[string]string
	// Problem is why a request could not be built, if that happened. Such
	// requests are counted as unsent.
	Problem error

	whole    counted
	phases   []counted // in the order of Stream.Phases, each by itself
	together []counted // the same, with how those ended that were still open when the first fault began
	answered numbers
}

// Health is what the generator can say of itself. A load of which much was not
// delivered shows nothing about the target.
type Health struct {
	// Delivered is sent / planned, 0..1.
	Delivered float64
	// SendLagP99 is the 99th percentile of actual minus planned send; 0 when
	// nothing was sent.
	SendLagP99 time.Duration
	// CPUShare is the share of the machine's processors that this whole process
	// used meanwhile, 0..1, including whatever else ran in it. Nil where it
	// cannot be measured.
	CPUShare *float64
}

// During returns the counts of the requests that were due in these phases,
// taken together, with the quantiles of their common distribution. A phase that
// did not take place adds nothing. How a request ended that was still open when
// the first fault began counts where phases from then on are among them, too: see
// [Config.FirstFault].
func (t Tally) During(phases ...string) result.Counts {
	sum, planned := t.during(phases)
	return sum.counts(planned)
}

// HistogramsDuring are the distributions behind the quantiles of [Tally.During].
func (t Tally) HistogramsDuring(phases ...string) result.Histograms {
	sum, _ := t.during(phases)
	return sum.histograms()
}

// Percentile returns the latency, in milliseconds from the moment they were due,
// that p per cent of the requests of these phases did not exceed, and how many
// requests that rests on. Without phases it is that of all requests.
func (t Tally) Percentile(p float64, phases ...string) (ms float64, samples int64) {
	sum := t.whole
	if len(phases) > 0 {
		sum, _ = t.during(phases)
	}
	if sum.latency == nil {
		return 0, 0
	}
	return latency.Percentile(sum.latency, p), sum.latency.TotalCount()
}

// MostLate is how late the generator was at most with a request that was due in these
// phases.
func (t Tally) MostLate(phases ...string) time.Duration {
	sum, _ := t.during(phases)
	if sum.lag == nil {
		return 0
	}
	return time.Duration(sum.lag.Max()) * time.Microsecond
}

// Answered reports whether request n, counted from 0, got the expected answer.
// With it the work that a target has taken on can be matched, request by
// request, with what became of it.
func (t Tally) Answered(n int64) bool { return t.answered.has(n) }

func (t Tally) during(phases []string) (sum counted, planned int64) {
	later := false
	for i, p := range slices.Backward(t.Phases) {
		if !slices.Contains(phases, p.Phase) || i >= len(t.phases) {
			continue
		}
		if later {
			sum.merge(&t.together[i])
		} else {
			sum.merge(&t.phases[i])
		}
		planned += p.Planned
		later = true
	}
	return sum, planned
}

// settle fills in what follows from the counts, but for the distributions as text.
func (t *Tally) settle(planned int64, byPhase []result.StreamPhase) {
	t.Counts = t.whole.counts(planned)
	t.Phases = byPhase
	for i := range t.Phases {
		p := &t.Phases[i]
		p.Counts = t.phases[i].counts(p.Planned)
	}
	t.assess()
}

// encode writes the distributions as text, which is most of the work of a tally.
func (t *Tally) encode() {
	t.Histograms = t.whole.histograms()
	for i := range t.Phases {
		t.Phases[i].Histograms = t.phases[i].histograms()
	}
}

// assess says what the counts tell of the generator.
func (t *Tally) assess() {
	if t.Planned > 0 {
		t.Health.Delivered = float64(t.Sent) / float64(t.Planned)
	}
	if lag := t.whole.lag; lag != nil {
		t.Health.SendLagP99 = time.Duration(lag.ValueAtPercentile(99)) * time.Microsecond
	}
}
