package load

import "slices"

// numbers is a set of request numbers, one bit each up to the largest in it.
type numbers []uint64

// add puts n into the set.
func (s *numbers) add(n int64) {
	word := int(n / 64)
	for len(*s) <= word {
		*s = append(*s, 0)
	}
	(*s)[word] |= 1 << (n % 64)
}

// has reports whether n is in the set.
func (s numbers) has(n int64) bool {
	word := n / 64
	return n >= 0 && word < int64(len(s)) && s[word]&(1<<(n%64)) != 0
}

// with returns the numbers that are in s, in other or in both.
func (s numbers) with(other numbers) numbers {
	if len(s) < len(other) {
		s, other = other, s
	}
	all := slices.Clone(s)
	for i, word := range other {
		all[i] |= word
	}
	return all
}
