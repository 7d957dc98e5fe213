package journal

// slabSize is the number of elements in one slab.
const slabSize = 1 << 12

// slabs is a list that grows without ever copying what it holds, so that a
// million elements cost a million elements and no more.
type slabs[T any] struct {
	chunks []*[slabSize]T
	n      int
}

// push appends v and returns its index.
func (s *slabs[T]) push(v T) int {
	i := s.n
	if i%slabSize == 0 {
		s.chunks = append(s.chunks, new([slabSize]T))
	}
	s.chunks[i/slabSize][i%slabSize] = v
	s.n++
	return i
}

// at returns the element at i, which must have been pushed.
func (s *slabs[T]) at(i int) *T {
	return &s.chunks[i/slabSize][i%slabSize]
}
