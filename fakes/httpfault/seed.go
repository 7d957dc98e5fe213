package httpfault

import (
	"math/rand/v2"
)

// Hash is FNV-1a over the parts, set apart from each other, and then mixed, so
// that keys which differ in one bit have nothing in common. It is the same in every
// process.
func Hash(seed uint64, parts ...string) uint64 {
	h := uint64(14695981039346656037) ^ mix(seed)
	for _, part := range parts {
		for i := range len(part) {
			h = (h ^ uint64(part[i])) * 1099511628211
		}
		h = (h ^ 0xff) * 1099511628211
	}
	return mix(h)
}

// mix is the finaliser of splitmix64.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// source returns the randomness of one fault for one arrival of one request.
func source(seed uint64, fault, key string, arrival int) *rand.Rand {
	return rand.New(rand.NewPCG(Hash(seed, fault), Hash(uint64(arrival), key)))
}
