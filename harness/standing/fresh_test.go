package standing_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/standing"
)

// kept is a service that answers with what there was when it last looked, which it
// does again after an age, and that documents another.
func kept(t *testing.T, truth *atomic.Bool, age time.Duration, documented string) string {
	t.Helper()
	var looked atomic.Pointer[time.Time]
	var known atomic.Bool
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if last := looked.Load(); last == nil || time.Since(*last) >= age {
			now := time.Now()
			looked.Store(&now)
			known.Store(truth.Load())
		}
		if documented != "" {
			w.Header().Set("Cache-Control", documented)
		}
		_, _ = w.Write([]byte(strconv.FormatBool(known.Load())))
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func TestWhatIsWrittenIsKnownWithinItsDocumentedAge(t *testing.T) {
	for _, row := range []struct {
		name       string
		age        time.Duration
		documented string
		broken     int64
		looked     int64
	}{
		{"at once", 0, "", 0, 1},
		{"never, and says nothing of it", time.Hour, "", 1, 1},
		{"within its age", 300 * time.Millisecond, "private, max-age=1", 0, 1},
		{"not within its age", time.Hour, "max-age=1", 1, 1},
		{"an age that is too long to wait for", time.Hour, "max-age=3600", 0, 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			var truth atomic.Bool
			w := begin(t, "fresh", standing.Scene{Target: kept(t, &truth, row.age, row.documented), Data: new(pgxpool.Pool), News: []standing.News{{
				Name: "it", Ask: load.Request{Path: "/a"}, Shows: func(a load.Answer) bool { return string(a.Body) == "true" },
				Write: func(context.Context, *pgxpool.Pool) error { truth.Store(true); return nil },
			}}})
			w.Drained(t.Context(), standing.Settled{})
			found := w.Ended(standing.Ended{})
			require.Equal(t, row.broken, found.Broken, found.Text())
			require.Equal(t, row.looked, found.Looked, found.Text())
		})
	}
}
