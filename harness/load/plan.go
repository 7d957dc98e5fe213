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
// the same load, however they were written down: as a function or as a [Template].
func PlanHash(seed uint64, s Stream, n int64) string {
	h := sha256.New()
	request := requestsOf(seed, s)
	for i := range n {
		due, ok := s.Profile.Due(i)
		if !ok {
			break
		}
		hashInt(h, int64(s.StartAt+due))
		hashRequest(h, request(i))
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
// be sent. The function may not be called from several goroutines at once.
func Requests(seed uint64, s Stream) (func(n int64) Request, error) {
	if err := s.Validate(); err != nil {
		return nil, err
	}
	return requestsOf(seed, s), nil
}

func requestsOf(seed uint64, s Stream) func(n int64) Request {
	pcg := new(rand.PCG)
	draws := rand.New(pcg)
	seed = streamSeed(seed, s.Name)
	next := s.requests()
	return func(n int64) Request {
		pcg.Seed(seed, mix(uint64(n)))
		return next(n, draws)
	}
}
