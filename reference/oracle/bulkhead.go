package oracle

import (
	"container/list"
	"context"
	"sync"
	"time"
)

// bulkhead bounds the calls that are under way to each host. An endpoint of a
// host may take one more place only while it has fewer than are free: with one
// that never gives its places back, half of them stay for the others; with two,
// a third (dynamic thresholds, Choudhury and Hahne, 1998). Who finds no place
// waits for a while, first come, first served. Hosts without calls are
// forgotten.
type bulkhead struct {
	places int           // at each host; 0: no bound
	wait   time.Duration // for a place

	mu    sync.Mutex
	hosts map[string]*berth
}

// berth is one host's places. The bulkhead's lock guards it.
type berth struct {
	taken   int
	by      map[string]int // places by endpoint
	waiting list.List      // of *arrival, oldest first
}

// arrival is a call that waits; its channel is closed when it has a place.
type arrival struct {
	endpoint string
	admitted chan struct{}
}

func newBulkhead(places int, wait time.Duration) *bulkhead {
	return &bulkhead{places: places, wait: wait, hosts: map[string]*berth{}}
}

// enter takes a place and returns how to give it back; ok is false if there was
// none in time, or ctx ended.
func (b *bulkhead) enter(ctx context.Context, host, endpoint string) (leave func(), ok bool) {
	if b.places == 0 {
		return func() {}, true
	}
	leave = func() { b.leave(host, endpoint) }
	b.mu.Lock()
	at := b.hosts[host]
	if at == nil {
		at = &berth{by: map[string]int{}}
		b.hosts[host] = at
	}
	if at.admit(endpoint, b.places) {
		b.mu.Unlock()
		return leave, true
	}
	if b.wait == 0 {
		b.mu.Unlock()
		return nil, false
	}
	a := &arrival{endpoint: endpoint, admitted: make(chan struct{})}
	place := at.waiting.PushBack(a)
	b.mu.Unlock()

	patience := time.NewTimer(b.wait)
	defer patience.Stop()
	select {
	case <-a.admitted:
		return leave, true
	case <-patience.C:
	case <-ctx.Done():
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	select {
	case <-a.admitted: // meanwhile
		return leave, true
	default:
		at.waiting.Remove(place)
		return nil, false
	}
}

// admit takes a place for the endpoint if it may have one.
func (at *berth) admit(endpoint string, places int) bool {
	if free := places - at.taken; free == 0 || at.by[endpoint] >= free {
		return false
	}
	at.taken++
	at.by[endpoint]++
	return true
}

// leave gives a place back and lets in those who wait and now may have one.
func (b *bulkhead) leave(host, endpoint string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	at := b.hosts[host]
	at.taken--
	if at.by[endpoint]--; at.by[endpoint] == 0 {
		delete(at.by, endpoint)
	}
	for e := at.waiting.Front(); e != nil && at.taken < b.places; {
		next, a := e.Next(), e.Value.(*arrival)
		if at.admit(a.endpoint, b.places) {
			at.waiting.Remove(e)
			close(a.admitted)
		}
		e = next
	}
	if at.taken == 0 { // and then nobody waits
		delete(b.hosts, host)
	}
}
