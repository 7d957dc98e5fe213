package load

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

// Answered reports whether request n, counted from 0, got the expected answer.
// With it the work that a target has taken on can be matched, request by
// request, with what became of it.
func (o Tally) Answered(n int64) bool { return o.answered.has(n) }
