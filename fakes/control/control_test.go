package control_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"holdfast.dev/holdfast/fakes/control"
	"holdfast.dev/holdfast/fakes/emailapi"
	"holdfast.dev/holdfast/fakes/oracleapi"
	"holdfast.dev/holdfast/fakes/stub"
	"holdfast.dev/holdfast/fault"
	"holdfast.dev/holdfast/message"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// do calls a URL and returns status and body.
func do(t *testing.T, method, url, body string, header ...string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	require.NoError(t, err)
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 10 * time.Second}
	res, err := client.Do(req)
	require.NoError(t, err)
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return res.StatusCode, string(text)
}

// steering is the control API of a fake, asked by who knows its token.
type steering struct{ *control.Server }

func (s steering) do(t *testing.T, method, path, body string) (int, string) {
	t.Helper()
	return do(t, method, s.URL()+path, body, "Authorization", "Bearer "+s.Token())
}

// steer starts the control API of a fake.
func steer(t *testing.T, p control.Panel) steering {
	t.Helper()
	c, err := control.Listen("127.0.0.1:0", false, p)
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return steering{c}
}

func startOracle(t *testing.T) (*oracleapi.Server, steering) {
	t.Helper()
	s, err := oracleapi.Start(oracleapi.Config{})
	require.NoError(t, err)
	t.Cleanup(s.Close)
	return s, steer(t, s)
}

func TestFaultsAreSwitchedOnAndOffFromOutside(t *testing.T) {
	s, c := startOracle(t)
	status, body := c.do(t, "POST", "/faults", "status 503 id=a\n# a remark\n\nstatus 500 key=oracle-9\n")
	require.Equal(t, 200, status, body)
	status, _ = do(t, "GET", s.Endpoint(0, "oracle-1")+"?project=1", "")
	require.Equal(t, 503, status)

	status, body = c.do(t, "DELETE", "/faults?id=a", "")
	require.Equal(t, 200, status)
	var receipts []fault.Receipt
	require.NoError(t, json.Unmarshal([]byte(body), &receipts))
	require.Len(t, receipts, 1)
	require.EqualValues(t, 1, receipts[0].Fired)
	require.True(t, receipts[0].Lifted)
	status, _ = do(t, "GET", s.Endpoint(0, "oracle-1")+"?project=1", "")
	require.Equal(t, 200, status)

	status, _ = c.do(t, "DELETE", "/faults?id="+escaped("status 500 key=oracle-9"), "")
	require.Equal(t, 200, status, "the text form is the name of one without an id")
	_, _ = c.do(t, "POST", "/faults", "close id=b\nreset id=c")
	status, body = c.do(t, "DELETE", "/faults", "")
	require.Equal(t, 200, status)
	require.NoError(t, json.Unmarshal([]byte(body), &receipts))
	require.Len(t, receipts, 2)
	_, body = c.do(t, "GET", "/faults", "")
	require.NoError(t, json.Unmarshal([]byte(body), &receipts))
	require.Len(t, receipts, 4, "lifted ones are remembered")
}

func escaped(text string) string { return url.QueryEscape(text) }

func TestWhatIsWrongIsSaid(t *testing.T) {
	_, c := startOracle(t)
	_, _ = c.do(t, "POST", "/faults", "close id=a")
	for _, row := range []struct {
		method, path, body string
		status             int
		code               string
	}{
		{"POST", "/faults", "dleay 1s", 400, "bad_fault"},
		{"POST", "/faults", "close id=a", 409, "present"},
		{"POST", "/faults", strings.Repeat("x", 2<<20), 400, "unreadable"},
		{"DELETE", "/faults?id=b", "", 404, "unknown_fault"},
	} {
		status, body := c.do(t, row.method, row.path, row.body)
		require.Equal(t, row.status, status)
		require.Contains(t, body, `"code": "`+row.code+`"`)
	}
	status, _ := c.do(t, "GET", "/nothing", "")
	require.Equal(t, 404, status)
	status, _ = c.do(t, "PUT", "/keys/re_1", "valid")
	require.Equal(t, 404, status, "an oracle API has no keys")
	status, body := do(t, "DELETE", c.URL()+"/faults", "", "Origin", "https://example.org", "Authorization", "Bearer "+c.Token())
	require.Equal(t, 403, status, body)
	status, body = c.do(t, "GET", "/faults", "")
	require.Equal(t, 200, status)
	require.Contains(t, body, `"lifted": false`, "the web page has lifted nothing")
}

