package search

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestTheGateLetsSoManyInAndSoManyWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(2, 1)
		first, err := g.enter(t.Context())
		require.NoError(t, err)
		second, err := g.enter(t.Context())
		require.NoError(t, err)

		entered := make(chan func())
		go func() {
			leave, _ := g.enter(t.Context())
			entered <- leave
		}()
		synctest.Wait() // the third waits
		require.Empty(t, entered)
		_, err = g.enter(t.Context())
		require.ErrorIs(t, err, errOverloaded, "the fourth is refused at once")

		first()
		third := <-entered
		second()
		third()
		require.Empty(t, g.slots)
		require.Empty(t, g.queue)
	})
}

func TestWaitingAtTheGateEndsWithTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(1, 1)
		leave, err := g.enter(t.Context())
		require.NoError(t, err)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		_, err = g.enter(ctx)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, time.Second, time.Since(start))

		leave()
		require.Empty(t, g.queue, "who gave up holds no place")
	})
}

func TestAGateWithoutABoundLetsEveryoneIn(t *testing.T) {
	g := newGate(0, 0)
	for range 1000 {
		_, err := g.enter(t.Context())
		require.NoError(t, err)
	}
}
