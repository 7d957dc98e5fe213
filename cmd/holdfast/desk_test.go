package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/smtp"
	"net/url"
	"os"
	"os/exec"
	"os/signal"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// ask sends a request on a connection of its own, and returns status and body.
func ask(t *testing.T, method, url, body string) (int, string) {
	t.Helper()
	return askAs(t, "", method, url, body)
}

// steer asks the control API of a fake, with the token that it has printed.
func steer(t *testing.T, urls map[string]string, method, path, body string) (int, string) {
	t.Helper()
	return askAs(t, urls["CONTROL_TOKEN"], method, urls["CONTROL_URL"]+path, body)
}

func askAs(t *testing.T, token, method, url, body string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 10 * time.Second}).Do(req)
	require.NoError(t, err)
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return res.StatusCode, string(text)
}

const deskRoutes = `routes:
  charge:
    request: { method: POST, path: /v1/charges }
    key: "{form.metadata[cart]}"
    response: { status: 201, json: { id: "ch_{key}" } }
    webhook: { to: web, path: /hooks }
`

// written is a file of that name and text.
func written(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

func TestAnHTTPAPIOfAFileAtADesk(t *testing.T) {
	urls, stop := startFake(t, "http", "--file", written(t, "routes.yaml", deskRoutes), "--fault", "1*status 503 -> ok key=charge")
	const order = "metadata[cart]=7&note=%3Cscript%3Ealert(1)%3C/script%3E"
	status, _ := ask(t, "POST", urls["FAKE_URL"]+"/v1/charges", order)
	require.Equal(t, 503, status)
	status, body := ask(t, "POST", urls["FAKE_URL"]+"/v1/charges", order+"<script>")
	require.Equal(t, 201, status)
	require.JSONEq(t, `{"id":"ch_7"}`, body)
	status, _ = ask(t, "GET", urls["FAKE_URL"]+"/nothing", "")
	require.Equal(t, 404, status)

	status, page := ask(t, "GET", urls["CONTROL_URL"]+"/", "")
	require.Equal(t, 200, status)
	require.Contains(t, page, "POST /v1/charges")
	require.Contains(t, page, "&lt;script&gt;", "what arrived is text")
	require.NotContains(t, page, "<script")
	_, all := ask(t, "GET", urls["CONTROL_URL"]+"/arrivals", "")
	require.Equal(t, 3, strings.Count(all, `"at"`))
	require.Contains(t, all, "metadata[cart]=7")
	http.DefaultClient.CloseIdleConnections()
	code, said := stop()
	require.Equal(t, exitPass, code, said)
	require.Contains(t, said, "3 requests")
	require.Contains(t, said, "warning: routes.charge.webhook is not sent")
}

func TestADescribedAPIAtADesk(t *testing.T) {
	description := written(t, "payments.yaml", `openapi: 3.0.0
paths:
  /charges: { post: { operationId: charges.create, parameters: [ { name: X-A, in: header, required: true, schema: { type: string } } ], responses: { 201: { description: ok, content: { application/json: { example: { id: ch_1, paid: true } } } } } } }
`)
	urls, stop := startFake(t, "http", "--openapi", description)
	status, body := ask(t, "POST", urls["FAKE_URL"]+"/charges", "")
	require.Equal(t, 201, status)
	require.Regexp(t, `^{"id":"ch_[0-9a-f]{16}","paid":true}$`, body)
	_, all := ask(t, "GET", urls["CONTROL_URL"]+"/arrivals", "")
	require.Contains(t, all, `"invalid": [`)
	_, page := ask(t, "GET", urls["CONTROL_URL"]+"/", "")
	require.Contains(t, page, "<strong>header X-A: is missing</strong>")
	http.DefaultClient.CloseIdleConnections()
	code, said := stop()
	require.Equal(t, exitPass, code, said)
	require.Contains(t, said, "warning: the operation charges.create is the route charges_create")
}

func TestARealAPIAtADesk(t *testing.T) {
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"id":%s,"token":"geheim"}`, path.Base(r.URL.Path))
	}))
	defer api.Close()
	host, file := strings.TrimPrefix(api.URL, "http://"), filepath.Join(t.TempDir(), "recorded.yaml")
	urls, stop := startFake(t, "http", "--relay", api.URL, "--allow-host", host, "--record", file, "--fault", "1*status 503 -> ok key=relayed")
	status, _ := ask(t, "GET", urls["FAKE_URL"]+"/items/7", "")
	require.Equal(t, 503, status)
	status, body := ask(t, "GET", urls["FAKE_URL"]+"/items/7", "")
	require.Equal(t, 200, status)
	require.JSONEq(t, `{"id":7,"token":"geheim"}`, body)
	for range 2 { // the first meets the fault
		status, _ = ask(t, "DELETE", urls["FAKE_URL"]+"/items/7", "")
	}
	require.Equal(t, 503, status)
	code, said := stop()
	require.Equal(t, exitPass, code, said)
	require.Contains(t, said, "not passed on: DELETE is not passed on to "+host)
	require.Contains(t, said, "1 routes recorded")
	require.Contains(t, said, "taken out: secret of GET /items/{id} json.token")

	urls, stop = startFake(t, "http", "--file", file)
	_, body = ask(t, "GET", urls["FAKE_URL"]+"/items/8", "")
	require.JSONEq(t, `{"id":8,"token":"stripped-secret-1"}`, body)
	code, said = stop()
	require.Equal(t, exitPass, code, said)
}

func TestAMailServerAtADesk(t *testing.T) {
	urls, stop := startFake(t, "smtp", "--fault", "1*status 451 -> ok id=later", "--fault", "status 550 key=rcpt/nobody@example.org")
	send := func(to string) error {
		return smtp.SendMail(strings.TrimPrefix(urls["FAKE_URL"], "smtp://"), nil, "a@example.org", []string{to},
			[]byte("Subject: Hello\r\nMessage-Id: <1@example.org>\r\n\r\nWorld\r\n"))
	}
	require.ErrorContains(t, send("b@example.org"), "451")
	require.NoError(t, send("b@example.org"))
	require.ErrorContains(t, send("nobody@example.org"), "550")
	status, page := ask(t, "GET", urls["CONTROL_URL"]+"/", "")
	require.Equal(t, 200, status)
	require.Contains(t, page, "a@example.org → b@example.org: Hello")
	status, _ = steer(t, urls, "POST", "/faults", "json drop=a")
	require.Equal(t, 400, status, "a mail server has no JSON")
	status, lifted := steer(t, urls, "DELETE", "/faults?id=later", "")
	require.Equal(t, 200, status, lifted)
	require.Contains(t, lifted, `"lifted": true`)
	_, _ = steer(t, urls, "POST", "/faults", "delay 1ms")
	status, lifted = steer(t, urls, "DELETE", "/faults?id=delay+1ms", "")
	require.Equal(t, 200, status, lifted)
	code, said := stop()
	require.Equal(t, exitPass, code, said)
	require.Contains(t, said, `fault "later": fired 1`)
}

// echoing is a server that sends back what it is sent.
func echoing(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				_, _ = io.Copy(c, c)
			}()
		}
	}()
	return l.Addr().String()
}

func TestAProxyAtADesk(t *testing.T) {
	urls, stop := startFake(t, "proxy", "--upstream", echoing(t))
	connections := 0
	took := func() time.Duration {
		connections++
		c, err := net.Dial("tcp", urls["PROXY"])
		require.NoError(t, err)
		defer c.Close()
		began := time.Now()
		_, err = c.Write([]byte("x"))
		require.NoError(t, err)
		_, err = io.ReadFull(c, make([]byte, 1))
		require.NoError(t, err)
		return time.Since(began)
	}
	quick := func() { // a busy machine may hold one up, and not all of them
		for range 20 {
			if took() < time.Second {
				return
			}
		}
		require.Fail(t, "nobody is quick")
	}
	quick()
	status, said := ask(t, "POST", urls["CONTROL_URL"]+"/faults", "delay 1s id=slow")
	require.Equal(t, 401, status, said)
	status, said = steer(t, urls, "POST", "/faults", "delay 1s id=slow")
	require.Equal(t, 200, status, said)
	require.GreaterOrEqual(t, took(), time.Second)
	for _, row := range []struct {
		line   string
		status int
	}{{"delay 1s id=slow", 409}, {"status 503", 400}, {"delay 1s", 400}, {"dleay 1s", 400}, {"delay 1s p=0.5 up", 400}} {
		status, said = steer(t, urls, "POST", "/faults", row.line)
		require.Equal(t, row.status, status, said)
	}
	status, said = steer(t, urls, "POST", "/faults", "slicer 1B id=thin\nstatus 503")
	require.Equal(t, 400, status, said)
	_, receipts := ask(t, "GET", urls["CONTROL_URL"]+"/faults", "")
	require.NotContains(t, receipts, "thin", "all or none")
	status, said = steer(t, urls, "DELETE", "/faults?id=slow", "")
	require.Equal(t, 200, status, said)
	require.Contains(t, said, `"lifted": true`)
	quick()
	status, said = steer(t, urls, "DELETE", "/faults?id=slow", "")
	require.Equal(t, 404, status, said)
	status, page := ask(t, "GET", urls["CONTROL_URL"]+"/", "")
	require.Equal(t, 200, status)
	require.Contains(t, page, fmt.Sprintf("&#34;bytes_up&#34;: %d", connections))
	code, said := stop()
	require.Equal(t, exitPass, code, said)
	require.Contains(t, said, fmt.Sprintf("%[1]d connections, 0 of them not to be brought to the server; %[1]d bytes up, %[1]d down", connections))
}

// Whatever is wrong is said in a line, before anything listens.
func TestWhatIsWrongAtADeskIsSaid(t *testing.T) {
	bad := written(t, "bad.yaml", "routes:\n  charge:\n    request: { methid: POST, path: /v1 }\n")
	key := written(t, "key.yaml", "routes:\n  charge:\n    request: { path: /v1 }\n    key: \"{secrets.app}\"\n")
	empty := written(t, "empty.yaml", "routes: {}\n")
	for _, row := range []struct {
		args []string
		says string
	}{
		{[]string{"http"}, "--file is missing"},
		{[]string{"http", "--file", "/nowhere.yaml"}, "no such file"},
		{[]string{"http", "--file", bad}, bad + ":3:16: "},
		{[]string{"http", "--file", key}, key + ":4:10: "},
		{[]string{"http", "--file", empty}, "it has no routes"},
		{[]string{"http", "--openapi", "/nowhere.yaml"}, "--openapi: /nowhere.yaml: no such file"},
		{[]string{"http", "--openapi", empty}, "it is no OpenAPI file"},
		{[]string{"http", "--openapi", empty, "--file", empty}, "--file and --openapi: give one of the two"},
		{[]string{"http", "--file", written(t, "r.yaml", deskRoutes), "--listen", "0.0.0.0:0"}, "can be reached from outside"},
		{[]string{"smtp", "--control", "0.0.0.0:0"}, "can be reached from outside"},
		{[]string{"smtp", "--fault", "json drop=a"}, "--fault"},
		{[]string{"smtp", "--fault", "hang body"}, "--fault"},
		{[]string{"toxiproxy", "--listen", "0.0.0.0"}, "is not HOST:PORT"},
		{[]string{"toxiproxy", "-host=0.0.0.0", "--listen", "127.0.0.1:0"}, "--host and --listen: give one of the two"},
		{[]string{"toxiproxy", "-config", "/nowhere.json"}, "--config: open /nowhere.json: no such file"},
		{[]string{"proxy"}, "--upstream is missing"},
		{[]string{"http", "--relay", "https://api.example.com"}, "--allow-host api.example.com:443"},
		{[]string{"http", "--relay", "https://api.example.com", "--allow-host", "example.com"}, "--allow-host api.example.com:443"},
		{[]string{"http", "--relay", "https://u:geheim@x", "--allow-host", "x"}, "--relay: it has a name or a password"},
		{[]string{"http", "--relay", "https://x", "--allow-host", "x", "--record", written(t, "own.yaml", "routes: {}")}, "is no recording"},
		{[]string{"http", "--record", "x.yaml"}, "--record without --relay"},
		{[]string{"http", "--file", written(t, "routes.yaml", "relay: { to: https://x }")}, "--allow-host x:443"},
		{[]string{"http", "--file", written(t, "routes.yaml", "relay: { to: x }")}, "routes.yaml:1:14"},
		{[]string{"proxy", "--upstream", "redis"}, "is not HOST:PORT"},
		{[]string{"proxy", "--upstream", "127.0.0.1:1", "--fault", "status 503"}, "--fault"},
		{[]string{"proxy", "--upstream", "127.0.0.1:1", "--listen", ":9"}, "can be reached from outside"},
	} {
		code, _, said := holdfast(t, nil, append([]string{"fake"}, row.args...)...)
		require.Equal(t, exitUsage, code, row.args)
		require.Contains(t, said, row.says, row.args)
	}
}

// Toxiproxy's own flags have one dash, and a host beyond loopback is warned of.
func TestToxiproxysFlagsAreTaken(t *testing.T) {
	file := written(t, "proxies.json", `[{"name": "first", "upstream": "127.0.0.1:1", "listen": "0.0.0.0:0"}]`)
	for _, row := range []struct {
		args   []string
		listen string
		warned bool
	}{
		{[]string{"-host=0.0.0.0", "-config=" + file, "-port", "0"}, "0.0.0.0:", true},
		{[]string{"--listen", "0.0.0.0:0", "--config", file}, "0.0.0.0:", true},
		{[]string{"-port=0", "-config", file, "-seed", "2"}, "127.0.0.1:", false},
	} {
		urls, stop := startFake(t, append([]string{"toxiproxy"}, row.args...)...)
		u, err := url.Parse(urls["CONTROL_URL"])
		require.NoError(t, err)
		_, said := ask(t, "GET", "http://127.0.0.1:"+u.Port()+"/proxies/first", "")
		require.Contains(t, said, `"listen":"`+row.listen, row.args)
		code, told := stop()
		require.Equal(t, exitPass, code)
		require.Equal(t, row.warned, strings.Contains(told, "warning: 0.0.0.0:0 can be reached from outside"), told)
	}
}

