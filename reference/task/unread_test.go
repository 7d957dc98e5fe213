package task

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"
)

// A body that does not come in time is told so in order: no address of a socket is in
// what the client reads.
func TestABodyThatDoesNotComeIsToldInOrder(t *testing.T) {
	counted, err := newMetrics(prometheus.NewRegistry())
	require.NoError(t, err)
	mux := http.NewServeMux()
	(&Service{metrics: counted}).Routes(mux)
	server := httptest.NewUnstartedServer(mux)
	server.Config.ReadTimeout = 50 * time.Millisecond
	server.Start()
	t.Cleanup(server.Close)
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	_, err = fmt.Fprintf(conn, "POST /tasks HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\n{\"kind\"")
	require.NoError(t, err)
	require.NoError(t, conn.SetReadDeadline(time.Now().Add(10*time.Second)))
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	require.NoError(t, err)
	defer answer.Body.Close()
	require.Equal(t, http.StatusRequestTimeout, answer.StatusCode)
	var said struct {
		Error struct{ Code, Message string } `json:"error"`
	}
	require.NoError(t, json.NewDecoder(answer.Body).Decode(&said))
	require.Equal(t, "the body did not come in time", said.Error.Message)
	require.Eventually(t, func() bool { return testutil.ToFloat64(counted.requests.WithLabelValues(requestTimeout)) == 1 }, 10*time.Second, time.Millisecond)
}

// What is told of a task's error is read by anybody who asks for the task.
func TestAnErrorOfACallTellsNoAddress(t *testing.T) {
	here, there := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 4711}, &net.TCPAddr{IP: net.IPv4(10, 1, 2, 3), Port: 25}
	op := func(what string, err error) error {
		return &net.OpError{Op: what, Net: "tcp", Source: here, Addr: there, Err: err}
	}
	for want, err := range map[string]error{
		"it took too long":              op("read", os.ErrDeadlineExceeded),
		"connection refused":            op("dial", os.NewSyscallError("connect", syscall.ECONNREFUSED)),
		"connection reset by peer":      op("read", os.NewSyscallError("read", syscall.ECONNRESET)),
		"there is no such host":         op("dial", &net.DNSError{Err: "no such host", Name: "mail.internal", Server: "10.0.0.2:53", IsNotFound: true}),
		"the name server did not":       op("dial", &net.DNSError{Err: "timeout", Name: "mail.internal", Server: "10.0.0.2:53", IsTimeout: true}),
		"the connection ended, or what": op("read", io.ErrUnexpectedEOF),
		"took too long":                 context.DeadlineExceeded,
		"or what came was no HTTP":      errors.New("malformed HTTP response from 10.1.2.3:25"),
	} {
		text := (&callError{err: err, sent: true}).Error()
		require.Contains(t, text, want)
		require.NotRegexp(t, `\d+\.\d+\.\d+\.\d+|internal|4711`, text)
	}
}
