package traffic_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/traffic"
)

// curls are commands as people, documents and browsers write them. URL is a server.
var curls = map[string]string{
	"a get":                     `curl URL/a?b=c`,
	"without a scheme":          `curl -s HOST/a`,
	"a form":                    `curl -d a=1 -d 'b=two words' URL/a`,
	"JSON":                      `curl --json '{"a": "it'\''s"}' URL/a`,
	"JSON by hand":              `curl -X POST URL/a -H 'Content-Type: application/json' --data-raw '{"a":1}'`,
	"from Chrome":               "curl 'URL/api/cart' \\\n  -H 'accept: application/json' \\\n  -H 'content-type: application/json' \\\n  --data-raw $'{\"note\":\"it\\'s \\u00e9t\\u00e9\"}' \\\n  --compressed",
	"from Firefox":              `curl 'URL/api/cart' --compressed -X PATCH -H 'X-Request: 7' --data-raw 'a=1'`,
	"a query of data":           `curl -G URL/a --data-urlencode 'q=a b&c' -d n=1`,
	"put together":              `curl -sSfXPUT URL/a -d x`,
	"only the head":             `curl -sI URL/a`,
	"a name and a password":     `curl -u ada:lovelace URL/a`,
	"quotes of several kinds":   `curl "URL/a" -H "X-A: \"b\" \$c" -H X-B:\ d`,
	"several addresses":         `curl -s URL/a URL/b --next -d x URL/c`,
	"its output goes elsewhere": `curl -s URL/a -o /dev/null | cat > /dev/null`,
	"a bearer":                  `curl --oauth2-bearer abc URL/a`,
}

// The witness is curl itself, in a shell: what a server gets of it is what is read here.
func TestCurlCommandsAskForWhatCurlAsks(t *testing.T) {
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("needs curl")
	}
	arrived := make(chan traffic.Request, 10)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		arrived <- traffic.Request{Method: r.Method, Host: r.Host, Path: r.URL.Path, Query: r.URL.RawQuery, Header: r.Header, Body: string(body)}
	}))
	defer server.Close()
	host := strings.TrimPrefix(server.URL, "http://")
	for name, text := range curls {
		t.Run(name, func(t *testing.T) {
			text = strings.NewReplacer("URL", server.URL, "HOST", host).Replace(text)
			out, err := exec.Command("bash", "-c", text).CombinedOutput()
			require.NoError(t, err, "%s", out)
			requests, err := traffic.ParseCurl(text)
			require.NoError(t, err)
			require.Len(t, arrived, len(requests))
			for _, r := range requests {
				got := <-arrived
				for name := range r.Header {
					require.Equal(t, got.Header[name], r.Header[name], name)
				}
				for _, name := range []string{"Authorization", "Content-Type", "X-Request", "X-A", "X-B", "Cookie"} {
					require.Equal(t, got.Header[name], r.Header[name], name)
				}
				r.Header, got.Header = nil, nil
				require.Equal(t, got, r)
			}
		})
	}
}

func TestCurlCommandsStandInAFileWithOtherThings(t *testing.T) {
	s, err := traffic.ReadCurl(strings.NewReader("#!/bin/sh\nset -e\n# curl https://no.example/comment\nTOKEN=x curl https://shop.example/orders/1\r\necho 'done'\n$ curl https://shop.example/orders/2 -H 'Authorization: Bearer abc' && curl https://pay.example/x\n"))
	require.NoError(t, err)
	require.Equal(t, []string{"GET /orders/{id} 2"}, routes(s))
	require.Equal(t, "shop.example", s.Host)
	require.Equal(t, map[string]int{"pay.example": 1}, s.Elsewhere)
	require.Equal(t, 3, s.Lines)
}

func TestWhatIsNotReadOfACurlCommandIsSaid(t *testing.T) {
	for name, row := range map[string]struct{ text, want string }{
		"nothing":              {"", "there is no curl command in it"},
		"another command":      {"wget https://a.example", "there is no curl command in it"},
		"no address":           {"curl -s", "line 1: a curl command names no address"},
		"a quote":              {"curl https://a.example\ncurl 'https://a.example", "line 2: a quote ' is not closed"},
		"an option":            {"\n\ncurl --requst POST https://a.example", "line 3: curl has no option --requst, or it is not known here, did you mean request?"},
		"a file":               {"curl -d @body.json https://a.example", "the file that it names is not read"},
		"a file of options":    {"curl -K secrets.txt", "another file, which is not read"},
		"no value":             {"curl https://a.example -H", "--header has no value"},
		"no address that is":   {"curl 'http://%zz/'", "an address that is none"},
		"no number behind \\x": {`curl https://a.example -d $'\xzz'`, "without a number"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := traffic.ReadCurl(strings.NewReader(row.text))
			require.ErrorContains(t, err, row.want)
		})
	}
	_, err := traffic.ReadCurl(strings.NewReader(strings.Repeat("#", 5<<20)))
	require.ErrorContains(t, err, "more than")
}