// pageOf is the page about fakes at a desk.
func pageOf(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../docs/desk.md")
	require.NoError(t, err)
	return string(text)
}

// Each curl of the page is understood by a fake that has said where it is.
func TestTheCurlsOfThePageAboutTheDeskAreUnderstood(t *testing.T) {
	curl, err := exec.LookPath("curl")
	if err != nil && os.Getenv("CI") == "" {
		t.Skip("no curl here")
	}
	require.NoError(t, err)
	urls, stop := startFake(t, "http", "--file", written(t, "routes.yaml", deskRoutes))
	lines := regexp.MustCompile(`(?m)^    curl (.*)$`).FindAllStringSubmatch(pageOf(t), -1)
	require.GreaterOrEqual(t, len(lines), 3)
	for _, line := range lines {
		cmd := exec.CommandContext(t.Context(), "sh", "-c", curl+" --silent --show-error --fail "+line[1])
		cmd.Env = []string{"CONTROL_URL=" + urls["CONTROL_URL"], "CONTROL_TOKEN=" + urls["CONTROL_TOKEN"]}
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s: %s", line[0], out)
	}
	code, said := stop()
	require.Equal(t, exitPass, code, said)
	require.Contains(t, said, `fault "down": fired 0`, "the first of them has put it into force")
}

