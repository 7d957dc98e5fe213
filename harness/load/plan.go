package load

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash"
	"maps"
	"math/rand/v2"
	"slices"
)

// PlanHash is a digest of the first n requests that a stream plans under a seed:
// when each is due, and all that it asks. Two streams with the same digest send
// the same load, however they were written down: as a function or as a [Template]. Of
// a journey it is all steps; what nobody knows before the load stands as it is written.
func PlanHash(seed uint64, s Stream, n int64) string {
	h := sha256.New()
	requests := requestsOf(seed, s)
	if s.To != "" {
		hashText(h, s.To)
	}
	for i := range n {
		due, ok := s.Profile.Due(i)
		if !ok {
			break
		}
		hashInt(h, int64(s.StartAt+due))
		for _, r := range requests(i) {
			hashRequest(h, r)
		}
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// digestSamples is how many requests of a stream a digest looks at, at most.
const digestSamples = 1000

// Digest is a digest of what streams plan under a seed: how many requests of each, and
// of up to a thousand, spread evenly over all, when they are due and all that they ask.
// It is that of one schedule, however many generators send it.
func Digest(seed uint64, streams ...Stream) string {
	h := sha256.New()
	for _, s := range streams {
		hashText(h, s.Name)
		hashText(h, s.To)
		planned := Planned(s.Profile)
		hashInt(h, planned)
		requests := requestsOf(seed, s)
		step := max(1, (planned+digestSamples-1)/digestSamples)
		for n := int64(0); n < planned; n += step {
			due, _ := s.Profile.Due(n)
			hashInt(h, int64(s.StartAt+due))
			for _, r := range requests(n) {
				hashRequest(h, r)
			}
		}
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

func hashRequest(h hash.Hash, r Request) {
	hashText(h, r.Method)
	hashText(h, r.Path)
	for _, name := range slices.Sorted(maps.Keys(r.Header)) {
		hashText(h, name)
		for _, value := range r.Header[name] {
			hashText(h, value)
		}
	}
	hashText(h, string(r.Body))
}

// hashText writes a text with its length before it, so that no two lists of texts
// are the same bytes.
func hashText(h hash.Hash, s string) {
	hashInt(h, int64(len(s)))
	_, _ = h.Write([]byte(s)) // never fails, by its contract
}

func hashInt(h hash.Hash, n int64) {
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], uint64(n))
	_, _ = h.Write(b[:])
}

// Requests returns what request n of a stream looks like under a seed, as it would
// be sent; of journeys the first step. What nobody knows before the load stands as it
// is written. The function may not be called from several goroutines at once.
func Requests(seed uint64, s Stream) (func(n int64) Request, error) {
	if err := s.Validate(); err != nil {
		return nil, err
	}
	requests := requestsOf(seed, s)
	return func(n int64) Request { return requests(n)[0] }, nil
}

// requestsOf returns what request n, or each step of journey n, looks like.
func requestsOf(seed uint64, s Stream) func(n int64) []Request {
	pcg := new(rand.PCG)
	draws := rand.New(pcg)
	seed = streamSeed(seed, s.Name)
	t := s.templates()
	all := make([]func(int64, *rand.Rand, given) Request, 0, 1)
	if next := t.next(s); next != nil {
		all = append(all, next)
	}
	for _, step := range t.steps {
		all = append(all, step.request)
	}
	return func(n int64) []Request {
		asked := make([]Request, len(all))
		for i, next := range all {
			pcg.Seed(seed, mix(uint64(n)))
			asked[i] = next(n, draws, nothing)
		}
		return asked
	}
}

// Values returns what the variables of a stream stand for in request or journey n
// under a seed. The function may not be called from several goroutines at once.
func Values(seed uint64, s Stream) (func(n int64) map[string]string, error) {
	if err := s.Validate(); err != nil {
		return nil, err
	}
	vars := maps.Clone(s.Vars)
	if s.Template != nil {
		vars = s.Template.with(s.Vars).Vars
	}
	for _, step := range s.Steps {
		vars = step.Template.with(vars).Vars
	}
	c := new(compiled)
	if err := c.know(vars, nil); err != nil {
		return nil, err
	}
	pcg := new(rand.PCG)
	draws := rand.New(pcg)
	seed = streamSeed(seed, s.Name)
	return func(n int64) map[string]string {
		pcg.Seed(seed, mix(uint64(n)))
		values := make(map[string]string, len(c.names))
		for i, value := range c.draw(n, draws, nothing) {
			values[c.names[i]] = value
		}
		return values
	}, nil
}
