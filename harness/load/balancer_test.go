package load_test

import (
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/load"
)

// balanced sends n requests over the addresses and gives which each went to.
func balanced(t *testing.T, b *load.Balancer, base string, n int, observe func(load.Exchange)) (load.Tally, []int) {
	t.Helper()
	var mu sync.Mutex
	var went []int
	attack, err := load.Start(t.Context(), load.Config{
		BaseURL: base, Balancer: b,
		Observe: func(x load.Exchange) {
			observe(x)
			mu.Lock()
			defer mu.Unlock()
			went = append(went, x.Instance)
		},
	}, load.Stream{
		Name: "s", Profile: load.Constant(float64(n)*4, 250*time.Millisecond), MaxLag: time.Minute,
		Next: func(int64, *rand.Rand) load.Request { return load.Request{Path: "/x"} },
	})
	require.NoError(t, err)
	return attack.Wait()[0], went
}

func TestRequestsGoToTheInstancesInTurnAndPastThoseThatAreOut(t *testing.T) {
	host := make([]string, 2)
	var mu sync.Mutex
	serve := func(i int) *httptest.Server {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			mu.Lock()
			defer mu.Unlock()
			host[i] = r.Host
			fmt.Fprint(w, i)
		}))
		t.Cleanup(s.Close)
		return s
	}
	one, two := serve(0), serve(1)
	ignore := func(load.Exchange) {}
	t.Run("in turn", func(t *testing.T) {
		b, err := load.NewBalancer(one.URL, two.URL)
		require.NoError(t, err)
		tally, went := balanced(t, b, one.URL, 20, ignore)
		require.EqualValues(t, 20, tally.OK)
		counts := map[int]int{}
		for _, i := range went {
			counts[i]++
		}
		require.Equal(t, map[int]int{0: 10, 1: 10}, counts)
		require.Equal(t, one.Listener.Addr().String(), host[0], "each is asked by its own name")
		require.Equal(t, two.Listener.Addr().String(), host[1])
	})
	t.Run("not to one that is not ready, until it is", func(t *testing.T) {
		b, err := load.NewBalancer(one.URL, two.URL)
		require.NoError(t, err)
		b.Ready(0, false)
		_, went := balanced(t, b, one.URL, 10, ignore)
		require.NotContains(t, went, 0)
		b.Ready(0, true)
		_, went = balanced(t, b, one.URL, 10, ignore)
		require.Contains(t, went, 0)
	})
	t.Run("one that refuses costs no request", func(t *testing.T) {
		closed, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		require.NoError(t, closed.Close())
		b, err := load.NewBalancer("http://"+closed.Addr().String(), two.URL)
		require.NoError(t, err)
		tally, went := balanced(t, b, two.URL, 10, ignore)
		require.EqualValues(t, 10, tally.OK)
		require.NotContains(t, went, 0)
	})
	t.Run("with none left requests fail as they do", func(t *testing.T) {
		closed, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		require.NoError(t, closed.Close())
		dead := "http://" + closed.Addr().String()
		b, err := load.NewBalancer(dead, dead)
		require.NoError(t, err)
		tally, _ := balanced(t, b, dead, 6, ignore)
		require.EqualValues(t, 6, tally.Errors[load.ClassRefused])
	})
	_, err := load.NewBalancer()
	require.Error(t, err)
	_, err = load.NewBalancer("ftp://x")
	require.Error(t, err)
}