// Every command line of the page starts what it says, on ports that are free.
func TestThePageAboutTheDeskIsTrue(t *testing.T) {
	text := pageOf(t)
	_, routes, found := strings.Cut(text, "```yaml\n")
	require.True(t, found)
	routes, _, _ = strings.Cut(routes, "```")
	folder := filepath.Dir(written(t, "routes.yaml", routes))
	_, description, found := strings.Cut(text, "```yaml\nopenapi:")
	require.True(t, found)
	description, _, _ = strings.Cut(description, "```")
	require.NoError(t, os.WriteFile(filepath.Join(folder, "payments.yaml"), []byte("openapi:"+description), 0o600))
	t.Chdir(folder)
	lines := regexp.MustCompile(`(?m)^    holdfast fake (.*)$`).FindAllStringSubmatch(text, -1)
	require.GreaterOrEqual(t, len(lines), 4)
	for _, line := range lines {
		var args []string
		for _, word := range regexp.MustCompile(`'[^']*'|\S+`).FindAllString(line[1], -1) {
			args = append(args, strings.Trim(word, "'"))
		}
		if i := slices.Index(args, "--port"); i > 0 {
			args = slices.Delete(args, i, i+2)
		}
		if args[0] == "toxiproxy" {
			args = append(args, "--port", "0")
		}
		_, stop := startFake(t, args...)
		code, said := stop()
		require.Equal(t, exitPass, code, "%s: %s", line[0], said)
	}
}

