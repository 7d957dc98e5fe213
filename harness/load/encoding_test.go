package load

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/load/internal/http1"
)

func zipped(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := io.WriteString(w, text)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return b.String()
}

// A service may answer with gzip whether it was asked for or not: what is in it is
// what its checks are about.
func TestTheBodyOfAnAnswerIsReadOutOfItsGzip(t *testing.T) {
	const text = `{"items":[1,2]}`
	for _, row := range []struct {
		name, coding, body, want string
		err                      error
	}{
		{"plain", "", text, text, nil},
		{"gzip", "gzip", zipped(t, text), text, nil},
		{"written otherwise", "X-GZip", zipped(t, text), text, nil},
		{"not what it says", "gzip", text, text, nil},
		{"cut short", "gzip", zipped(t, text)[:20], zipped(t, text)[:20], nil},
		{"another coding", "br", text, text, nil},
		{"a bomb", "gzip", zipped(t, strings.Repeat("0", 1<<16)), "", http1.ErrTooLarge},
	} {
		sc, _ := newScratch().(*scratch)
		for range 2 { // what is kept between two answers is used again
			answer := func(*http.Request) (*http.Response, error) {
				return &http.Response{StatusCode: 200, Header: http.Header{"Content-Encoding": {row.coding}}, Body: io.NopCloser(strings.NewReader(row.body))}, nil
			}
			base := &url.URL{Scheme: "http", Host: "h"}
			s := &caller{
				name: "x", expect: Status(), maxBody: 1 << 10, transport: &transports{answer},
				via: &Balancer{addresses: []*address{{base: base, template: newTemplate(base)}}},
			}
			got, err := s.exchange(context.Background(), 0, Request{Path: "/"}, sc)
			require.ErrorIs(t, err, row.err, row.name)
			if row.err == nil {
				require.Equal(t, row.want, string(got.Body), row.name)
			}
		}
	}
}

func TestARateBelowZeroIsRefused(t *testing.T) {
	for _, p := range []Profile{
		Ramp(100, -50, time.Second), Ramp(-1, 100, time.Second), Constant(-1, time.Second),
		Sequence(Constant(10, time.Second), Ramp(10, -1, time.Second)), Steps(time.Second, 10, -5),
		Sequence(Constant(10, 2*time.Second), Constant(10, -time.Second)),
	} {
		err := Stream{Name: "x", Profile: p}.Validate()
		require.ErrorContains(t, err, "below 0", p.String())
	}
	require.NotContains(t, Stream{Name: "x", Profile: Ramp(100, 0, time.Second)}.Validate().Error(), "below 0")
	_, err := ParseProfile("100/s to -50/s over 10s")
	require.Error(t, err)
}
