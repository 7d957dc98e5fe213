package traffic_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"math/rand"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/traffic"
)

// One request as each format writes it: GET /orders/42?q=a, 200, in 12 ms where the
// format says how long it took. The lines are those of the makers' documents.
var formats = []struct {
	name, line string
	took       time.Duration
}{
	{"common", `127.0.0.1 - frank [10/Oct/2025:13:55:36 +0000] "GET /orders/42?q=a HTTP/1.0" 200 2326`, 0},
	{"combined", `127.0.0.1 - frank [10/Oct/2025:13:55:36 +0000] "GET /orders/42?q=a HTTP/1.0" 200 2326 "http://www.example.com/start.html" "Mozilla/4.08 [en] (Win98; I ;Nav)"`, 0},
	{"combined with a virtual host", `shop.example:443 10.1.2.3 - - [10/Oct/2025:13:55:36 +0000] "GET /orders/42?q=a HTTP/2.0" 200 17 "-" "a \"quoted\" agent"`, 0},
	{"nginx with rt=", `10.1.2.3 - - [10/Oct/2025:13:55:36 +0000] "GET /orders/42?q=a HTTP/1.1" 200 17 "-" "curl/8" rt=0.012 uct="0.000"`, 12 * time.Millisecond},
	{"nginx with the time at the end", `10.1.2.3 - - [10/Oct/2025:13:55:36 +0000] "GET /orders/42?q=a HTTP/1.1" 200 17 "-" "curl/8" 0.012`, 12 * time.Millisecond},
	{"Traefik's common format", `10.1.2.3 - - [10/Oct/2025:13:55:36 +0000] "GET /orders/42?q=a HTTP/1.1" 200 17 "-" "curl/8" 7 "web@docker" "http://10.0.0.2:80" 12ms`, 12 * time.Millisecond},
	{"nginx in JSON", `{"time_iso8601":"2025-10-10T13:55:36+00:00","remote_addr":"10.1.2.3","request_method":"GET","request_uri":"/orders/42?q=a","status":"200","request_time":"0.012"}`, 12 * time.Millisecond},
	{"nginx in JSON, the line as one", `{"time_local":"10/Oct/2025:13:55:36 +0000","request":"GET /orders/42?q=a HTTP/1.1","status":200,"request_time":0.012}`, 12 * time.Millisecond},
	{"Caddy", `{"level":"info","ts":1760104536.5,"logger":"http.log.access","msg":"handled request","request":{"remote_ip":"10.1.2.3","proto":"HTTP/2.0","method":"GET","host":"shop.example","uri":"/orders/42?q=a","headers":{"Authorization":["REDACTED"]}},"bytes_read":0,"duration":0.012,"size":17,"status":200}`, 12 * time.Millisecond},
	{"Traefik in JSON", `{"ClientAddr":"10.1.2.3:5","DownstreamStatus":200,"Duration":12000000,"RequestMethod":"GET","RequestPath":"/orders/42?q=a","StartUTC":"2025-10-10T13:55:36.364801033Z","level":"info","time":"2025-10-10T13:55:36Z"}`, 12 * time.Millisecond},
	{"Google Cloud", `{"httpRequest":{"latency":"0.012s","requestMethod":"GET","requestUrl":"https://shop.example/orders/42?q=a","status":200},"timestamp":"2025-10-10T13:55:36.4Z"}`, 12 * time.Millisecond},
	{"Envoy", `{"start_time":"2025-10-10T13:55:36.4Z","method":"GET","path":"/orders/42?q=a","response_code":200,"duration_ms":12}`, 12 * time.Millisecond},
	{"AWS application load balancer", `h2 2025-10-10T13:55:36.186641Z app/my-lb/50dc6c495c0c9188 10.0.1.252:48160 10.0.0.66:9000 0.000 0.012 0.000 200 200 5 257 "GET https://shop.example:443/orders/42?q=a HTTP/2.0" "curl/7.46.0" - -`, 12 * time.Millisecond},
	{"AWS classic load balancer", `2025-10-10T13:55:36.945958Z my-lb 192.168.131.39:2817 10.0.0.1:80 0.000 0.012 0.000 200 200 0 29 "GET http://shop.example:80/orders/42?q=a HTTP/1.1" "curl/7.38.0" - -`, 12 * time.Millisecond},
}

