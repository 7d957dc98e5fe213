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
	return append(all, s.Parts()[0].Expect.Checks...)
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
func SeriesOf(s Stream) []result.Series {
	all := []result.Series{{Name: s.Name + ".in_flight", Unit: result.UnitCount}}
	rates := []string{"sent", "completed", "failed", "shed_by_target"}
	if s.Profile != nil { // nobody planned when a step of a journey is due
		rates = append(rates, "planned")
	}
	for _, rate := range rates {
		all = append(all, result.Series{Name: s.Name + ".rate." + rate, Unit: result.UnitPerS})
	}
	return all
}
