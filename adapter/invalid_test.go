package adapter_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/adapter"
	"holdfast.dev/holdfast/fakes/stub"
	"holdfast.dev/holdfast/message"
)

// Requests that are not as described are counted at the API and at its route, and shown
// once for each kind.
func TestInvalidRequestsAreCounted(t *testing.T) {
	d := adapter.Stub("api", stub.Config{
		Routes: []stub.Route{
			{Name: "charge", Request: message.Matcher{Method: "POST", Path: "/charges"}},
			{Name: "rate", Request: message.Matcher{Method: "GET", Path: "/rates"}},
		},
		Judge: func(r *http.Request, _ []byte) (bool, []string) {
			switch r.URL.Path {
			case "/rates":
				return true, nil
			case "/charges":
				return true, []string{"body /amount: is missing", "query q: is missing"}
			}
			return false, []string{"no operation has this path"}
		},
	})
	s := openStub(t, d)
	require.True(t, s.Described())
	require.Zero(t, measured(t, d, s, "api.invalid").Samples)
	zero := time.Now()
	for _, to := range []string{"GET /rates", "POST /charges", "POST /charges", "GET /nowhere"} {
		method, path, _ := strings.Cut(to, " ")
		ask(t, method, s.Values()["url"]+path, "", "")
	}
	for name, want := range map[string][2]float64{"api.invalid": {3, 4}, "api.charge.invalid": {2, 2}, "api.rate.invalid": {0, 1}} {
		got := measured(t, d, s, name)
		require.Equal(t, want, [2]float64{got.Value, float64(got.Samples)}, name)
	}
	judged := s.Judged(zero)
	require.EqualValues(t, 4, judged.Requests)
	require.EqualValues(t, 3, judged.Invalid)
	require.Len(t, judged.First, 2)
	require.Equal(t, "POST /charges to api: body /amount: is missing; query q: is missing (2 times)", judged.First[0].What)
	require.Equal(t, "GET /nowhere to api: no operation has this path", judged.First[1].What)
	require.GreaterOrEqual(t, judged.First[0].At, time.Duration(0))
	require.Less(t, judged.First[0].At, time.Minute)
}

func TestWithoutADescriptionInvalidIsNotMeasured(t *testing.T) {
	d := payments()
	require.Contains(t, d.Unmeasured["api.invalid"], "openapi: ")
	require.Contains(t, d.Unmeasured["api.charge.invalid"], "openapi: ")
	require.False(t, openStub(t, d).Described())
	for _, m := range d.Measures {
		require.NotContains(t, []string{"api.invalid", "api.charge.invalid"}, m.Name)
	}
}
