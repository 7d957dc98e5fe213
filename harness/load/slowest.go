package load

import (
	"cmp"
	"slices"
	"strings"

	"holdfast.dev/holdfast/harness/result"
)

// mostSlowest bounds how many of the slowest requests a stream remembers.
const mostSlowest = 8

// longestPath bounds what of a request's path is kept, in bytes.
const longestPath = 200

// slowest are the requests that took longest from the moment they were due, the
// longest first. Its zero value is empty.
type slowest []exchange

// consider enters x if it is among the slowest.
func (s *slowest) consider(x exchange) {
	took := x.end - x.due
	if n := len(*s); n == mostSlowest && took <= (*s)[n-1].end-(*s)[n-1].due {
		return
	}
	at, _ := slices.BinarySearchFunc(*s, x, func(a, b exchange) int { return cmp.Compare(b.end-b.due, a.end-a.due) })
	*s = slices.Insert(*s, at, x)
	if len(*s) > mostSlowest {
		*s = (*s)[:mostSlowest]
	}
}

func (s slowest) requests() []result.Request {
	var list []result.Request
	for _, x := range s {
		if len(x.path) > longestPath {
			x.path = strings.ToValidUTF8(x.path[:longestPath], "") + "…"
		}
		list = append(list, result.Request{
			N: x.n, Path: x.path, DueS: x.due.Seconds(), Status: x.status, Class: x.class,
			LatencyMS: millis((x.end - x.due).Microseconds()), LatencyFromSendMS: millis((x.end - x.sent).Microseconds()),
		})
	}
	return list
}
