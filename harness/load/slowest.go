package load

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/result/latency"
)

// mostSlowest bounds how many of the slowest requests a stream remembers.
const mostSlowest = 8

// longestPath bounds what of a request's path is kept, in bytes.
const longestPath = 200

// slowest are the requests that took longest from the moment they were due, the
// longest first. Its zero value is empty.
type slowest []Exchange

// consider enters x if it is among the slowest.
func (s *slowest) consider(x *Exchange) {
	if n := len(*s); n == mostSlowest {
		last := &(*s)[n-1]
		if x.End-x.Due < last.End-last.Due-time.Microsecond || slower(x, last) >= 0 {
			return
		}
	}
	at, _ := slices.BinarySearchFunc(*s, *x, func(a, b Exchange) int { return slower(&a, &b) })
	*s = slices.Insert(*s, at, *x)
	if len(*s) > mostSlowest {
		*s = (*s)[:mostSlowest]
	}
}

// slower is negative where a took longer than b. Of two that took as long, the
// earlier one stands first, so that the order in which they ended has no say.
func slower(a, b *Exchange) int {
	return cmp.Or(
		cmp.Compare((b.End-b.Due).Microseconds(), (a.End-a.Due).Microseconds()),
		cmp.Compare(a.Due, b.Due), cmp.Compare(a.N, b.N))
}

func (s slowest) requests() []result.Request {
	var list []result.Request
	for _, x := range s {
		list = append(list, result.Request{
			N: x.N, Path: shortPath(x.Path), DueS: x.Due.Seconds(), Status: x.Status, Class: x.Class,
			LatencyMS:         latency.Millis((x.End - x.Due).Microseconds()),
			LatencyFromSendMS: latency.Millis((x.End - x.Sent).Microseconds()),
			TraceID:           x.trace.String(),
		})
	}
	return list
}

// shortPath is what is kept of a path.
func shortPath(path string) string {
	if len(path) > longestPath {
		return strings.ToValidUTF8(path[:longestPath], "") + "…"
	}
	return path
}

// slowestOf returns the slowest of two lists, in the order of [slower].
func slowestOf(a, b []result.Request) []result.Request {
	all := slices.Concat(a, b)
	slices.SortFunc(all, func(a, b result.Request) int {
		return cmp.Or(
			cmp.Compare(b.LatencyMS, a.LatencyMS), cmp.Compare(a.DueS, b.DueS), cmp.Compare(a.N, b.N),
			cmp.Compare(a.LatencyFromSendMS, b.LatencyFromSendMS), cmp.Compare(a.Status, b.Status),
			cmp.Compare(a.Class, b.Class), cmp.Compare(a.Path, b.Path), cmp.Compare(a.TraceID, b.TraceID))
	})
	return all[:min(len(all), mostSlowest)]
}
