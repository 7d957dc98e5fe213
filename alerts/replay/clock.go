package replay

import (
	"fmt"
	"math"
	"path"
	"strings"
	"time"

	"github.com/prometheus/common/model"
)

// Clock says how the time of a recording becomes that of the rules. A clock that runs
// Factor times faster shows a service that did for Factor times as long what it did, so
// that windows of minutes are filled by seconds:
//
//   - what counts (by its TYPE on the page a counter, or the counts and sums of a histogram
//     or summary; where the page says no type, a name in _total, _count, _sum, _bucket)
//     grows Factor times as much, so that so many per second are as many per second. What happens a number of times
//     however long it lasts, a kill for want of memory, is no such count: Once names it;
//   - an age (_age_seconds, or as Ages names it) is Factor times as old;
//   - a moment (_timestamp_seconds, _start_time_seconds, or as Moments names it) is moved to
//     where it is on the faster clock;
//   - everything else stays as it was: latencies, ratios, memory, depths. A period of the
//     service's own, a retry after a minute or a count of a queue each second, is
//     Factor times as long on this clock, as a reading of the page is.
//
// Names are patterns: queue_* is each that begins so.
type Clock struct {
	Factor  float64
	Ages    []string
	Moments []string
	Once    []string
	// Zero is where the recording's zero is on the rules' clock. It is the same for all, so
	// that the same recording gives the same answer. Defaults to a Monday in 2026.
	Zero time.Time
}

// Validate says what is wrong with it.
func (c Clock) Validate() error {
	if !(c.Factor >= 1 && c.Factor <= 100_000) {
		return fmt.Errorf("the clock's factor is %g: it must be 1 to 100000", c.Factor)
	}
	for _, pattern := range append(append(append([]string{}, c.Ages...), c.Moments...), c.Once...) {
		if _, err := path.Match(pattern, ""); err != nil {
			return fmt.Errorf("the clock's pattern %q: %w", pattern, err)
		}
	}
	return nil
}

// zero is where the recording's zero is.
func (c Clock) zero() time.Time {
	if c.Zero.IsZero() {
		return time.Date(2026, time.January, 5, 0, 0, 0, 0, time.UTC)
	}
	return c.Zero
}

// moment is where on the clock of the rules a time of the recording is.
func (c Clock) moment(atS float64) time.Time {
	return c.zero().Add(time.Duration(math.Round(atS*c.Factor*1000)) * time.Millisecond)
}

// kind is how a metric's values depend on the clock.
type kind int

const (
	plain kind = iota
	counted
	aged
	dated
)

// kindOf is the kind of a metric by its name and, where the page says it, its type.
func (c Clock) kindOf(metric string, t model.MetricType) kind {
	in := func(patterns []string) bool {
		for _, p := range patterns {
			if ok, _ := path.Match(p, metric); ok {
				return true
			}
		}
		return false
	}
	ends := func(suffixes ...string) bool {
		for _, s := range suffixes {
			if strings.HasSuffix(metric, s) {
				return true
			}
		}
		return false
	}
	switch {
	case in(c.Once):
		return plain
	case in(c.Ages):
		return aged
	case in(c.Moments):
		return dated
	case t == model.MetricTypeCounter:
		return counted
	case ends("_age_seconds"):
		return aged
	case ends("_timestamp_seconds", "_start_time_seconds"):
		return dated
	case t == model.MetricTypeGauge:
		return plain
	case ends("_total", "_count", "_sum", "_bucket"):
		return counted
	default:
		return plain
	}
}

// value is a metric's value as the rules see it. started is the recording's zero.
func (c Clock) value(k kind, v float64, started time.Time) float64 {
	switch k {
	case counted, aged:
		return v * c.Factor
	case dated:
		return float64(c.zero().Unix()) + (v-float64(started.UnixNano())/1e9)*c.Factor
	default:
		return v
	}
}
