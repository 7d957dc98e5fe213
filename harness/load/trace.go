package load

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"hash/fnv"
	"net/http"
	"strings"
)

// headerTrace is the header of W3C's Trace Context, by which a request's way through
// the target can be found in the traces of whoever keeps some.
const headerTrace = "Traceparent"

// Tracing has a share of the requests carry the header traceparent of W3C's Trace
// Context, which tells a target that it is to trace them. Which requests those are, and
// under which ids, depends on Seed, the stream's name and the request's number alone. The
// steps of a journey are one trace. A request that has the header already keeps its own.
type Tracing struct {
	// Share of the requests of each stream, 0 to 1. Defaults to none.
	Share float64
	// Seed is the origin of the draw. Loads of one run that have streams of one name
	// should have different ones: no two requests are then one trace.
	Seed uint64
}

// Validate says what is wrong with t.
func (t Tracing) Validate() error {
	if !(t.Share >= 0 && t.Share <= 1) { // NaN is neither
		return errors.New("the share of requests that are traced is between 0 and 1")
	}
	return nil
}

// of is the tracing of one stream.
func (t Tracing) of(stream string) tracer {
	r := tracer{seed: streamSeed(t.Seed, stream), all: t.Share == 1}
	if !r.all {
		r.below = uint64(t.Share * (1 << 64)) // of a share below 1, so that it fits
	}
	return r
}

// tracer says which requests of a stream are traced. Its zero value is none.
type tracer struct {
	seed  uint64
	below uint64 // of all draws, these are traced
	all   bool
}

// traceID is that of a trace; zero is none.
type traceID [16]byte

// none reports whether there is no trace.
func (id traceID) none() bool { return id == traceID{} }

// String is the id as traces have it, empty for none.
func (id traceID) String() string {
	if id.none() {
		return ""
	}
	return hex.EncodeToString(id[:])
}

// id is the trace of request n.
func (t tracer) id(n int64) (id traceID) {
	if !t.all && t.below == 0 {
		return id
	}
	draw := mix(t.seed ^ mix(uint64(n)))
	if !t.all && draw >= t.below {
		return id
	}
	binary.BigEndian.PutUint64(id[:8], mix(draw))
	binary.BigEndian.PutUint64(id[8:], max(mix(draw+1), 1)) // an id is not zero
	return id
}

// parent is the header's value for a request of that name.
func (id traceID) parent(name string) string {
	h := fnv.New64a()
	_, _ = h.Write(id[:])
	_, _ = h.Write([]byte(name))
	span := binary.BigEndian.AppendUint64(nil, max(mix(h.Sum64()), 1))
	return "00-" + id.String() + "-" + hex.EncodeToString(span) + "-01"
}

// traced is the trace that the caller begins with a request; none, where that has one
// of its own, or is not of the share.
func (s *caller) traced(n int64, ask Request) traceID {
	id := s.tracer.id(n)
	if id.none() || has(ask.Header, headerTrace) || has(s.common, headerTrace) {
		return traceID{}
	}
	return id
}

// has reports whether a header is there, however its name is written.
func has(h http.Header, name string) bool {
	for written := range h {
		if strings.EqualFold(written, name) {
			return true
		}
	}
	return false
}