func TestEachFormatSaysTheSame(t *testing.T) {
	for _, row := range formats {
		t.Run(row.name, func(t *testing.T) {
			s, err := traffic.ReadAccessLog(strings.NewReader("\xef\xbb\xbf" + row.line + "\r\n\r\n"))
			require.NoError(t, err)
			require.Len(t, s.Routes, 1)
			r := s.Routes[0]
			require.Equal(t, "GET /orders/{id}", r.Method+" "+r.Path)
			require.Equal(t, []traffic.Place{{Name: "id", Kind: traffic.Number, Min: 42, Max: 42}}, r.Places)
			require.Equal(t, map[int]int{200: 1}, r.Statuses)
			require.Equal(t, "q=a", r.Example.Query)
			require.WithinDuration(t, time.Date(2025, 10, 10, 13, 55, 36, 0, time.UTC), s.From, time.Second)
			if row.took == 0 {
				require.Nil(t, r.Latency)
				return
			}
			require.InEpsilon(t, float64(row.took), float64(r.Latency.P99), 0.05)
		})
	}
}

// log writes lines of the combined format, second by second.
func log(requests ...string) string {
	var b strings.Builder
	at := time.Date(2025, 10, 10, 12, 0, 0, 0, time.UTC)
	for i, request := range requests {
		request, status, ok := strings.Cut(request, " -> ")
		if !ok {
			status = "200"
		}
		fmt.Fprintf(&b, "10.0.0.1 - - [%s] \"%s HTTP/1.1\" %s 10 \"-\" \"-\"\n", at.Add(time.Duration(i)*time.Second).Format("02/Jan/2006:15:04:05 -0700"), request, status)
	}
	return b.String()
}

func read(t *testing.T, text string) traffic.Summary {
	t.Helper()
	s, err := traffic.ReadAccessLog(strings.NewReader(text))
	require.NoError(t, err)
	return s
}

func routes(s traffic.Summary) []string {
	var all []string
	for _, r := range s.Routes {
		all = append(all, fmt.Sprintf("%s %s %d", r.Method, r.Path, r.Count))
	}
	return all
}

// times makes n requests from a format with a number in it.
func times(n int, format string) []string {
	var all []string
	for i := range n {
		all = append(all, fmt.Sprintf(format, i))
	}
	return all
}

func TestWhatIsAValueInAPathIsToldByTheData(t *testing.T) {
	name := func(i int) string { return strings.Repeat(string(rune('a'+i%26)), 3+i/26) }
	var people, endpoints []string
	for i := range 200 {
		people = append(people, "GET /people/"+name(i), "GET /people/me")
	}
	for i := range 30 {
		endpoints = append(endpoints, "GET /api/"+name(i))
	}
	rows := map[string]struct {
		requests []string
		want     []string
	}{
		"numbers":            {[]string{"GET /a/1", "GET /a/2/b", "GET /a/3/b"}, []string{"GET /a/{id}/b 2", "GET /a/{id} 1"}},
		"UUIDs, hashes, ids": {[]string{"GET /a/" + "6ba7b810-9dad-11d1-80b4-00c04fd430c8", "GET /a/507f1f77bcf86cd799439011", "GET /a/cus_9s6XKzkNRiz8i3", "GET /a/ORD-00042", "GET /a/01ARZ3NDEKTSV4RRFFQ69G5FAV", "GET /a/2025-01-31"}, []string{"GET /a/{id} 6"}},
		"two in one path":    {[]string{"PUT /a/1/b/2"}, []string{"PUT /a/{id}/b/{id2} 1"}},
		"an address of mail": {[]string{"GET /users/ada@example.com"}, []string{"GET /users/{id} 1"}},
		"versions are none":  {[]string{"GET /v1/a", "GET /v2/a", "GET /oauth2/token", "GET /k8s/utf-8"}, []string{"GET /k8s/utf-8 1", "GET /oauth2/token 1", "GET /v1/a 1", "GET /v2/a 1"}},
		"always one number":  {times(20, "GET /api/2/users/%d"), []string{"GET /api/2/users/{id} 20"}},
		"names without end":  {people, []string{"GET /people/me 200", "GET /people/{id} 200"}},
		"endpoints are no names": {endpoints, func() []string {
			var all []string
			for i := range 30 {
				all = append(all, "GET /api/"+name(i)+" 1")
			}
			return sortedCopy(all)
		}()},
		"a slash at the end":  {[]string{"GET /a/", "GET /a", "GET /"}, []string{"GET / 1", "GET /a 1", "GET /a/ 1"}},
		"a session in a path": {[]string{"GET /a;jsessionid=8F2C"}, []string{"GET /a 1"}},
	}
	for title, row := range rows {
		t.Run(title, func(t *testing.T) { require.Equal(t, row.want, routes(read(t, log(row.requests...)))) })
	}
}

