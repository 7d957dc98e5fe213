package probe

import (
	"sync"
	"time"
)

// TreeConfig is how the processes of a target are found.
type TreeConfig struct {
	// Root is its main process. Required.
	Root PID
	// Group is the cgroup that it alone runs in, false while there is none: then
	// its processes are those in it, whoever their parents are. Optional.
	Group func() (dir string, ok bool)
	// Mark is an environment variable, NAME=VALUE, that all of its processes
	// inherit: by it one is known whose parent is gone, as a daemon's is. Empty:
	// there is none. Optional.
	Mark func() string
}

// Tree is the processes of a target: the main one, and all that it has started
// and they have. A supervisor is small, whatever its worker holds.
//
// On Linux it looks for new processes every 250 ms, less often where that would
// take more than half a percent of a core. One that comes and goes between two
// looks is seen by the CPU time alone that it has used. Elsewhere it is the main
// process alone.
type Tree struct {
	config TreeConfig
	stays  time.Duration // how long a member has to be there to be one that is missed

	mu   sync.Mutex // guards below
	root int32      // 0: none runs
	at   time.Time  // of the last look
	took time.Duration
	kin  map[int32]*kinsman
	gone int64              // members other than the main one that stayed for a while and went
	not  map[int32]struct{} // processes that were looked at and are somebody else's
}

// kinsman is one process of the tree.
type kinsman struct {
	since time.Time
	born  time.Time
	// copy means that it was forked and has not become a program of its own yet.
	// For a moment it may be but a second name for its parent's memory.
	copy bool
}

const (
	treeEvery = 250 * time.Millisecond
	// costShare: what looks is idle for that many times as long as a look took.
	costShare = 200
	// copyPatience is how long a fork is taken for one that is about to become
	// another program. A worker that is forked and stays counts from then on.
	copyPatience = time.Second
	// leastLife is what tells a worker from what is there for a moment.
	leastLife = time.Second
)

// NewTree is the tree of a target.
func NewTree(c TreeConfig) *Tree {
	return &Tree{config: c, stays: leastLife, kin: map[int32]*kinsman{}, not: map[int32]struct{}{}}
}

// Members are its processes, the main one first; none while that does not run.
func (t *Tree) Members() []int32 {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.look(false)
	return t.members(func(*kinsman) bool { return true })
}

// Look is Members as they are at this moment.
func (t *Tree) Look() []int32 {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.look(true)
	return t.members(func(*kinsman) bool { return true })
}

// Gone is how many processes other than the main one have gone while that ran, of those
// that had been there for a second at least: workers that are started again, not what a
// shell or a job needs for a moment.
func (t *Tree) Gone() int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.gone
}

// holders are the members that have memory of their own.
func (t *Tree) holders() []int32 {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.look(false)
	return t.members(func(k *kinsman) bool { return !k.copy || time.Since(k.since) > copyPatience })
}

func (t *Tree) members(which func(*kinsman) bool) []int32 {
	if t.root == 0 {
		return nil
	}
	pids := []int32{t.root}
	for pid, k := range t.kin {
		if pid != t.root && which(k) {
			pids = append(pids, pid)
		}
	}
	return pids
}

// look brings the tree up to date if that is due, or at once.
func (t *Tree) look(now bool) {
	root, running := t.config.Root()
	if !running {
		root = 0
	}
	if root != t.root { // another life: nothing is known of it
		clear(t.kin)
		clear(t.not)
		t.root, t.at = root, time.Time{}
	}
	if root == 0 || !now && time.Since(t.at) < max(treeEvery, costShare*t.took) {
		return
	}
	t.at = time.Now()
	t.find()
	t.took = time.Since(t.at)
}
