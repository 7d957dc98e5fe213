package oracle

import (
	"context"
	"encoding/json"
	"net/http"
	"regexp"
	"strconv"
	"sync"
	"time"

	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/contract"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/reference/schema"
)

// listener goes along with one run: it knows who stands in the table, and hears
// each answer about a project.
type listener struct {
	mu    sync.Mutex
	model model
	heard []*heard
}

// heard is one answer about a project.
type heard struct {
	load.Exchange
	answer impactAnswer // of one with status 200
	// aged says that it came from a cache, as its headers tell, and maxAge how old
	// what it says may be.
	aged   bool
	maxAge time.Duration
}

var impactPath = regexp.MustCompile(`^/projects/([^/]+)/impact$`)

// learn notes what stands in the table of a project, in the order of its ids.
func (l *listener) learn(project int64, oracles []schema.Oracle) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.model.oracles == nil {
		l.model.oracles = map[int64][]schema.Oracle{}
	}
	l.model.oracles[project] = oracles
}

// Answered hears an answer.
func (l *listener) Answered(x load.Exchange, _ load.Request, a load.Answer) {
	if !impactPath.MatchString(x.Path) {
		return
	}
	h := &heard{Exchange: x}
	if a.Status == http.StatusOK {
		_ = json.Unmarshal(a.Body, &h.answer) // what is no answer has no results, and its stream says so
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

// documentedAge reads how old an answer says that it may be: Cache-Control has its
// max-age, and Age, which only what comes from a cache has, is within it.
func documentedAge(h http.Header) (maxAge time.Duration, aged bool) {
	age, err := strconv.Atoi(h.Get("Age"))
	if err != nil || age < 0 {
		return 0, false
	}
	if maxAge, ok := contract.MaxAge(h); ok && time.Duration(age)*time.Second <= maxAge {
		return maxAge, true
	}
	return 0, false
}