func TestWhatTheFakeSawIsTold(t *testing.T) {
	s, c := startOracle(t)
	for n := range 3 {
		_, _ = do(t, "GET", fmt.Sprint(s.Endpoint(0, "oracle-1"), "?project=", n+1), "")
	}
	_, body := c.do(t, "GET", "/summary", "")
	var summary control.Summary
	require.NoError(t, json.Unmarshal([]byte(body), &summary))
	require.EqualValues(t, 3, summary.Requests)
	require.Equal(t, map[string]int64{"oracle-1": 3}, summary.Groups)
	require.Equal(t, map[string]int{"answered": 3}, summary.Outcomes)
	require.Equal(t, map[int]int{200: 3}, summary.Statuses)
	require.EqualValues(t, 3, summary.Connections.Accepted)

	_, body = c.do(t, "GET", "/journal?group=oracle-1&key=2", "")
	require.Equal(t, 1, strings.Count(body, `"kind":"request"`))
	status, _ := c.do(t, "DELETE", "/journal", "")
	require.Equal(t, 204, status)
	_, body = c.do(t, "GET", "/journal", "")
	require.Empty(t, body)
	_, body = c.do(t, "GET", "/catalogue", "")
	require.Contains(t, body, "delay 200ms")
}

func TestTheEmailAPIHasKeysAndAClock(t *testing.T) {
	s, err := emailapi.Start(emailapi.Config{})
	require.NoError(t, err)
	defer s.Close()
	c := steer(t, s)
	send := func() (int, string) {
		return do(t, "POST", s.URL(0)+"/emails", `{"from":"a@example.org","to":"b@example.org","subject":"s","text":"t"}`,
			"Authorization", "Bearer re_1", "Idempotency-Key", "k")
	}
	_, first := send()
	status, _ := c.do(t, "POST", "/clock?advance=25h", "")
	require.Equal(t, 204, status)
	_, second := send()
	require.NotEqual(t, first, second, "the idempotency key has expired")
	status, _ = c.do(t, "PUT", "/keys/re_1", "revoked\n")
	require.Equal(t, 204, status)
	status, _ = send()
	require.Equal(t, 401, status)
	status, body := c.do(t, "PUT", "/keys/re_1", "lost")
	require.Equal(t, 400, status)
	require.Contains(t, body, "want one of")
	status, _ = c.do(t, "POST", "/clock?advance=-1h", "")
	require.Equal(t, 400, status)
}

// Who knows no token reads, and changes nothing. One of another fake is none.
func TestWhatChangesSomethingNeedsTheToken(t *testing.T) {
	s, err := emailapi.Start(emailapi.Config{})
	require.NoError(t, err)
	defer s.Close()
	c := steer(t, s)
	_, other := startOracle(t)
	require.NotEqual(t, c.Token(), other.Token())
	status, _ := c.do(t, "POST", "/faults", "status 503 id=down")
	require.Equal(t, 200, status)
	for _, row := range []struct{ method, path, body string }{
		{"POST", "/faults", "close id=a"}, {"DELETE", "/faults", ""}, {"DELETE", "/faults?id=down", ""}, {"DELETE", "/journal", ""},
		{"PUT", "/keys/re_1", "revoked"}, {"POST", "/clock?advance=25h", ""}, {"PATCH", "/", ""},
	} {
		for _, says := range []string{"", "Bearer ", "Bearer " + other.Token(), "Bearer " + c.Token() + "x", "Basic " + c.Token(), c.Token()} {
			status, body := do(t, row.method, c.URL()+row.path, row.body, "Authorization", says)
			require.Equal(t, 401, status, "%s %s as %q", row.method, row.path, says)
			require.Contains(t, body, "CONTROL_TOKEN")
		}
	}
	for _, path := range []string{"/", "/faults", "/summary", "/journal", "/catalogue", "/arrivals"} {
		status, _ := do(t, "GET", c.URL()+path, "")
		require.Equal(t, 200, status, path)
	}
	_, body := do(t, "GET", c.URL()+"/faults", "")
	require.Contains(t, body, `"lifted": false`)
	require.NotContains(t, body, c.Token())
	status, body = c.do(t, "PUT", "/keys/re_1", "revoked")
	require.Equal(t, 204, status, body)

	closed := httptest.NewServer(control.Handler(control.OfFake(s), "127.0.0.1:0", ""))
	defer closed.Close()
	status, _ = do(t, "DELETE", closed.URL+"/journal", "", "Authorization", "Bearer ")
	require.Equal(t, 401, status, "without a token nobody changes anything")
}

