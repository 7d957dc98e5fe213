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
				q, never := newQueue(), make(chan struct{})
				const n = 20_000
				pushed := 0
				go func() {
					for ; pushed < n; pushed++ {
						data := make([]byte, size)
						data[0] = byte(pushed)
						if !q.push(chunk{data: data}, never) {
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
		go func() { _, ok := newQueue().pop(ended); results <- ok }()
		go func() {
			full := newQueue()
			for full.push(chunk{data: make([]byte, chunkBytes)}, ended) {
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
