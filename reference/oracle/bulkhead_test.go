package oracle

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestOneEndpointTakesHalfOfItsHost(t *testing.T) {
	b := newBulkhead(8, 0)
	take := func(endpoint string) (n int) {
		for {
			if _, ok := b.enter(t.Context(), "host", endpoint); !ok {
				return n
			}
			n++
		}
	}
	require.Equal(t, 4, take("hangs"))
	require.Equal(t, 2, take("hangs too"))
	require.Equal(t, 1, take("works"))
	require.Equal(t, 1, take("works too"))
	require.Equal(t, 0, take("comes last"), "never more than there are")
	_, ok := b.enter(t.Context(), "another host", "hangs")
	require.True(t, ok)
}

func TestASinglePlaceCanBeTaken(t *testing.T) {
	b := newBulkhead(1, 0)
	leave, ok := b.enter(t.Context(), "host", "a")
	require.True(t, ok)
	_, ok = b.enter(t.Context(), "host", "b")
	require.False(t, ok)
	leave()
	require.Empty(t, b.hosts, "a host without calls is forgotten")
	_, ok = b.enter(t.Context(), "host", "b")
	require.True(t, ok)
}

func TestWaitingForAPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBulkhead(1, 100*time.Millisecond)
		leave, ok := b.enter(t.Context(), "host", "a")
		require.True(t, ok)

		start := time.Now()
		_, ok = b.enter(t.Context(), "host", "a")
		require.False(t, ok)
		require.Equal(t, 100*time.Millisecond, time.Since(start))

		short, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		defer cancel()
		_, ok = b.enter(short, "host", "a")
		require.False(t, ok)
		require.Equal(t, 110*time.Millisecond, time.Since(start), "nor longer than the context")

		order := make(chan int, 2)
		for n := range 2 {
			go func() {
				leave, ok := b.enter(t.Context(), "host", "a")
				if ok {
					order <- n
					leave()
				}
			}()
			synctest.Wait() // one after the other
		}
		leave()
		require.Equal(t, []int{0, 1}, []int{<-order, <-order}, "first come, first served")
		synctest.Wait()
		require.Empty(t, b.hosts)
	})
}

func TestWithoutABoundEveryCallHasAPlace(t *testing.T) {
	b := newBulkhead(0, 0)
	for range 1000 {
		_, ok := b.enter(t.Context(), "host", "a")
		require.True(t, ok)
	}
}

// An oracle that hangs is asked by many requests at once; the one beside it on
// the same host still answers.
func TestOneThatHangsLeavesTheOthersTheirPlaces(t *testing.T) {
	u := serve(t, map[string]http.HandlerFunc{"hangs": hang})
	s := newService(t, func(c *Config) { c.HostMaxInFlight, c.HostQueueTimeout, c.BreakerFailures = 4, 0, 0 })
	ctx, cancel := context.WithCancel(t.Context())
	for range 2 {
		s.workers.Go(func() { _, _ = s.fanOut(ctx, asked, []source{u.source("hangs")}) })
	}
	require.Eventually(t, func() bool { return u.open.Load() == 2 }, 30*time.Second, time.Millisecond)
	requireFailure(t, one(t, s, u.source("hangs")), classConnection, "bulkhead")
	require.Equal(t, statusOK, one(t, s, u.source("works")).Status)
	require.EqualValues(t, 3, u.calls.Load(), "who finds no place does not call")
	require.Equal(t, 1.0, value(t, s.metrics.calls.WithLabelValues(outcomeBulkhead)))

	off := newService(t, func(c *Config) { c.HostMaxInFlight = 0 })
	for i := range 4 {
		s.workers.Go(func() { _, _ = off.fanOut(ctx, asked, []source{u.source("hangs")}) })
		require.Eventually(t, func() bool { return u.open.Load() == int64(3+i) }, 30*time.Second, time.Millisecond, fmt.Sprint(i))
	}
	cancel()
}
