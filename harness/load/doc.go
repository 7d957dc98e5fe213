// Package load sends requests to the target as an open model: each request is
// due at a moment that was fixed beforehand and that does not depend on how
// fast the target answers. A target that stalls therefore meets the requests
// that real users would have sent meanwhile, and their waiting is measured.
//
// Enter at [Start], which plays one or more [Stream] values on one clock and
// returns an [Attack]; [Attack.Wait] returns what happened, one [Tally] a
// stream. The shape of a load is a [Profile], a pure value ([Constant], [Ramp],
// [Steps], [Bursts], [Waves], [Sequence]) with a text form ([ParseProfile]), or a
// [Shape] that is laid over the phases of an experiment. What is asked is a
// function or, as data, a [Template], or a journey of several [Step] values; what an
// answer must be is an [Expectation], and by what it refuses another. [LogIn] opens
// [Sessions] before the load.
// A tally can be written, read again and merged ([TallyOf], [Merge]).
//
// Five rules keep the numbers true:
//
//   - Latency counts from the moment a request was due. The latency from the
//     actual send, which other tools report, stands beside it.
//   - A request that cannot be sent in time is counted as late and left out; it
//     is neither sent later nor in a burst. A request that would exceed
//     [Stream.MaxInFlight] is counted as shed. So the plan always adds up,
//     Planned = Sent + Late + Shed + Unsent, and a load that was not delivered
//     cannot look like one that was.
//   - One planned request reaches the target once at most: there are no silent
//     retries, except where nothing had been written.
//   - Nothing goes to another host: a path begins with a single slash, a redirect is an
//     answer, and the addresses of a host are looked up once.
//   - Memory depends on what is in flight, never on how many requests were sent.
//
// What is plain is asked by a client of its own (internal/http1), with less than half of
// the work that net/http needs, and what is not, TLS among it, by net/http; both write the
// same bytes, and read the same out of an answer.
//
// It knows nothing of databases, faults or verdicts, follows no redirect, uses no
// proxy and talks to the addresses that it was given only.
package load
