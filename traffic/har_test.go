package traffic_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/redact"
	"holdfast.dev/holdfast/traffic"
)

// archive is what a browser saves of a page that loads its parts from a host of files,
// calls its API, and reports to somebody.
const archive = `{
  "log": {
    "version": "1.2",
    "creator": {"name": "WebInspector", "version": "537.36", "more": [1, {"a": []}]},
    "pages": [{"startedDateTime": "2025-10-10T12:00:00.000Z", "id": "page_1", "title": "https://shop.example/", "pageTimings": {}}],
    "entries": [
      {"startedDateTime": "2025-10-10T12:00:00.000Z", "time": 20.5, "request": {"method": "GET", "url": "https://shop.example/", "headers": []}, "response": {"status": 200, "content": {"mimeType": "text/html"}}},
      {"startedDateTime": "2025-10-10T12:00:00.100Z", "time": 3, "request": {"method": "GET", "url": "https://cdn.example/app.js", "headers": []}, "response": {"status": 200, "content": {"mimeType": "application/javascript", "text": "` + "alert(1)" + `"}}},
      {"startedDateTime": "2025-10-10T12:00:00.100Z", "time": 3, "request": {"method": "GET", "url": "data:image/png;base64,AAAA", "headers": []}, "response": {"status": 200, "content": {}}},
      {"startedDateTime": "2025-10-10T12:00:01.000Z", "time": 40, "request": {"method": "POST", "url": "https://api.shop.example/carts/7/lines?currency=EUR", "headers": [{"name": ":authority", "value": "api.shop.example"}, {"name": "content-type", "value": "application/json"}, {"name": "Authorization", "value": "Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"}], "postData": {"mimeType": "application/json", "text": "{\"sku\":\"A-1\",\"qty\":2}"}}, "response": {"status": 201, "content": {"mimeType": "application/json"}}},
      {"startedDateTime": "2025-10-10T12:00:02.000Z", "time": 10, "request": {"method": "GET", "url": "https://api.shop.example/carts/7", "headers": []}, "response": {"status": 200, "content": {"mimeType": "application/json"}}},
      {"startedDateTime": "2025-10-10T12:00:02.500Z", "time": 10, "request": {"method": "POST", "url": "https://telemetry.example/collect", "headers": []}, "response": {"status": 204, "content": {}}}
    ]
  }
}`

func TestAnArchiveIsReadForTheHostThatIsAsked(t *testing.T) {
	s, err := traffic.ReadHAR(strings.NewReader("\xef\xbb\xbf" + archive))
	require.NoError(t, err)
	require.Equal(t, "api.shop.example", s.Host)
	require.Equal(t, map[string]int{"shop.example": 1, "cdn.example": 1, "telemetry.example": 1}, s.Elsewhere)
	require.Equal(t, []string{"GET /carts/{id} 1", "POST /carts/{id}/lines 1"}, routes(s))
	require.Equal(t, map[int]int{201: 1}, s.Routes[1].Statuses)
	require.InEpsilon(t, float64(40*time.Millisecond), float64(s.Routes[1].Latency.P50), 0.05)
	require.Equal(t, []redact.Found{{Where: "POST /carts/{id}/lines header.Authorization", Kind: redact.KindSecret}}, s.Stripped)
	require.Equal(t, "Bearer stripped-secret-1", s.Routes[1].Example.Header.Get("Authorization"))
	require.JSONEq(t, `{"sku":"A-1","qty":2}`, s.Routes[1].Example.Body)
}

func TestWhatIsNoArchiveIsRefused(t *testing.T) {
	for name, row := range map[string]struct{ text, want string }{
		"nothing":            {"", "no HTTP archive"},
		"a list":             {"[]", "no HTTP archive"},
		"no log":             {`{"a": {"entries": []}}`, "no HTTP archive"},
		"no entries":         {`{"log": {"version": "1.2"}}`, "no HTTP archive"},
		"none that is HTTP":  {`{"log": {"entries": [{"request": {"url": "data:,a"}}]}}`, "no HTTP archive"},
		"entries of a type":  {`{"log": {"entries": 7}}`, "no HTTP archive"},
		"an entry of a type": {`{"log": {"entries": [{"request": 7}]}}`, "entry 1"},
		"a time of a type":   {`{"log": {"entries": [{"startedDateTime": "secret"}]}}`, "no entry with a request and a time"},
		"cut off":            {archive[:len(archive)/2], "it ends in the middle"},
		"bytes":              {"\x00\x01", "no HTTP archive"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := traffic.ReadHAR(strings.NewReader(row.text))
			require.ErrorContains(t, err, row.want)
			require.NotContains(t, err.Error(), "secret")
		})
	}
}
