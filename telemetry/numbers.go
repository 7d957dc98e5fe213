package telemetry

// Number is one number that is told of each stream. Its name and help are the same on
// a page and by protocol, but for the separators and endings that each has.
type Number struct {
	// Name is the last word of its name: holdfast.requests.sent.
	Name, Help string
	// Grows says that it is a counter.
	Grows bool
	// Of reads it; known is false where it is not measured, or not yet.
	Of func(Stream) (n int64, known bool)
}

// Numbers lists what is told of each stream.
func Numbers() []Number {
	counter := func(name, help string, of func(Stream) int64) Number {
		return Number{name, help, true, func(s Stream) (int64, bool) { return of(s), true }}
	}
	return []Number{
		counter("planned", "Requests that were due.", func(s Stream) int64 { return s.Planned }),
		counter("sent", "Requests that were sent.", func(s Stream) int64 { return s.Sent }),
		counter("ok", "Requests that got the expected answer.", func(s Stream) int64 { return s.OK }),
		counter("failed", "Requests that got another answer or none.", func(s Stream) int64 { return s.Failed }),
		counter("refused", "Requests that the target refused in the orderly way that their stream accepts.", func(s Stream) int64 { return s.Refused }),
		counter("late", "Requests that were not sent because the generator was too far behind.", func(s Stream) int64 { return s.Late }),
		counter("shed", "Requests that were not sent because too many were in flight.", func(s Stream) int64 { return s.Shed }),
		{"unsent", "Requests that were not sent because the scenario was over, or that could not be from here; known when it has ended.", true, func(s Stream) (int64, bool) {
			if s.Unsent == nil {
				return 0, false
			}
			return *s.Unsent, true
		}},
		{"in_flight", "Requests that were sent and have no answer yet.", false, func(s Stream) (int64, bool) { return s.InFlight, true }},
	}
}

// What is told beside the numbers of streams.
const (
	DurationHelp = "Time from when a request was due to the end of its answer, or until it was given up; of all that were sent."
	FaultHelp    = "Whether a fault is laid now: 1, or 0. What happens at one moment, as a kill, never is."
	InfoHelp     = "The run, always 1."
)