func sortedCopy(all []string) []string {
	out := append([]string(nil), all...)
	for i := range out {
		for j := i + 1; j < len(out); j++ {
			if out[j] < out[i] {
				out[i], out[j] = out[j], out[i]
			}
		}
	}
	return out
}

// Scanners ask for what there is not: that is no route, and no reason to take the
// service's own routes for values.
func TestWhatIsNotFoundIsNoRoute(t *testing.T) {
	requests := append(times(500, "GET /wp-%d/x.php -> 404"), times(20, "GET /items/%d")...)
	requests = append(requests, "GET /items/999 -> 404", "POST /login -> 401", "DELETE /items/1 -> 405")
	s := read(t, log(requests...))
	require.Equal(t, []string{"GET /items/{id} 21", "POST /login 1"}, routes(s))
	require.Equal(t, 501, s.NotFound)
	require.Equal(t, map[int]int{200: 20, 404: 1}, s.Routes[0].Statuses)
	require.InDelta(t, 21.0/22, s.Routes[0].Share, 1e-9)
}

func TestRatesAreOfTheWholeTimeAndOfTheBusiestWindow(t *testing.T) {
	var b strings.Builder
	at := time.Date(2025, 10, 10, 0, 0, 0, 0, time.UTC)
	for second := range 24 * 3600 {
		n := 0
		switch {
		case second%60 == 0:
			n = 1
		case second >= 12*3600 && second < 12*3600+600: // ten minutes at noon
			n = 5
		}
		for range n {
			fmt.Fprintf(&b, "10.0.0.1 - - [%s] \"GET /a HTTP/1.1\" 200 10\n", at.Add(time.Duration(second)*time.Second).Format("02/Jan/2006:15:04:05 -0700"))
		}
	}
	s := read(t, b.String())
	require.Equal(t, 64*time.Second, s.Window)
	require.InDelta(t, 4390.0/86340, s.Routes[0].Mean, 0.001)
	require.InDelta(t, 5, s.Routes[0].Peak, 0.1)
}

func TestPercentilesAreThoseOfALogOfKnownTimes(t *testing.T) {
	var b strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&b, `{"method":"GET","path":"/a","status":200,"duration_ms":%d}`+"\n", i+1)
	}
	l := read(t, b.String()).Routes[0].Latency
	require.Equal(t, 1000, l.Count)
	require.InEpsilon(t, 500, l.P50.Milliseconds(), 0.06)
	require.InEpsilon(t, 950, l.P95.Milliseconds(), 0.06)
	require.InEpsilon(t, 990, l.P99.Milliseconds(), 0.06)
}