// A page whose name its owner makes to mean 127.0.0.1 is no other origin to its
// browser. The fake itself answers it, as the control API did.
func TestANameThatIsMadeToMeanLoopbackReadsNothing(t *testing.T) {
	s, c := startOracle(t)
	reboundTo := func(base, path string) int {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, base+path, nil)
		require.NoError(t, err)
		req.Host = "rebound.example"
		client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
		res, err := client.Do(req)
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		return res.StatusCode
	}
	require.Equal(t, 200, reboundTo(s.URL(0), "/oracles/oracle-1/impact?project=1"), "the harm: any name is answered")
	for _, path := range []string{"/", "/faults", "/summary", "/journal", "/catalogue"} {
		require.Equal(t, 403, reboundTo(c.URL(), path), path)
	}
	status, _ := do(t, "GET", strings.Replace(c.URL(), "127.0.0.1", "localhost", 1)+"/summary", "")
	require.Equal(t, 200, status, "by its own name")
}

func TestItListensOnLoopbackOnly(t *testing.T) {
	s, _ := startOracle(t)
	_, err := control.Listen("0.0.0.0:0", false, s)
	require.ErrorContains(t, err, "can be reached from outside")
	c, err := control.Listen("0.0.0.0:0", true, s)
	require.NoError(t, err)
	c.Close()
}

func TestCallbacksAreShownWithWhatCameOfThem(t *testing.T) {
	web := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(web.Close)
	s, err := stub.Start(stub.Config{
		Routes: []stub.Route{{Name: "charge", Request: message.Matcher{Path: "/charges"}, Key: "{query.cart}", Webhook: &stub.Webhook{To: "web", Path: "/hooks"}}},
		Values: map[string]string{"web.url": web.URL},
	})
	require.NoError(t, err)
	t.Cleanup(s.Close)
	c := steer(t, s)
	require.NoError(t, s.WebhookFaults().AddText("twice key=<b> id=again"))
	for _, cart := range []string{"a", "%3Cb%3E"} {
		status, _ := do(t, "POST", s.URL(0)+"/charges?cart="+cart, "")
		require.Equal(t, 200, status)
	}
	require.Eventually(t, func() bool { all := s.Callbacks(); return len(all) == 2 && all[0].Over && all[1].Over }, 30*time.Second, time.Millisecond)
	status, body := c.do(t, "GET", "/callbacks", "")
	require.Equal(t, 200, status)
	var all []control.Callback
	require.NoError(t, json.Unmarshal([]byte(body), &all))
	require.Len(t, all, 2)
	require.Equal(t, "<b>", all[0].Key)
	require.Equal(t, []int{200, 200}, all[0].Statuses)
	require.Equal(t, []string{"again"}, all[0].Faults)
	require.WithinDuration(t, time.Now(), all[0].Due, time.Minute)
	_, page := c.do(t, "GET", "/", "")
	require.Contains(t, page, "<td>charge</td><td>&lt;b&gt;</td><td>200 200 </td><td>again </td>")

	_, without := startOracle(t)
	status, _ = without.do(t, "GET", "/callbacks", "")
	require.Equal(t, 404, status)
}
