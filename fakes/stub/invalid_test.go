package stub_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/fakes/host"
	"holdfast.dev/holdfast/fakes/stub"
)

// strict describes GET below /rates alone, and takes one currency.
func strict(r *http.Request, _ []byte) (described bool, wrong []string) {
	currency, described := strings.CutPrefix(r.URL.Path, "/rates/")
	switch {
	case !described:
		return false, []string{"no operation has this path"}
	case currency != "eur":
		return true, []string{"path currency: does not fit enum", "and more of " + currency[:1]}
	}
	return true, nil
}

func TestWhatIsNotAsDescribedIsNotedAndAnswered(t *testing.T) {
	s := startWith(t, stub.Config{Config: host.Config{Seed: 1}, Judge: strict, Routes: []stub.Route{rates(), {Name: "own", Request: on("GET", "/own")}}})
	get := func(path string) int {
		res, err := http.Get(s.URL(0) + path)
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		return res.StatusCode
	}
	require.Equal(t, 200, get("/rates/eur"))
	require.Equal(t, 200, get("/rates/usd"), "it is answered all the same")
	require.Equal(t, 200, get("/own"), "a route of one's own need not be described")
	require.Equal(t, 404, get("/nowhere"))
	http.DefaultClient.CloseIdleConnections()
	require.Equal(t, []stub.Invalid{
		{Entry: 1, Route: "rate", What: "GET /rates/{currency}", Wrong: []string{"path currency: does not fit enum", "and more of u"}},
		{Entry: 3, Route: stub.Unmatched, What: "GET /nowhere", Wrong: []string{"no operation has this path"}},
	}, s.Invalid())
}

func TestWithoutADescriptionNothingIsInvalid(t *testing.T) {
	s := start(t, rates())
	res, err := http.Get(s.URL(0) + "/nowhere")
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	http.DefaultClient.CloseIdleConnections()
	require.Empty(t, s.Invalid())
}

func TestAUUIDIsTheSameForARouteAndAKey(t *testing.T) {
	s := start(t, stub.Route{Name: "make", Request: on("POST", "/{key}"), Key: "{path.key}", Response: stub.Response{Text: "{uuid}"}})
	seen := map[string]int{}
	for i := range 6 {
		res, err := http.Post(fmt.Sprint(s.URL(0), "/", i%3), "text/plain", nil)
		require.NoError(t, err)
		text, err := io.ReadAll(res.Body)
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		require.Regexp(t, `^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$`, string(text))
		seen[string(text)]++
	}
	http.DefaultClient.CloseIdleConnections()
	require.Len(t, seen, 3)
}
