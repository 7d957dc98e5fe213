package manifest_test

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/fakes/stub"
	"holdfast.dev/holdfast/manifest"
	"holdfast.dev/holdfast/manifest/notation"
)

const original = `
routes:
  list: { request: { path: /v1/items }, response: { json: { items: [ { id: 1, price: 12345678901234567890.50, text: "50 $ {{a} $${{B}" } ], more: null } } }
  item: { request: { path: "/v1/items/{n}" }, response: { json: { id: "{path.n:int}", at: "2026-01-02T03:04:05Z" } } }
  created: { request: { method: POST, path: /v1/items }, response: { status: 201, json: { state: new } } }
  text: { request: { path: /text }, response: { body: "hello {{you} and $${{HOME}\nbye\n" } }
  page: { request: { path: /page }, response: { headers: { Content-Type: text/html }, body: "<p>&amp;</p>" } }
  none: { request: { method: DELETE, path: "/v1/items/{n}" }, response: { status: 204 } }
`

// playing is an API that plays a text of routes.
func playing(t *testing.T, text []byte) string {
	t.Helper()
	routes, err := manifest.ReadRoutes(text, "routes.yaml", manifest.Options{})
	require.NoError(t, err, "%s", text)
	s, err := stub.Start(stub.Config{Routes: routes.All, Relay: routes.Relay})
	require.NoError(t, err)
	t.Cleanup(s.Close)
	return s.URL(0)
}

func asked(t *testing.T, method, url string) string {
	t.Helper()
	req, err := http.NewRequest(method, url, nil)
	require.NoError(t, err)
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return res.Status + " " + res.Header.Get("Content-Type") + " " + string(body)
}

// What was recorded of an API is played as the API itself was.
func TestARecordingPlaysWhatItHeard(t *testing.T) {
	file := filepath.Join(t.TempDir(), "recorded.yaml")
	api := playing(t, []byte(original))
	routes, err := manifest.ReadRoutes([]byte("{}"), "none", manifest.Options{Relay: &manifest.Relay{To: notation.Literal(api), Record: file}})
	require.NoError(t, err)
	relay, err := stub.Start(stub.Config{Routes: routes.All, Relay: routes.Relay})
	require.NoError(t, err)
	defer relay.Close()
	requests := [][2]string{
		{"GET", "/v1/items"}, {"GET", "/v1/items/42"}, {"GET", "/v1/items/7?x=1"}, {"POST", "/v1/items"}, {"GET", "/text"}, {"GET", "/page"}, {"DELETE", "/v1/items/42"},
	}
	var first []string
	for _, r := range requests {
		first = append(first, asked(t, r[0], relay.URL(0)+r[1]))
		require.Equal(t, asked(t, r[0], api+r[1]), first[len(first)-1], "the relay changes nothing")
	}
	said, err := relay.Save()
	require.NoError(t, err)
	require.Equal(t, []string{file + ": 6 routes recorded"}, said)
	info, err := os.Stat(file)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	again := playing(t, text)
	for i, r := range requests {
		require.Equal(t, first[i], asked(t, r[0], again+r[1]), "%v, of\n%s", r, text)
	}
}

func TestARecordingTakesTheirPlaceOfNobodysFile(t *testing.T) {
	dir := t.TempDir()
	own := filepath.Join(dir, "own.yaml")
	require.NoError(t, os.WriteFile(own, []byte("routes: {}\n"), 0o600))
	link := filepath.Join(dir, "link.yaml")
	require.NoError(t, os.Symlink(own, link))
	for path, want := range map[string]string{own: "is no recording", link: "is no file", dir: "is no file", filepath.Join(dir, "no", "x.yaml"): "the folder"} {
		_, err := manifest.NewRecord(path, "api")
		require.ErrorContains(t, err, want, path)
	}
	fresh := filepath.Join(dir, "fresh.yaml")
	for range 2 { // the second takes the place of the first
		r, err := manifest.NewRecord(fresh, "api")
		require.NoError(t, err)
		said, err := r.Save()
		require.NoError(t, err)
		require.Contains(t, said[0], "nothing was recorded")
		require.NoFileExists(t, fresh)
		r.See(stub.Passed{Method: "GET", Path: "/x", Status: 200, Header: http.Header{"Content-Type": {"application/json"}}, Body: []byte(`{"token":"geheim"}`)})
		said, err = r.Save()
		require.NoError(t, err)
		require.Equal(t, []string{fresh + ": 1 routes recorded", "taken out: secret of GET /x json.token"}, said)
		text, err := os.ReadFile(fresh)
		require.NoError(t, err)
		require.True(t, strings.HasPrefix(string(text), "# Recorded by holdfast from api\n# taken out: secret of GET /x json.token\n"), "%s", text)
		require.NotContains(t, string(text), "geheim")
		require.NoError(t, os.WriteFile(fresh, text, 0o600))
		if r, err = manifest.NewRecord(fresh, "api"); err == nil {
			require.NoError(t, os.WriteFile(fresh, []byte("mine"), 0o600))
			r.See(stub.Passed{Method: "GET", Path: "/x", Status: 204})
			_, err = r.Save()
			require.ErrorContains(t, err, "is no recording", "somebody has put a file there meanwhile")
			require.NoError(t, os.WriteFile(fresh, text, 0o600))
		}
		require.NoError(t, os.Remove(fresh))
	}
	left, err := filepath.Glob(filepath.Join(dir, ".recording-*"))
	require.NoError(t, err)
	require.Empty(t, left)
}
