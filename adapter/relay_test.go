package adapter_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/adapter"
	"holdfast.dev/holdfast/fakes/stub"
	"holdfast.dev/holdfast/harness"
)

// kept is a recorder for a test.
type kept struct{ bodies, paths []string }

func (k *kept) See(p stub.Passed) {
	k.bodies, k.paths = append(k.bodies, string(p.Body)), append(k.paths, p.Path)
}

func (k *kept) Save() ([]string, error) { return []string{"kept"}, nil }

func TestARelayIsAsCarefulAsTheRun(t *testing.T) {
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("a kept-between-us b")) }))
	defer api.Close()
	record := &kept{}
	d := adapter.Stub("api", stub.Config{}.Relaying(stub.Relay{To: api.URL, Recorder: record}))
	require.Equal(t, strings.TrimPrefix(api.URL, "http://"), d.Elsewhere)
	require.Contains(t, d.Parts, stub.Relayed)
	for _, allowed := range []bool{false, true} {
		var said []string
		fake, err := d.Open(t.Context(), harness.Opening{
			Seed: 1, AllowLoad: allowed, Values: map[string]string{"secrets.app": "kept-between-us"}, Say: func(line string) { said = append(said, line) },
		})
		require.NoError(t, err)
		url := fake.(interface{ Values() map[string]string }).Values()["url"]
		res, err := http.Post(url+"/kept-between-us", "text/plain", nil)
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		trouble := fake.(interface{ Trouble() []string }).Trouble()
		require.Equal(t, !allowed, len(trouble) > 0, trouble)
		require.NoError(t, fake.Close())
		require.Equal(t, []string{"kept"}, said)
	}
	require.Equal(t, []string{"a *** b"}, record.bodies)
	require.Equal(t, []string{"/***"}, record.paths)
}
