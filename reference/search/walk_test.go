package search

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestOnlyWordsThatSaveMoreThanTheyCostAreLookedUpInTheIndex(t *testing.T) {
	t.Parallel()
	for name, of := range map[string]struct {
		perBucket float64   // documents of the rarest word
		shares    []float64 // of the other words
		want      int
	}{
		"a word that is everywhere saves nothing":          {3, []float64{1}, 1},
		"nor where the rarest word is everywhere, too":     {16_384, []float64{1}, 1},
		"a frequent one not where the rarest is rare":      {3, []float64{0.15}, 1},
		"but where that would mean to read many":           {650, []float64{0.15}, 2},
		"a rare one, too":                                  {3, []float64{0}, 2},
		"nothing is known of the rarest before it is read": {0, []float64{0}, 1},
		"as many as may":                                   {16_384, []float64{0.5, 0.5, 0.5}, maxNarrowing},
		"each by itself":                                   {82, []float64{1, 0.01}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			narrowing := []postings{{}}
			for _, share := range of.shares {
				narrowing = append(narrowing, postings{share: share})
			}
			require.Len(t, worthReading(narrowing, of.perBucket), of.want)
		})
	}
}

func TestAsManyBucketsAreReadAsShouldHoldWhatIsMissing(t *testing.T) {
	t.Parallel()
	for _, of := range []struct{ size, found, missing, want int }{
		{1, 100, 0, 1},
		{1, 82, 18, 1},
		{1, 3, 97, growth}, // what one bucket held may be chance
		{16, 50, 47, 16},
		{4, 1, 99, 4 * growth},
		{4, 0, 100, 4 * growth},
	} {
		require.Equal(t, of.want, nextSize(of.size, float64(of.found), of.missing), "%+v", of)
	}
}

func TestASampleIsSpreadOverItsBuckets(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		buckets := rapid.SliceOfNDistinct(rapid.Int32Range(0, 1<<20), 1, 32, rapid.ID[int32]).Draw(t, "buckets")
		of, distinct := map[int32]int{}, map[int64]bool{}
		for _, id := range sampled(buckets) {
			of[int32(id>>bucketBits)]++
			distinct[id] = true
		}
		require.Len(t, distinct, sample)
		for _, bucket := range buckets {
			require.GreaterOrEqual(t, of[bucket], sample/len(buckets)/2)
		}
		require.Len(t, of, len(buckets))
	})
}
