// Package vegetabridge joins this module's loads with vegeta's tools: its pacers
// become profiles and the other way round ([Profile], [Pacer]), what was sent is
// written in its result format ([Writer]), which vegeta report and vegeta plot
// read, and such files, its own ones too, become tallies ([Read]).
//
// Two things differ between the two, and neither is hidden:
//
//   - vegeta sends hit n when n+1 hits are due, so its first hit waits for an
//     interval; a profile's first request is due at once. The same shape has the
//     same number of requests at the same distances, one interval earlier.
//   - vegeta's latency counts from the send. What a [Writer] writes counts from
//     the moment a request was due, with the send lag beside it; of a file that
//     vegeta wrote, only the latency from the send is known.
package vegetabridge
