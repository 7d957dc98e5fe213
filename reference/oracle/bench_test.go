package oracle

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/reference/internal/dbtest"
	"holdfast.dev/holdfast/reference/schema"
)

// BenchmarkImpact measures one request after the other, over HTTP to an API that
// answers at once, for a project of 100 active oracles and for one of 10,000.
// With the cap, of which ten are asked, the two must not differ; without it they
// show what it saves.
//
//	go test ./reference/oracle -run '^$' -bench Impact -count 6
func BenchmarkImpact(b *testing.B) {
	api := listen(b, wellBehaved)
	dsn := world(b, map[int64][]schema.Oracle{7: oracles(api.URL, 100), 8: oracles(api.URL, 10_000)})
	for _, row := range []struct {
		cap, active int
		project     string
	}{{10, 100, "7"}, {10, 10_000, "8"}, {0, 100, "7"}, {0, 10_000, "8"}} {
		b.Run(fmt.Sprintf("cap=%d/active=%d", row.cap, row.active), func(b *testing.B) {
			s := service(b, dbtest.Pool(b, dsn, 4), func(c *Config) { c.Cap = row.cap })
			b.ReportAllocs()
			for b.Loop() {
				w := get(b.Context(), s, row.project)
				require.Equal(b, http.StatusOK, w.Code)
			}
		})
	}
}
