package journal

import (
	"maps"
	"net/http"
	"slices"
	"time"

	"holdfast.dev/holdfast/redact"
)

// sampleEvery is how many requests lie between two samples of the later half.
const sampleEvery = 1000

// Sample is one request with its headers and body.
type Sample struct {
	N      int           `json:"n"` // index of its entry
	At     time.Duration `json:"-"`
	Method string        `json:"method"`
	Path   string        `json:"path"`
	Header http.Header   `json:"header"` // without credentials
	Body   string        `json:"body"`   // its beginning
	Bytes  int           `json:"bytes"`  // the whole body's length
}

// sampler keeps the first requests, and the latest of every thousandth.
type sampler struct {
	keep, bytes int
	first, late []Sample
	next        int // where the next late one goes
}

func (s *sampler) consider(n int, at time.Duration, a Arrival) {
	half := (s.keep + 1) / 2
	switch {
	case len(s.first) < half:
		s.first = append(s.first, s.take(n, at, a))
	case n%sampleEvery != 0 || s.keep-half == 0:
	case len(s.late) < s.keep-half:
		s.late = append(s.late, s.take(n, at, a))
	default:
		s.late[s.next%len(s.late)] = s.take(n, at, a)
		s.next++
	}
}

func (s *sampler) take(n int, at time.Duration, a Arrival) Sample {
	header := maps.Clone(a.Header)
	for name := range header {
		if redact.Named(name) {
			header[name] = []string{"(left out)"}
		}
	}
	return Sample{
		N: n, At: at, Method: a.Method, Path: a.Path, Header: header,
		Body: string(a.Body[:min(len(a.Body), s.bytes)]), Bytes: len(a.Body),
	}
}

// Samples returns the requests that were kept with headers and body, by arrival.
func (j *Journal) Samples() []Sample {
	j.mu.Lock()
	defer j.mu.Unlock()
	out := append(slices.Clone(j.samples.first), j.samples.late...)
	slices.SortFunc(out, func(a, b Sample) int { return a.N - b.N })
	return out
}
