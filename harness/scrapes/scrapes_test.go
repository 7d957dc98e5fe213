package scrapes_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"holdfast.dev/holdfast/harness/scrapes"
)

func TestWhatIsWrittenIsReadAgain(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		page := rapid.Custom(func(t *rapid.T) scrapes.Page {
			return scrapes.Page{AtS: rapid.Float64Range(-1, 1e6).Draw(t, "at"), Instance: rapid.StringMatching(`[a-z.]+`).Draw(t, "instance"),
				Error: rapid.String().Draw(t, "error"), Type: rapid.StringMatching(`[a-z/]*`).Draw(t, "type"), Text: rapid.String().Draw(t, "text")}
		})
		rec := &scrapes.Recording{Head: scrapes.Head{Schema: scrapes.Schema, Scenario: "a/b", EveryS: 0.125, Started: time.Unix(7, 8).UTC()}, Pages: rapid.SliceOfN(page, 1, 5).Draw(t, "pages"), Torn: rapid.StringMatching(`[a-z ]*`).Draw(t, "torn")}
		var b bytes.Buffer
		require.NoError(t, scrapes.Write(&b, rec))
		got, err := scrapes.Read(&b)
		require.NoError(t, err)
		require.Equal(t, rec, got)
	})
}

// A run that was killed leaves half a file: what is whole of it counts, and it is said.
func TestARecordingThatIsTornSaysSo(t *testing.T) {
	rec := &scrapes.Recording{Head: scrapes.Head{Schema: scrapes.Schema, Scenario: "a/b"}}
	for i := range 500 {
		rec.Pages = append(rec.Pages, scrapes.Page{AtS: float64(i), Instance: "web", Text: strings.Repeat(fmt.Sprint(i*7919), 20)})
	}
	var b bytes.Buffer
	require.NoError(t, scrapes.Write(&b, rec))
	got, err := scrapes.Read(bytes.NewReader(b.Bytes()[:b.Len()*3/4]))
	require.NoError(t, err)
	require.NotEmpty(t, got.Torn)
	require.NotEmpty(t, got.Pages)
	require.Less(t, len(got.Pages), len(rec.Pages))
}

func TestWhatIsNoRecordingIsRefused(t *testing.T) {
	for name, data := range map[string]string{"nothing": "", "a text": "hello", "another file": "\x1f\x8b"} {
		_, err := scrapes.Read(strings.NewReader(data))
		require.ErrorContains(t, err, "read recorded scrapes", name)
	}
	var b bytes.Buffer
	require.NoError(t, scrapes.Write(&b, &scrapes.Recording{Head: scrapes.Head{Schema: "other/1"}}))
	_, err := scrapes.Read(&b)
	require.ErrorContains(t, err, scrapes.Schema)
}

func FuzzRead(f *testing.F) {
	var b bytes.Buffer
	_ = scrapes.Write(&b, &scrapes.Recording{Head: scrapes.Head{Schema: scrapes.Schema}, Pages: []scrapes.Page{{AtS: 1, Text: "a 1\n"}}})
	f.Add(b.Bytes())
	f.Fuzz(func(t *testing.T, data []byte) {
		if rec, err := scrapes.Read(bytes.NewReader(data)); err == nil && rec.Schema != scrapes.Schema {
			t.Fatalf("read %q", rec.Schema)
		}
	})
}

// What fails is kept as a page that failed, as a monitoring system sees it; what the end
// of the recording cut off is not.
func TestARecorderKeepsWhatItReadAndWhatFailed(t *testing.T) {
	var asked atomic.Int64
	third := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch asked.Add(1) {
		case 1:
			w.Header().Set("Content-Type", "text/plain; version=0.0.4")
			fmt.Fprint(w, "token_total{key=\"hidden-token\"} 1\n")
		case 2:
			w.WriteHeader(http.StatusInternalServerError)
		case 3:
			close(third)
			<-r.Context().Done()
		}
	}))
	defer server.Close()
	r := scrapes.Start(t.Context(), scrapes.Config{
		Head:    scrapes.Head{Scenario: "a/b", Started: time.Now(), EveryS: 0.001},
		Targets: map[string]string{"web": server.URL}, Hide: func(s string) string { return strings.ReplaceAll(s, "hidden-token", "•••") },
	})
	<-third
	rec := r.Stop()
	require.Len(t, rec.Pages, 2)
	require.Equal(t, "token_total{key=\"•••\"} 1\n", rec.Pages[0].Text)
	require.Equal(t, "text/plain; version=0.0.4", rec.Pages[0].Type)
	require.Contains(t, rec.Pages[1].Error, "500")
	require.Empty(t, rec.Pages[1].Text)
	require.Greater(t, rec.Pages[1].AtS, rec.Pages[0].AtS)

	out := t.TempDir()
	require.NoError(t, scrapes.Save(out, rec))
	read, err := scrapes.ReadFile(filepath.Join(out, "scrapes", "a.b.jsonl.gz"))
	require.NoError(t, err)
	require.Equal(t, rec.Pages, read.Pages)
	_, err = scrapes.ReadFile(filepath.Join(out, "other"))
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestARecorderEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r := scrapes.Start(ctx, scrapes.Config{Targets: map[string]string{"web": "http://127.0.0.1:1"}})
	require.Empty(t, r.Stop().Pages)
}

func TestOnlySomeMetricsAreKept(t *testing.T) {
	rec := &scrapes.Recording{Pages: []scrapes.Page{{Text: "# HELP a_total x\n# TYPE a_total counter\na_total{x=\"b 1\"} 1\na_total_more 2\nb 3\nc{} 4\n# TYPE d histogram\nd_bucket{le=\"1\"} 5\nd_sum 6\n"}, {Error: "refused"}}}
	got := rec.Only(map[string]bool{"a_total": true, "c": true, "d_bucket": true})
	require.Equal(t, "# TYPE a_total counter\na_total{x=\"b 1\"} 1\nc{} 4\n# TYPE d histogram\nd_bucket{le=\"1\"} 5\n", got.Pages[0].Text)
	require.Equal(t, "refused", got.Pages[1].Error)
	require.Contains(t, rec.Pages[0].Text, "# HELP", "the recording stays as it is")
}
