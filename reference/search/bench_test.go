package search_test

import (
	"context"
	"log/slog"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"holdfast/reference/schema"
	"holdfast/reference/search"
)

// benchmarkQueries are one query of each class of difficulty. They are written
// for the data of schema.Seed.
func benchmarkQueries() map[string]string {
	return map[string]string{
		"everywhere":               schema.TermEverywhere,
		"frequent":                 "énergie",
		"one-row":                  schema.TermOne,
		"rare-and-old-59":          schema.TermRareOld,
		"rows-200":                 schema.TermTwoHundred,
		"half-percent":             schema.TermHalfPercent,
		"half-percent-all-old":     schema.TermHalfPercentOld,
		"thirty-percent-old":       schema.TermThirtyPercentOld,
		"absent-two-characters":    schema.TermAbsentTwo,
		"absent-three-characters":  schema.TermAbsentThree,
		"absent-long":              schema.TermAbsentLong,
		"absent-frequent-trigrams": "tionement",
		"one-character":            "e",
		"one-rare-character":       "q",
		"two-characters":           "gu",
		"three-characters":         "bre",
		"several-words":            "projet énergie quartzite",
		"several-frequent-words":   "forêt musique open",
		"several-word-parts":       "gan lun bré",
		"words-never-together":     schema.TermThirtyPercentOld + " open " + schema.TermTwoHundred + " " + schema.TermAbsentTwo,
		"disjoint-old-and-new":     schema.TermHalfPercentOld + " " + schema.TermHalfPercent,
		"200-characters":           strings.Repeat("solidaire ", 19) + "énergique!",
		"200-character-word":       strings.Repeat("tionementa", 20),
		"100-one-letter-words":     strings.TrimSpace(strings.Repeat("a b c d e f g h i j k l m n o p q r s t u v w y ", 4)),
		"only-accents":             "éèêëàâ",
		"percent":                  schema.TermPercent,
		"backslash":                schema.TermBackslash,
	}
}

// BenchmarkSearch measures one search of each class on a database that was
// filled by schema.Seed; how many projects it holds is up to whoever filled it.
//
//	HOLDFAST_BENCH_DATABASE_URL=postgres://… go test ./reference/search -run '^$' -bench Search -benchtime 200x
func BenchmarkSearch(b *testing.B) {
	dsn := os.Getenv("HOLDFAST_BENCH_DATABASE_URL")
	if dsn == "" {
		b.Skip("HOLDFAST_BENCH_DATABASE_URL is not set")
	}
	pool, err := pgxpool.New(b.Context(), dsn)
	require.NoError(b, err)
	defer pool.Close()
	service, err := search.New(search.DefaultConfig(), pool, prometheus.NewRegistry(), slog.New(slog.DiscardHandler))
	require.NoError(b, err)
	queries := benchmarkQueries()
	for _, class := range slices.Sorted(func(yield func(string) bool) {
		for class := range queries {
			if !yield(class) {
				return
			}
		}
	}) {
		b.Run(class, func(b *testing.B) { benchmark(b, service, queries[class]) })
	}
}

func benchmark(b *testing.B, service *search.Service, query string) {
	var took []time.Duration
	found := 0
	for b.Loop() {
		start := time.Now()
		page, err := service.Search(context.Background(), query)
		require.NoError(b, err)
		took = append(took, time.Since(start))
		found = page.Count
	}
	slices.Sort(took)
	milliseconds := func(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
	b.ReportMetric(0, "ns/op") // the mean says less than these
	b.ReportMetric(milliseconds(took[0]), "min-ms")
	b.ReportMetric(milliseconds(took[len(took)/2]), "p50-ms")
	b.ReportMetric(milliseconds(took[len(took)*99/100]), "p99-ms")
	b.ReportMetric(float64(found), "found")
}
