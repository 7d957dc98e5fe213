package load_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/load"
)

// Every third request is refused: these, and what was never sent, are not
// among the answered.
func TestItIsKnownWhichRequestsWereAnswered(t *testing.T) {
	const planned = 200
	o := play(t, func(w http.ResponseWriter, r *http.Request) {
		n, _ := strconv.Atoi(strings.TrimPrefix(r.Header.Get(load.HeaderRequest), "tasks/"))
		if n%3 == 0 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		w.WriteHeader(http.StatusAccepted)
	}, load.Config{}, load.Stream{
		Name: "tasks", Profile: load.Constant(400, planned*time.Second/400), Next: get("/"),
		Expect: load.Status(http.StatusAccepted), MaxLag: 10 * time.Second,
	})[0]
	require.EqualValues(t, planned, o.Sent)
	for n := range int64(planned) {
		require.Equal(t, n%3 != 0, o.Answered(n), "request %d", n)
	}
	for _, n := range []int64{-1, planned, planned * 100} {
		require.False(t, o.Answered(n), "request %d was never sent", n)
	}
}
