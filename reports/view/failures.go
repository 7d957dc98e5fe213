package view

import (
	"holdfast.dev/holdfast/harness/result"
)

// Failure is one class of what went wrong in a stream.
type Failure struct{ Stream, Class, N, Share string }

// failures lists what went wrong by stream and class, most frequent first.
func failures(s result.Scenario) []Failure {
	var rows []Failure
	for _, stream := range s.Streams {
		for _, class := range byCount(stream.Errors) {
			name := class
			if class == shedByTarget {
				name += " (refused in order: no failure)"
			}
			rows = append(rows, Failure{
				Stream: stream.Name, Class: name, N: count(stream.Errors[class]), Share: ratio(stream.Errors[class], stream.Sent),
			})
		}
		for _, lost := range []struct {
			class string
			n     int64
		}{{"not sent: the generator was late", stream.Late}, {"not sent: too many in flight", stream.Shed}, {"not sent: the run was stopped", stream.Unsent}} {
			if lost.n > 0 {
				rows = append(rows, Failure{Stream: stream.Name, Class: lost.class, N: count(lost.n), Share: ratio(lost.n, stream.Planned) + " of planned"})
			}
		}
	}
	return rows
}
