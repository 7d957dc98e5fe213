package port_test

import (
	"net"
	"strconv"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/internal/port"
)

func TestNoPortIsClaimedTwiceAtATime(t *testing.T) {
	const each, claimers = 100, 8
	var mu sync.Mutex
	claimed := map[string]bool{}
	var work sync.WaitGroup
	for range claimers {
		work.Go(func() {
			for range each {
				c, err := port.ClaimFree()
				if err != nil {
					t.Error(err)
					return
				}
				t.Cleanup(c.Release)
				mu.Lock()
				claimed[c.Address()] = true
				mu.Unlock()
			}
		})
	}
	work.Wait()
	require.Len(t, claimed, each*claimers)
}

func TestAClaimIsHeldUntilItIsReleased(t *testing.T) {
	c, err := port.ClaimFree()
	require.NoError(t, err)
	_, err = port.ClaimAt(c.Address())
	require.ErrorContains(t, err, c.Address())
	require.True(t, port.Free(c.Address()), "the port itself is left to whoever is to listen there")
	c.Release()
	again, err := port.ClaimAt(c.Address())
	require.NoError(t, err)
	again.Release()
}

func TestAPortIsPickedWhereTheKernelHandsOutNone(t *testing.T) {
	low := port.FirstEphemeral()
	if low <= port.Lowest+1_000 {
		t.Skip("the kernel hands out nearly all ports here")
	}
	for range 20 {
		c, err := port.ClaimFree()
		require.NoError(t, err)
		defer c.Release()
		_, text, err := net.SplitHostPort(c.Address())
		require.NoError(t, err)
		number, err := strconv.Atoi(text)
		require.NoError(t, err)
		require.GreaterOrEqual(t, number, port.Lowest)
		require.Less(t, number, low)
	}
}