func TestWhatIsNoRequestIsSkippedAndCounted(t *testing.T) {
	long := "10.0.0.1 - - [10/Oct/2025:13:55:36 +0000] \"GET /" + strings.Repeat("a", 1<<20) + " HTTP/1.1\" 200 1\n"
	s := read(t, log("GET /a")+
		"10.0.0.1 - - [10/Oct/2025:13:55:36 +0000] \"\\x16\\x03\\x01\" 400 150 \"-\" \"-\"\n"+
		"10.0.0.1 - - [10/Oct/2025:13:55:36 +0000] \"-\" 408 0\n"+
		"not a line\n{\"a\":1}\n{\"method\":\"GET\"\n\x00\x01\x02\n"+long+
		"10.0.0.1 - - [10/Oct/2025:13:55:36 +0000] \"GET /"+strings.Repeat("a/", 60)+" HTTP/1.1\" 200 1\n"+
		"10.0.0.1 - - [10/Oct/2025:13:55:36 +0000] \"OPTIONS * HTTP/1.1\" 200 1\n"+
		strings.TrimSuffix(log("GET /b"), "\n"))
	require.Equal(t, 11, s.Lines)
	require.Equal(t, 9, s.Skipped)
	require.Equal(t, 2, s.FirstSkipped)
	require.Equal(t, []string{"GET /a 1", "GET /b 1"}, routes(s))
}

func TestWhatIsNoAccessLogIsRefused(t *testing.T) {
	for name, text := range map[string]string{"nothing": "", "a program": "package main\n\nfunc main() {}\n", "bytes": "\x7fELF\x00\x00", "JSON of something else": `{"level":"info","msg":"started"}`} {
		_, err := traffic.ReadAccessLog(strings.NewReader(text))
		require.ErrorIs(t, err, traffic.ErrNoAccessLog, name)
	}
	_, err := traffic.ReadAccessLog(strings.NewReader("\x1f\x8b\x08broken"))
	require.ErrorContains(t, err, "packed")
}

func TestALogMayBePacked(t *testing.T) {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := w.Write([]byte(log("GET /a")))
	require.NoError(t, err)
	require.NoError(t, w.Close())
	s, err := traffic.ReadAccessLog(&b)
	require.NoError(t, err)
	require.Equal(t, []string{"GET /a 1"}, routes(s))
}

// manyLines is a log of n lines with everything that makes a long one hard: ids, slugs,
// scanners, several routes.
func manyLines(n int) string {
	r := rand.New(rand.NewSource(1))
	var b strings.Builder
	at := time.Date(2025, 10, 10, 0, 0, 0, 0, time.UTC)
	for i := range n {
		path, status := fmt.Sprintf("/api/v1/orders/%d", r.Intn(1_000_000)), 200
		switch r.Intn(10) {
		case 0:
			path = fmt.Sprintf("/blog/%s-%s", word(r), word(r))
		case 1:
			path, status = fmt.Sprintf("/%s/%s.php", word(r), word(r)), 404
		case 2:
			path = fmt.Sprintf("/users/%s/avatar", word(r))
		case 3:
			path = "/search?q=" + word(r)
		}
		fmt.Fprintf(&b, "10.0.%d.%d - - [%s] \"GET %s HTTP/1.1\" %d 512 \"https://shop.example/\" \"Mozilla/5.0 (X11; Linux x86_64)\" rt=0.0%d\n",
			r.Intn(256), r.Intn(256), at.Add(time.Duration(i)*50*time.Millisecond).Format("02/Jan/2006:15:04:05 -0700"), path, status, 10+r.Intn(89))
	}
	return b.String()
}

func word(r *rand.Rand) string {
	letters := make([]byte, 3+r.Intn(6))
	for i := range letters {
		letters[i] = byte('a' + r.Intn(26))
	}
	return string(letters)
}

func TestALongLogHasFewRoutes(t *testing.T) {
	s := read(t, manyLines(20_000))
	require.Len(t, s.Routes, 4)
	require.Equal(t, "GET /api/v1/orders/{id}", s.Routes[0].Method+" "+s.Routes[0].Path)
	require.InDelta(t, 2000, s.NotFound, 200)
	require.Equal(t, 20_000, s.Counted()+s.NotFound)
}

func BenchmarkAccessLogOf100000Lines(b *testing.B) {
	text := manyLines(100_000)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := traffic.ReadAccessLog(strings.NewReader(text)); err != nil {
			b.Fatal(err)
		}
	}
}
