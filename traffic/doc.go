// Package traffic reads what was asked of a service: access logs, HTTP archives and
// curl commands become one value, a [Summary] of routes with their shares and rates.
//
// Enter at [ReadAccessLog], [ReadHAR] and [ReadCurl]. Which parts of a path are values
// is told by the data: numbers, UUIDs and the like are, and so is whatever differs from
// request to request where there is much of it. A log may be as long as it likes: what is kept
// grows with the number of routes, which is bounded, and not with that of lines.
//
// No example of a Summary has a secret in it or anything about a person:
// [Summary.Stripped] names what was taken out.
package traffic
