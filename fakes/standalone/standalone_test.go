package standalone_test

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"holdfast.dev/holdfast/fakes/standalone"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// session is a fake that runs at the standalone.
type session struct {
	urls  map[string]string // what it said: NAME=VALUE
	stop  func() error
	said  func() string // after stop
	warns *lines
}

// lines is what was written, safe to look at meanwhile.
type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lines) Write(b []byte) (int, error) { l.mu.Lock(); defer l.mu.Unlock(); return l.b.Write(b) }

func (l *lines) String() string { l.mu.Lock(); defer l.mu.Unlock(); return l.b.String() }

// run starts a fake and reads so many of the lines that say where it is.
func run(t *testing.T, told int, start func(ctx context.Context, out, warn io.Writer) error) session {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	reader, writer := io.Pipe()
	warns := &lines{}
	ended := make(chan error, 1)
	go func() {
		err := start(ctx, writer, warns)
		_ = writer.Close()
		ended <- err
	}()
	s := session{urls: map[string]string{}, warns: warns}
	in := bufio.NewScanner(reader)
	for range told {
		require.True(t, in.Scan())
		name, url, ok := strings.Cut(in.Text(), "=")
		require.True(t, ok, in.Text())
		s.urls[name] = url
	}
	var rest []string
	s.stop = func() error {
		cancel()
		for in.Scan() {
			rest = append(rest, in.Text())
		}
		return <-ended
	}
	s.said = func() string { return strings.Join(rest, "\n") }
	return s
}

func status(t *testing.T, method, url, body string) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	require.NoError(t, err)
	req.Header.Set("Authorization", "Bearer re_1")
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 10 * time.Second}
	res, err := client.Do(req)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	return res.StatusCode
}

func TestTheOracleAPIAtADesk(t *testing.T) {
	s := run(t, 4, func(ctx context.Context, out, warn io.Writer) error {
		return standalone.RunOracle(ctx, standalone.OracleOptions{Oracles: 2, Options: standalone.Options{
			Addresses: []string{"127.0.0.1:0", "127.0.0.1:0"}, Faults: []string{"1*status 503 -> delay 10ms -> ok key=oracle-2 id=f"}, Out: out, Err: warn,
		}})
	})
	url := s.urls["FAKE_URL"] + "/oracles/oracle-2/impact?project=1"
	require.Equal(t, 503, status(t, "GET", url, ""))
	require.Equal(t, 200, status(t, "GET", url, ""))
	require.Equal(t, 200, status(t, "GET", s.urls["FAKE_URL_2"]+"/oracles/oracle-1/impact?project=1", ""))
	require.Equal(t, 404, status(t, "GET", s.urls["FAKE_URL"]+"/oracles/oracle-3/impact?project=1", ""), "there are only two")
	require.Equal(t, 200, status(t, "GET", s.urls["CONTROL_URL"]+"/summary", ""))
	require.NotEmpty(t, s.urls["CONTROL_TOKEN"])
	require.NoError(t, s.stop())
	require.Contains(t, s.said(), "4 requests, at most 1 at once")
	require.Contains(t, s.said(), `fault "f": fired`)
	require.Contains(t, s.said(), "over 1 waits")
	require.Empty(t, s.warns.String())
}

func TestTheEmailAPIAtADesk(t *testing.T) {
	s := run(t, 1, func(ctx context.Context, out, warn io.Writer) error {
		return standalone.RunEmail(ctx, standalone.EmailOptions{
			Keys: []string{"re_1"}, DailyQuota: 1, Options: standalone.Options{Control: "off", Out: out, Err: warn},
		})
	})
	const mail = `{"from":"a@example.org","to":"b@example.org","subject":"s","text":"t"}`
	require.Equal(t, 200, status(t, "POST", s.urls["FAKE_URL"]+"/emails", mail))
	require.Equal(t, 429, status(t, "POST", s.urls["FAKE_URL"]+"/emails", mail))
	require.NoError(t, s.stop())
	require.Contains(t, s.said(), "2 requests, at most 1 at once; 1 accepted, 0 of them more than once")
}

func TestItSaysWhyItCantStart(t *testing.T) {
	for _, row := range []struct {
		options standalone.Options
		because string
	}{
		{standalone.Options{Faults: []string{"dleay 1s"}}, "is not a kind of fault"},
		{standalone.Options{Addresses: []string{"0.0.0.0:0"}}, "can be reached from outside"},
		{standalone.Options{Control: "0.0.0.0:0"}, "can be reached from outside"},
	} {
		require.ErrorContains(t, standalone.RunOracle(t.Context(), standalone.OracleOptions{Options: row.options}), row.because)
		require.ErrorContains(t, standalone.RunEmail(t.Context(), standalone.EmailOptions{Options: row.options}), row.because)
	}
}

func TestItWarnsWhenItCanBeReachedFromOutside(t *testing.T) {
	s := run(t, 3, func(ctx context.Context, out, warn io.Writer) error {
		return standalone.RunEmail(ctx, standalone.EmailOptions{Options: standalone.Options{
			Addresses: []string{"0.0.0.0:0"}, Control: "0.0.0.0:0", AllowRemote: true, Out: out, Err: warn,
		}})
	})
	require.NoError(t, s.stop())
	require.Equal(t, 2, strings.Count(s.warns.String(), "warning: "))
}
