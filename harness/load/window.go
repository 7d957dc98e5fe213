package load

import (
	"net/http"
	"slices"

	"holdfast.dev/holdfast/harness/result"
)

// During returns the counts of the requests that were due in these phases,
// taken together, with the quantiles of their common distribution. A phase that
// did not take place adds nothing.
func (o Tally) During(phases ...string) result.Counts {
	var sum counted
	var planned int64
	for i, p := range o.Phases {
		if slices.Contains(phases, p.Phase) {
			sum.merge(&o.tallies[i])
			planned += p.Planned
		}
	}
	return sum.counts(planned)
}

// Classes lists every class under which a request of s can be counted in
// [result.Counts.Errors], so that a name which can never occur is found before
// the load and not taken for a zero after it.
func Classes(s Stream) []string {
	all := []string{
		ClassTimeout, ClassRefused, ClassReset, ClassEOF, ClassDNS, ClassCanceled, ClassTooLarge, ClassOther, ClassShedByTarget,
	}
	for _, code := range StatusCodes() {
		all = append(all, ClassStatus(code))
	}
	return append(all, s.Expect.Checks...)
}

// StatusCodes lists the HTTP status codes that have a name.
func StatusCodes() []int {
	var codes []int
	for code := 100; code < 600; code++ {
		if http.StatusText(code) != "" {
			codes = append(codes, code)
		}
	}
	return codes
}

// SeriesOf lists, without points, the series over time of a stream that are not
// drawn from its latencies: what a check may ask to fall to a value.
func SeriesOf(stream string) []result.Series {
	all := []result.Series{{Name: stream + ".in_flight", Unit: result.UnitCount}}
	for _, rate := range []string{"planned", "sent", "completed", "failed", "shed_by_target"} {
		all = append(all, result.Series{Name: stream + ".rate." + rate, Unit: result.UnitPerS})
	}
	return all
}
