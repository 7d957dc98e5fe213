package question

import (
	"hash/maphash"
	"strconv"
	"sync"

	"holdfast.dev/holdfast/harness/load"
)

// maxJudged bounds the answers that are known again; beyond it all are forgotten.
const maxJudged = 1 << 14

// judged remembers the classes of answers: most answers of a run are equal.
type judged struct {
	seed    maphash.Seed
	mu      sync.Mutex
	classes map[uint64]string // guarded by mu
}

func newJudged() *judged { return &judged{seed: maphash.MakeSeed(), classes: map[uint64]string{}} }

// class is that of an answer, by judge where none like it was seen.
func (j *judged) class(a load.Answer, judge func() string) string {
	sum := j.sum(a)
	j.mu.Lock()
	class, known := j.classes[sum]
	j.mu.Unlock()
	if known {
		return class
	}
	class = judge()
	j.mu.Lock()
	defer j.mu.Unlock()
	if len(j.classes) >= maxJudged {
		clear(j.classes)
	}
	j.classes[sum] = class
	return class
}

func (j *judged) sum(a load.Answer) uint64 {
	var h maphash.Hash
	h.SetSeed(j.seed)
	for _, part := range []string{
		a.Asked.Method, a.Asked.Path, strconv.Itoa(a.Status), a.Header.Get("Content-Type"), a.Header.Get("Retry-After"),
	} {
		_, _ = h.WriteString(part) // never fails, by its contract
		_ = h.WriteByte(0)
	}
	_, _ = h.Write(a.Asked.Body)
	_ = h.WriteByte(0)
	_, _ = h.Write(a.Body)
	return h.Sum64()
}
