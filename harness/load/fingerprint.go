package load

import (
	"hash/maphash"
	"maps"
	"slices"
	"strconv"
)

// Fingerprint tells an answer to a request, and what became of that, from others: under
// one seed equal ones have the same. The time of day is no difference.
func Fingerprint(seed maphash.Seed, x Exchange, r Request, a Answer) uint64 {
	var h maphash.Hash
	h.SetSeed(seed)
	put := func(words ...string) {
		for _, word := range words {
			_, _ = h.WriteString(word) // never fails, by its contract
			_ = h.WriteByte(0)
		}
	}
	put(r.Method, r.Path, x.Class, strconv.Itoa(a.Status))
	for _, name := range slices.Sorted(maps.Keys(a.Header)) {
		if name != "Date" {
			put(name)
			put(a.Header[name]...)
		}
	}
	_, _ = h.Write(r.Body)
	_ = h.WriteByte(0)
	_, _ = h.Write(a.Body)
	return h.Sum64()
}
