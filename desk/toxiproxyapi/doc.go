// Package toxiproxyapi answers Toxiproxy's own HTTP API over our TCP proxy, so that
// its client libraries drive ours.
//
// Enter at [Listen]. It has /proxies, /proxies/NAME, their /toxics and /toxics/NAME,
// /populate, /reset and /version, and the toxics latency, bandwidth, slow_close,
// timeout, reset_peer, slicer, limit_data and noop, with toxicity, upstream and
// downstream. What is refused is refused in Toxiproxy's shape:
// {"error": TEXT, "status": CODE}.
//
// Where it is another than Toxiproxy:
//
//   - It listens on loopback, and so do its proxies: every address, as in 0.0.0.0:8666,
//     is 127.0.0.1, and one of another machine's reach is refused, unless [Config.AllowRemote]
//     says otherwise, as in a container. Web pages are not let in.
//   - What makes no sense is refused: an attribute that the toxic does not have, a number
//     below 0, a slicer of nothing.
//   - The end of one direction is passed on as a half-close; the other goes on.
//   - limit_data ends the connection both ways, and counts anew when it is changed.
//   - A server that can't be reached resets the client's connection.
//   - There are no metrics.
package toxiproxyapi
