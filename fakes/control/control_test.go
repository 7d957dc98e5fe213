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

func startOracle(t *testing.T) (*oracleapi.Server, string) {
	t.Helper()
	s, err := oracleapi.Start(oracleapi.Config{})
	require.NoError(t, err)
	t.Cleanup(s.Close)
	c, err := control.Listen("127.0.0.1:0", false, s)
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return s, c.URL()
}

func TestFaultsAreSwitchedOnAndOffFromOutside(t *testing.T) {
	s, url := startOracle(t)
	status, body := do(t, "POST", url+"/faults", "status 503 id=a\n# a remark\n\nstatus 500 key=oracle-9\n")
	require.Equal(t, 200, status, body)
	status, _ = do(t, "GET", s.Endpoint(0, "oracle-1")+"?project=1", "")
	require.Equal(t, 503, status)

	status, body = do(t, "DELETE", url+"/faults?id=a", "")
	require.Equal(t, 200, status)
	var receipts []fault.Receipt
	require.NoError(t, json.Unmarshal([]byte(body), &receipts))
	require.Len(t, receipts, 1)
	require.EqualValues(t, 1, receipts[0].Fired)
	require.True(t, receipts[0].Lifted)
	status, _ = do(t, "GET", s.Endpoint(0, "oracle-1")+"?project=1", "")
	require.Equal(t, 200, status)

	status, _ = do(t, "DELETE", url+"/faults?id="+escaped("status 500 key=oracle-9"), "")
	require.Equal(t, 200, status, "the text form is the name of one without an id")
	_, _ = do(t, "POST", url+"/faults", "close id=b\nreset id=c")
	status, body = do(t, "DELETE", url+"/faults", "")
	require.Equal(t, 200, status)
	require.NoError(t, json.Unmarshal([]byte(body), &receipts))
	require.Len(t, receipts, 2)
	_, body = do(t, "GET", url+"/faults", "")
	require.NoError(t, json.Unmarshal([]byte(body), &receipts))
	require.Len(t, receipts, 4, "lifted ones are remembered")
}

func escaped(text string) string { return url.QueryEscape(text) }

func TestWhatIsWrongIsSaid(t *testing.T) {
	_, url := startOracle(t)
	_, _ = do(t, "POST", url+"/faults", "close id=a")
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
		status, body := do(t, row.method, url+row.path, row.body)
		require.Equal(t, row.status, status)
		require.Contains(t, body, `"code": "`+row.code+`"`)
	}
	status, _ := do(t, "GET", url+"/nothing", "")
	require.Equal(t, 404, status)
	status, _ = do(t, "PUT", url+"/keys/re_1", "valid")
	require.Equal(t, 404, status, "an oracle API has no keys")
	status, body := do(t, "DELETE", url+"/faults", "", "Origin", "https://example.org")
	require.Equal(t, 403, status, body)
	status, body = do(t, "GET", url+"/faults", "")
	require.Equal(t, 200, status)
	require.Contains(t, body, `"lifted": false`, "the web page has lifted nothing")
}

func TestWhatTheFakeSawIsTold(t *testing.T) {
	s, url := startOracle(t)
	for n := range 3 {
		_, _ = do(t, "GET", fmt.Sprint(s.Endpoint(0, "oracle-1"), "?project=", n+1), "")
	}
	_, body := do(t, "GET", url+"/summary", "")
	var summary control.Summary
	require.NoError(t, json.Unmarshal([]byte(body), &summary))
	require.EqualValues(t, 3, summary.Requests)
	require.Equal(t, map[string]int64{"oracle-1": 3}, summary.Groups)
	require.Equal(t, map[string]int{"answered": 3}, summary.Outcomes)
	require.Equal(t, map[int]int{200: 3}, summary.Statuses)
	require.EqualValues(t, 3, summary.Connections.Accepted)

	_, body = do(t, "GET", url+"/journal?group=oracle-1&key=2", "")
	require.Equal(t, 1, strings.Count(body, `"kind":"request"`))
	status, _ := do(t, "DELETE", url+"/journal", "")
	require.Equal(t, 204, status)
	_, body = do(t, "GET", url+"/journal", "")
	require.Empty(t, body)
	_, body = do(t, "GET", url+"/catalogue", "")
	require.Contains(t, body, "delay 200ms")
}

func TestTheEmailAPIHasKeysAndAClock(t *testing.T) {
	s, err := emailapi.Start(emailapi.Config{})
	require.NoError(t, err)
	defer s.Close()
	c, err := control.Listen("127.0.0.1:0", false, s)
	require.NoError(t, err)
	defer c.Close()
	send := func() (int, string) {
		return do(t, "POST", s.URL(0)+"/emails", `{"from":"a@example.org","to":"b@example.org","subject":"s","text":"t"}`,
			"Authorization", "Bearer re_1", "Idempotency-Key", "k")
	}
	_, first := send()
	status, _ := do(t, "POST", c.URL()+"/clock?advance=25h", "")
	require.Equal(t, 204, status)
	_, second := send()
	require.NotEqual(t, first, second, "the idempotency key has expired")
	status, _ = do(t, "PUT", c.URL()+"/keys/re_1", "revoked\n")
	require.Equal(t, 204, status)
	status, _ = send()
	require.Equal(t, 401, status)
	status, body := do(t, "PUT", c.URL()+"/keys/re_1", "lost")
	require.Equal(t, 400, status)
	require.Contains(t, body, "want one of")
	status, _ = do(t, "POST", c.URL()+"/clock?advance=-1h", "")
	require.Equal(t, 400, status)
}

// A page whose name its owner makes to mean 127.0.0.1 is no other origin to its
// browser. The fake itself answers it, as the control API did.
func TestANameThatIsMadeToMeanLoopbackReadsNothing(t *testing.T) {
	s, url := startOracle(t)
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
		require.Equal(t, 403, reboundTo(url, path), path)
	}
	status, _ := do(t, "GET", strings.Replace(url, "127.0.0.1", "localhost", 1)+"/summary", "")
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
	c, err := control.Listen("127.0.0.1:0", false, s)
	require.NoError(t, err)
	t.Cleanup(c.Close)
	require.NoError(t, s.WebhookFaults().AddText("twice key=<b> id=again"))
	for _, cart := range []string{"a", "%3Cb%3E"} {
		status, _ := do(t, "POST", s.URL(0)+"/charges?cart="+cart, "")
		require.Equal(t, 200, status)
	}
	require.Eventually(t, func() bool { all := s.Callbacks(); return len(all) == 2 && all[0].Over && all[1].Over }, 30*time.Second, time.Millisecond)
	status, body := do(t, "GET", c.URL()+"/callbacks", "")
	require.Equal(t, 200, status)
	var all []control.Callback
	require.NoError(t, json.Unmarshal([]byte(body), &all))
	require.Len(t, all, 2)
	require.Equal(t, "<b>", all[0].Key)
	require.Equal(t, []int{200, 200}, all[0].Statuses)
	require.Equal(t, []string{"again"}, all[0].Faults)
	require.WithinDuration(t, time.Now(), all[0].Due, time.Minute)
	_, page := do(t, "GET", c.URL()+"/", "")
	require.Contains(t, page, "<td>charge</td><td>&lt;b&gt;</td><td>200 200 </td><td>again </td>")

	_, without := startOracle(t)
	status, _ = do(t, "GET", without+"/callbacks", "")
	require.Equal(t, 404, status)
}
