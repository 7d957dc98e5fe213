package main

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// startFake runs a fake as a user would. stop interrupts it and returns its exit
// code and all that it said.
func startFake(t *testing.T, args ...string) (urls map[string]string, stop func() (code int, said string)) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	r, w := io.Pipe()
	ended := make(chan int, 1)
	go func() {
		ended <- run(ctx, environ{args: append([]string{"fake"}, args...), stdout: w, stderr: w, getenv: func(string) string { return "" }})
		w.Close()
	}()
	t.Cleanup(cancel)
	lines := bufio.NewScanner(r)
	urls = map[string]string{}
	var said strings.Builder
	for urls["CONTROL_URL"] == "" && lines.Scan() {
		said.WriteString(lines.Text() + "\n")
		if name, url, ok := strings.Cut(lines.Text(), "="); ok {
			urls[name] = url
		}
	}
	require.NotEmpty(t, urls["CONTROL_URL"], said.String())
	code := make(chan int, 1)
	go func() { // or it would wait until somebody has read its warnings
		for lines.Scan() {
			said.WriteString(lines.Text() + "\n")
		}
		code <- <-ended
	}()
	return urls, func() (int, string) {
		cancel()
		return <-code, said.String()
	}
}

func TestAFakeAtADesk(t *testing.T) {
	urls, stop := startFake(t, "oracle", "--oracles", "2", "--fault", "delay 200ms key=oracle-2", "--fault", "503 key=oracle-1")
	began := time.Now()
	resp, err := http.Get(urls["FAKE_URL"] + "/oracles/oracle-2/impact?project=7")
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, http.StatusOK, resp.StatusCode)
	require.GreaterOrEqual(t, time.Since(began), 200*time.Millisecond)
	resp, err = http.Get(urls["FAKE_URL"] + "/oracles/oracle-1/impact?project=7")
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, http.StatusServiceUnavailable, resp.StatusCode)
	http.DefaultClient.CloseIdleConnections()
	code, said := stop()
	require.Equal(t, exitPass, code)
	require.Contains(t, said, "2 requests")
	require.Contains(t, said, "fired 1 of 1 times")
	require.NotContains(t, said, "warning")
}

func TestAFakeBeyondLoopbackWarns(t *testing.T) {
	_, stop := startFake(t, "email", "--listen", "0.0.0.0:0")
	_, said := stop()
	require.Contains(t, said, "reached from outside")
}
