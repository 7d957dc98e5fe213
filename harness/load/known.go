package load

import (
	"net/http"

	"holdfast.dev/holdfast/harness/result"
)

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