func TestSignalsAndTheEndOfTheTerminalEndInOrder(t *testing.T) {
	for _, s := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		if signal.Ignored(s) {
			continue // the test itself was started so
		}
		told := make(chan os.Signal, 1)
		ctx, _, stop := interruptible(t.Context(), func(s os.Signal) { told <- s })
		require.NoError(t, syscall.Kill(os.Getpid(), s))
		<-ctx.Done()
		require.Equal(t, os.Signal(s), <-told)
		stop()
	}
}

// That nobody reads what is printed ends a run; that somebody has closed a connection
// does not, though the system says both by the same signal.
func TestOnlyAReaderWhoIsGoneEndsARun(t *testing.T) {
	told := make(chan os.Signal, 1)
	ctx, nobodyReads, stop := interruptible(t.Context(), func(s os.Signal) { told <- s })
	defer stop()
	pair, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	require.NoError(t, err)
	require.NoError(t, syscall.Close(pair[1]))
	_, err = os.NewFile(uintptr(pair[0]), "connection").Write([]byte("x"))
	require.ErrorIs(t, err, syscall.EPIPE)
	require.NoError(t, ctx.Err())

	reader, writer, err := os.Pipe()
	require.NoError(t, err)
	require.NoError(t, reader.Close())
	h := &hider{broken: nobodyReads}
	_, err = h.writer(writer).Write([]byte("x"))
	require.ErrorIs(t, err, syscall.EPIPE)
	<-ctx.Done()
	require.Equal(t, os.Signal(syscall.SIGPIPE), <-told)
}

