package chaos

import (
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
)

func TestAQueueKeepsTheOrderAndItsBound(t *testing.T) {
	for name, size := range map[string]int{"of large chunks": chunkBytes, "of single bytes": 1} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				q, never := newQueue(&spare{}), make(chan struct{})
				const n = 20_000
				pushed := 0
				go func() {
					for ; pushed < n; pushed++ {
						data := make([]byte, size)
						data[0] = byte(pushed)
						if !q.push(chunk{data: data}, queueBytes, never) {
							return
						}
					}
					q.close()
				}()
				synctest.Wait()
				require.Equal(t, queueBytes/(size+chunkCost), pushed, "then there is no room")
				for i := range n {
					c, ok := q.pop(never)
					require.True(t, ok)
					require.Equal(t, byte(i), c.data[0])
				}
				_, ok := q.pop(never)
				require.False(t, ok, "it is closed and empty")
			})
		})
	}
}

func TestAQueueLetsGoOfWhoeverWaitsWhenTheLinkEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ended := make(chan struct{})
		results := make(chan bool, 2)
		go func() { _, ok := newQueue(&spare{}).pop(ended); results <- ok }()
		go func() {
			full := newQueue(&spare{})
			for full.push(chunk{data: make([]byte, chunkBytes)}, queueBytes, ended) {
			}
			results <- false
		}()
		synctest.Wait()
		require.Empty(t, results, "both wait")
		close(ended)
		require.False(t, <-results)
		require.False(t, <-results)
	})
}

func TestWhatADelayHoldsIsBoundedForAllLinksTogether(t *testing.T) {
	shared, ended := &spare{}, make(chan struct{})
	close(ended) // who would have to wait does not
	var queues []*queue
	for total := 0; ; {
		q := newQueue(shared)
		queues = append(queues, q)
		before := total
		for q.push(chunk{data: make([]byte, chunkBytes)}, lineBytes, ended) {
			total += chunkBytes
		}
		require.LessOrEqual(t, total-before, lineBytes)
		if total-before <= queueBytes {
			break // only its own is left
		}
		require.Less(t, len(queues), 100)
	}
	require.LessOrEqual(t, shared.used.Load(), int64(spareBytes))
	_, ok := queues[0].pop(ended)
	require.True(t, ok)
	for _, q := range queues {
		q.drop()
		q.drop()
	}
	require.Zero(t, shared.used.Load(), "all is given back")
}
