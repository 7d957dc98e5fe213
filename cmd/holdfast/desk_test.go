package main

import (
	"io"
	"net"
	"net/http"
	"net/smtp"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// ask sends a request on a connection of its own, and returns status and body.
func ask(t *testing.T, method, url, body string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
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
	status, _ = ask(t, "POST", urls["CONTROL_URL"]+"/faults", "json drop=a")
	require.Equal(t, 400, status, "a mail server has no JSON")
	status, lifted := ask(t, "DELETE", urls["CONTROL_URL"]+"/faults?id=later", "")
	require.Equal(t, 200, status, lifted)
	require.Contains(t, lifted, `"lifted": true`)
	_, _ = ask(t, "POST", urls["CONTROL_URL"]+"/faults", "delay 1ms")
	status, lifted = ask(t, "DELETE", urls["CONTROL_URL"]+"/faults?id=delay+1ms", "")
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
	took := func() time.Duration {
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
	require.Less(t, took(), 300*time.Millisecond)
	status, said := ask(t, "POST", urls["CONTROL_URL"]+"/faults", "delay 300ms id=slow")
	require.Equal(t, 200, status, said)
	require.GreaterOrEqual(t, took(), 300*time.Millisecond)
	for _, row := range []struct {
		line   string
		status int
	}{{"delay 1s id=slow", 409}, {"status 503", 400}, {"delay 1s", 400}, {"dleay 1s", 400}, {"delay 1s p=0.5 up", 400}} {
		status, said = ask(t, "POST", urls["CONTROL_URL"]+"/faults", row.line)
		require.Equal(t, row.status, status, said)
	}
	status, said = ask(t, "POST", urls["CONTROL_URL"]+"/faults", "slicer 1B id=thin\nstatus 503")
	require.Equal(t, 400, status, said)
	_, receipts := ask(t, "GET", urls["CONTROL_URL"]+"/faults", "")
	require.NotContains(t, receipts, "thin", "all or none")
	status, said = ask(t, "DELETE", urls["CONTROL_URL"]+"/faults?id=slow", "")
	require.Equal(t, 200, status, said)
	require.Contains(t, said, `"lifted": true`)
	require.Less(t, took(), 300*time.Millisecond)
	status, said = ask(t, "DELETE", urls["CONTROL_URL"]+"/faults?id=slow", "")
	require.Equal(t, 404, status, said)
	status, page := ask(t, "GET", urls["CONTROL_URL"]+"/", "")
	require.Equal(t, 200, status)
	require.Contains(t, page, "&#34;bytes_up&#34;: 3")
	code, said := stop()
	require.Equal(t, exitPass, code, said)
	require.Contains(t, said, "3 connections, 0 of them not to be brought to the server; 3 bytes up, 3 down")
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
		{[]string{"http", "--file", written(t, "r.yaml", deskRoutes), "--listen", "0.0.0.0:0"}, "can be reached from outside"},
		{[]string{"smtp", "--control", "0.0.0.0:0"}, "can be reached from outside"},
		{[]string{"smtp", "--fault", "json drop=a"}, "--fault"},
		{[]string{"smtp", "--fault", "hang body"}, "--fault"},
		{[]string{"toxiproxy", "--listen", "0.0.0.0:0"}, "can be reached from outside"},
		{[]string{"proxy"}, "--upstream is missing"},
		{[]string{"proxy", "--upstream", "redis"}, "is not HOST:PORT"},
		{[]string{"proxy", "--upstream", "127.0.0.1:1", "--fault", "status 503"}, "--fault"},
		{[]string{"proxy", "--upstream", "127.0.0.1:1", "--listen", ":9"}, "can be reached from outside"},
	} {
		code, _, said := holdfast(t, nil, append([]string{"fake"}, row.args...)...)
		require.Equal(t, exitUsage, code, row.args)
		require.Contains(t, said, row.says, row.args)
	}
}

// pageOf is the page about fakes at a desk.
func pageOf(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../docs/desk.md")
	require.NoError(t, err)
	return string(text)
}

// Every command line of the page starts what it says, on ports that are free.
func TestThePageAboutTheDeskIsTrue(t *testing.T) {
	text := pageOf(t)
	_, routes, found := strings.Cut(text, "```yaml\n")
	require.True(t, found)
	routes, _, _ = strings.Cut(routes, "```")
	t.Chdir(filepath.Dir(written(t, "routes.yaml", routes)))
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
		ctx, stop := interruptible(t.Context(), func(s os.Signal) { told <- s })
		require.NoError(t, syscall.Kill(os.Getpid(), s))
		<-ctx.Done()
		require.Equal(t, os.Signal(s), <-told)
		stop()
	}
}
