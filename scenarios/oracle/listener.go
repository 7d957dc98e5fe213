package oracle

import (
	"context"
	"sync"
	"time"

	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/scenarios/contract"
)

// listener goes along with one run: it knows who stands in the table, and hears
// each answer about a project.
type listener struct {
	impact contract.Impact

	mu    sync.Mutex                // guards the rest
	truth map[string]contract.Truth // of projects
	heard []*heard
}

// heard is one answer about a project.
type heard struct {
	load.Exchange
	answer contract.ImpactAnswer // of one that is a success
	// aged says that it came from a cache, as its headers tell, and maxAge how old
	// what it says may be.
	aged   bool
	maxAge time.Duration
}

// told reports whether it is an answer that tells of oracles.
func (h *heard) told() bool { return success(h.Status) }

func success(status int) bool { return status/100 == 2 }

// Learn notes what stands in the table of a project.
func (l *listener) Learn(project string, t contract.Truth) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.truth == nil {
		l.truth = map[string]contract.Truth{}
	}
	l.truth[project] = t
}

// Answered hears an answer.
func (l *listener) Answered(x load.Exchange, _ load.Request, a load.Answer) {
	if _, asks := l.impact.AskedAbout(x.Path); !asks {
		return
	}
	h := &heard{Exchange: x}
	if success(a.Status) {
		h.answer, _ = l.impact.Read(a) // what is no answer has no results, and its stream says so
		h.maxAge, h.aged = documentedAge(a.Header)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.heard = append(l.heard, h)
}

// Follow has nothing to look at beside the load.
func (l *listener) Follow(context.Context, harness.State) {}

// aged counts the answers to a stream that came from a cache, of those that were
// due in a window.
func (l *listener) aged(stream string, from, to time.Duration) int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := int64(0)
	for _, h := range l.heard {
		if h.aged && h.Stream == stream && h.Due >= from && h.Due < to {
			n++
		}
	}
	return n
}
