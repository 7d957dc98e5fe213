package task

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var letter = email{From: "a@b.example", To: []string{"c@d.example"}, Subject: "s", Text: "t"}

// sending sends one mail to a server and returns the error.
func sending(t *testing.T, h http.HandlerFunc, timeout time.Duration) error {
	s := httptest.NewServer(h)
	defer s.Close()
	m := newMailer(s.URL+"/", timeout, 1)
	defer m.close()
	return m.send(t.Context(), call{key: "k", idempotency: "i", attempt: 1}, letter)
}

// A reused connection that dies makes net/http send a request anew that has an
// idempotency key, unless it cannot.
func TestACallIsOneRequestAlsoOnAReusedConnection(t *testing.T) {
	var hits atomic.Int32
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.ReadAll(r.Body)
		if hits.Add(1) > 1 {
			panic(http.ErrAbortHandler)
		}
		_, _ = io.WriteString(w, `{"id":"x"}`)
	}))
	defer s.Close()
	m := newMailer(s.URL, 0, 1)
	defer m.close()
	c := call{key: "k", idempotency: "i", attempt: 1}
	require.NoError(t, m.send(t.Context(), c, letter))
	err := m.send(t.Context(), c, letter)
	require.Equal(t, classUnknown, classify(err).Class, err)
	require.Equal(t, int32(2), hits.Load())
}

func TestTheTimeoutCoversTheWholeCall(t *testing.T) {
	for name, h := range map[string]http.HandlerFunc{
		"no answer": func(_ http.ResponseWriter, r *http.Request) {
			_, _ = io.ReadAll(r.Body) // only then does the server see the client go
			<-r.Context().Done()
		},
		"a body that drips": func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.ReadAll(r.Body)
			for r.Context().Err() == nil {
				_, _ = io.WriteString(w, " ")
				_ = http.NewResponseController(w).Flush()
				<-time.After(5 * time.Millisecond)
			}
		},
	} {
		start := time.Now()
		err := sending(t, h, 100*time.Millisecond)
		require.ErrorIs(t, err, context.DeadlineExceeded, name)
		require.Equal(t, classUnknown, classify(err).Class, name)
		require.Less(t, time.Since(start), 30*time.Second, name)
	}
}

func TestARedirectIsNotFollowed(t *testing.T) {
	var hits atomic.Int32
	err := sending(t, func(w http.ResponseWriter, r *http.Request) {
		hits.Add(1)
		http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
	}, 0)
	require.Equal(t, classPermanent, classify(err).Class)
	require.Equal(t, int32(1), hits.Load())
}

func TestAGatewaysPageHasItsStatusOnly(t *testing.T) {
	err := sending(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusBadGateway)
		_, _ = io.WriteString(w, "<html>secrets of the gateway</html>")
	}, 0)
	require.Equal(t, classUnknown, classify(err).Class)
	require.NotContains(t, err.Error(), "secrets")
}

func TestAnEndlessAnswerIsNotRead(t *testing.T) {
	err := sending(t, func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			if _, err := io.WriteString(w, strings.Repeat(" ", 64<<10)); err != nil {
				return
			}
		}
	}, 0)
	require.Equal(t, classUnknown, classify(err).Class, err)
}

func TestForeignTextsAreCutAndClean(t *testing.T) {
	err := sending(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusUnprocessableEntity)
		_, _ = io.WriteString(w, `{"name":"missing_required_field","message":"a\u0000`+strings.Repeat("é", 1000)+`"}`)
	}, 0)
	answer, ok := errors.AsType[*answerError](err)
	require.True(t, ok)
	require.Equal(t, "a"+strings.Repeat("é", 299)+"…", answer.message)
}

func TestWhatWasNeverSentIsTemporary(t *testing.T) {
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, closed.Close())
	m := newMailer("http://"+closed.Addr().String(), time.Second, 1)
	defer m.close()
	err = m.send(t.Context(), call{}, letter)
	require.Equal(t, classTemporary, classify(err).Class)
	require.NotContains(t, err.Error(), "/emails", "the address is nobody's concern")
}

func TestABatchAnswerThatDoesNotAddUpIsUnknown(t *testing.T) {
	for _, body := range []string{`{}`, `{"data":[{"id":"a"}]}`, `{"data":[{"id":"a"},{"id":"b"},{"id":"c"}]}`,
		`{"data":[{"id":"a"}],"errors":[{"index":2}]}`, `{"data":[{"id":"a"}],"errors":[{"index":-1}]}`,
		`{"data":[],"errors":[{"index":0},{"index":0}]}`, `{"data":"x"}`, ``} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) }))
		m := newMailer(s.URL, 0, 1)
		_, err := m.sendBatch(t.Context(), call{}, []email{letter, letter})
		require.Equal(t, classUnknown, classify(err).Class, body)
		m.close()
		s.Close()
	}
}

func TestTheIdempotencyKeyIsOfTheMessagesNotOfTheAttempt(t *testing.T) {
	a := attempt{task: 7, created: noon, number: 1}
	key := func(a attempt, messages ...int) string { return a.call(true, messages).idempotency }
	again := a
	again.number, again.key = 3, "another API key"
	require.Equal(t, key(a, 0, 1, 2), key(again, 0, 1, 2))
	other, elsewhere := a, a
	other.task, elsewhere.created = 8, noon.Add(time.Microsecond)
	seen := map[string]bool{}
	for _, k := range []string{key(a, 0, 1, 2), key(a, 0, 2), key(a, 0), key(a, 1), key(other, 0), key(elsewhere, 0)} {
		require.False(t, seen[k])
		require.LessOrEqual(t, len(k), 256)
		seen[k] = true
	}
	require.Empty(t, a.call(false, []int{0}).idempotency)
}
