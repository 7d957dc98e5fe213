package search

import (
	"context"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/reference/internal/dbtest"
	"holdfast.dev/holdfast/reference/schema"
)

// benchmarkQueries are one query of each class of difficulty. They are written
// for the data of schema.Seed.
func benchmarkQueries() map[string]string {
	return map[string]string{
		"everywhere":               schema.TermEverywhere,
		"frequent":                 "énergie",
		"one-row":                  schema.TermOne,
		"rare-and-old-59":          schema.TermRareOld,
		"new-60-and-old-25":        schema.TermLately,
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
		"accents":                  schema.TermAccents,
	}
}

// BenchmarkSearch measures one search of each class after the other.
//
//	HOLDFAST_BENCH_PROJECTS=1000000 go test ./reference/search -run '^$' -bench Search -benchtime 200x
func BenchmarkSearch(b *testing.B) {
	service := benchmarked(b)
	queries := benchmarkQueries()
	for _, class := range slices.Sorted(maps.Keys(queries)) {
		b.Run(class, func(b *testing.B) {
			var took []time.Duration
			found := 0
			for b.Loop() {
				start := time.Now()
				page, err := service.Search(context.Background(), queries[class])
				require.NoError(b, err)
				took = append(took, time.Since(start))
				found = page.Count
			}
			b.ReportMetric(float64(found), "found")
			report(b, took)
		})
	}
}

// benchmarked returns a search among HOLDFAST_BENCH_PROJECTS; without it among a few, which
// shows no more than that each class is found.
func benchmarked(b *testing.B) *Service {
	n := int64(1000)
	if text := os.Getenv("HOLDFAST_BENCH_PROJECTS"); text != "" {
		var err error
		n, err = strconv.ParseInt(text, 10, 64)
		require.NoError(b, err)
	}
	return service(b, dbtest.Pool(b, projects(b, n), 10), nil)
}

// report reports quantiles instead of the mean, which says less.
func report(b *testing.B, took []time.Duration) {
	slices.Sort(took)
	milliseconds := func(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(milliseconds(took[0]), "min-ms")
	b.ReportMetric(milliseconds(took[len(took)/2]), "p50-ms")
	b.ReportMetric(milliseconds(took[len(took)*99/100]), "p99-ms")
}

// BenchmarkSteady sends one search every 20 ms, as open load does, for each
// class and measures from when it was due.
func BenchmarkSteady(b *testing.B) {
	service := benchmarked(b)
	queries := benchmarkQueries()
	for _, class := range slices.Sorted(maps.Keys(queries)) {
		b.Run(class, func(b *testing.B) {
			took := make([]time.Duration, b.N)
			start := time.Now()
			var waiting sync.WaitGroup
			for i := range b.N {
				due := start.Add(time.Duration(i) * 20 * time.Millisecond)
				time.Sleep(time.Until(due))
				waiting.Go(func() {
					_, err := service.Search(context.Background(), queries[class])
					took[i] = time.Since(due)
					if err != nil {
						b.Error(err)
					}
				})
			}
			waiting.Wait()
			report(b, took)
		})
	}
}