// A webhook goes to the service of the desk, whatever process the file names, and its
// faults are put into force like all others.
func TestWebhooksAtADeskGoToTheServiceThere(t *testing.T) {
	var mu sync.Mutex
	var got []string
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		mu.Lock()
		defer mu.Unlock()
		got = append(got, r.URL.Path+" "+string(body))
	}))
	defer service.Close()
	file := written(t, "routes.yaml", strings.Replace(deskRoutes, "path: /hooks", `path: /hooks, json: { id: "ch_{key}" }, sign: { stripe: whsec_test }`, 1))
	urls, stop := startFake(t, "http", "--file", file, "--webhooks-to", service.URL+"/", "--fault", "charge.webhook: twice key=7")
	settled := func(callbacks int) string {
		var all string
		require.Eventually(t, func() bool {
			_, all = ask(t, "GET", urls["CONTROL_URL"]+"/callbacks", "")
			return strings.Count(all, `"over": true`) == callbacks
		}, 30*time.Second, 20*time.Millisecond)
		return all
	}
	order := func(cart string) {
		status, _ := ask(t, "POST", urls["FAKE_URL"]+"/v1/charges", "metadata[cart]="+cart)
		require.Equal(t, 201, status)
	}
	order("7")
	require.Contains(t, settled(1), "charge.webhook-twice")
	for text, says := range map[string]string{
		"charge.webhook: black-hole": "black-hole", "chrage.webhook: twice": `no webhook is sent by a route \"chrage\", did you mean charge`, "charge.webhook: twise": "twice",
	} {
		status, said := steer(t, urls, "POST", "/faults", "status 503 id=never\n"+text)
		require.Equal(t, 400, status, text)
		require.Contains(t, said, says)
	}
	_, all := ask(t, "GET", urls["CONTROL_URL"]+"/faults", "")
	require.NotContains(t, all, "never", "all of them, or none")
	status, _ := steer(t, urls, "DELETE", "/faults?id=charge.webhook-twice", "")
	require.Equal(t, 200, status)
	status, _ = steer(t, urls, "POST", "/faults", "charge.webhook: lost")
	require.Equal(t, 200, status)
	order("8")
	settled(2)
	mu.Lock()
	require.Equal(t, []string{`/hooks {"id":"ch_7"}`, `/hooks {"id":"ch_7"}`}, got)
	mu.Unlock()
	_, page := ask(t, "GET", urls["CONTROL_URL"]+"/", "")
	require.Contains(t, page, "<h2>Callbacks</h2>")
	require.Contains(t, page, "sent to nobody")
	http.DefaultClient.CloseIdleConnections()
	code, said := stop()
	require.Equal(t, exitPass, code, said)
	require.NotContains(t, said, "not sent")
	require.Contains(t, said, `fault "charge.webhook-lost": fired 1`)
}

func TestWebhooksAtADeskGoNowhereElse(t *testing.T) {
	file := written(t, "routes.yaml", deskRoutes)
	quiet := written(t, "quiet.yaml", "routes: { one: { request: { path: / } } }\n")
	for _, row := range []struct {
		args []string
		says string
	}{
		{[]string{"--file", file, "--webhooks-to", "http://shop.example.com"}, "--webhooks-to: webhooks would be sent to shop.example.com, which is not this machine: if it is yours, name it with --allow-host shop.example.com"},
		{[]string{"--file", file, "--webhooks-to", "127.0.0.1:3000"}, "it is no address such as http://127.0.0.1:3000"},
		{[]string{"--file", file, "--webhooks-to", "http://127.0.0.1:3000/hooks"}, "the path stands in the file"},
		{[]string{"--file", quiet, "--webhooks-to", "http://127.0.0.1:3000"}, "has a webhook"},
		{[]string{"--openapi", file, "--webhooks-to", "http://127.0.0.1:3000"}, "--webhooks-to and --openapi: a description has no webhooks"},
		{[]string{"--file", file, "--fault", "charge.webhook: twise"}, "twice"},
	} {
		code, _, said := holdfast(t, nil, append([]string{"fake", "http"}, row.args...)...)
		require.Equal(t, exitUsage, code, said)
		require.Contains(t, said, row.says)
	}
}
