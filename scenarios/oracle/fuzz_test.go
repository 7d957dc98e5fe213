package oracle

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/scenarios/contract"
)

// Whatever a target answers is judged, not a reason to panic, and what is taken
// for a whole answer has ten results, each ok or an error with a class.
func FuzzAnswers(f *testing.F) {
	whole, err := json.Marshal(good(100))
	require.NoError(f, err)
	broken, err := json.Marshal(good(100).failed("timeout", "oracle-3"))
	require.NoError(f, err)
	for _, seed := range []string{
		string(whole), string(broken), `{"results":null}`, `{"results":{"oracle-1":null}}`, `{"active":100,"queried":10,"truncated":true}`, `[]`, `null`, ``,
	} {
		f.Add([]byte(seed))
	}
	s, about := ours(100)
	e := s.failing(about, fails{"oracle-3": {contract.TimedOut}}, nil)
	f.Fuzz(func(t *testing.T, body []byte) {
		if e.Judge(load.Answer{Status: http.StatusOK, Body: body}) != "" {
			return
		}
		var got impactAnswer
		require.NoError(t, json.Unmarshal(body, &got))
		require.Len(t, got.Results, maxOracles)
		for name, r := range got.Results {
			require.Contains(t, about.Asked, name)
			require.True(t, r.Status == "ok" && name != "oracle-3" || r.Status == "error" && r.Error == "timeout" && name == "oracle-3", "%s: %+v", name, r)
		}
	})
}
