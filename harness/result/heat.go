package result

import (
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Heat is how long the requests of a stream took, over time: how many by when they were
// due and by their latency from then. It is coarse, to be looked at: percentiles come from
// [Histograms].
type Heat struct {
	StartS float64 `json:"start_s"` // of the first column, on the scenario's clock
	WidthS float64 `json:"width_s"` // of each column
	// Columns are the counts of each column, one after another, parted by spaces: the
	// number of the first bucket in which there are any, a colon, and the counts from that
	// one on, as in "8:12,45,0,3". A column without a request is "-". [Heat.Counts] reads it.
	Columns string `json:"columns"`
}

// The buckets of a [Heat] are logarithmic: four to a power of ten, from 0.1 ms to 100 s.
// What is less or more counts in the first and in the last one.
const (
	HeatBuckets   = 24
	HeatPerDecade = 4
	heatFirstMS   = 0.1
)

// HeatCounts are the requests of one column by bucket.
type HeatCounts [HeatBuckets]int64

// heatEdges are where the buckets but the first begin, in microseconds.
var heatEdges = [HeatBuckets - 1]int64{
	178, 316, 562, 1_000, 1_778, 3_162, 5_623, 10_000, 17_783, 31_623, 56_234, 100_000,
	177_828, 316_228, 562_341, 1_000_000, 1_778_279, 3_162_278, 5_623_413, 10_000_000, 17_782_794, 31_622_777, 56_234_133,
}

// HeatBucket is the bucket of a latency.
func HeatBucket(d time.Duration) int {
	i, on := slices.BinarySearch(heatEdges[:], d.Microseconds())
	if on {
		i++
	}
	return i
}

// HeatEdge is where a bucket begins, in milliseconds.
func HeatEdge(bucket int) float64 {
	return heatFirstMS * math.Pow(10, float64(bucket)/HeatPerDecade)
}

// NewHeat puts columns together, the first of which begins at start.
func NewHeat(start, width time.Duration, columns []HeatCounts) *Heat {
	var b []byte
	for i, column := range columns {
		if i > 0 {
			b = append(b, ' ')
		}
		b = column.append(b)
	}
	return &Heat{StartS: start.Seconds(), WidthS: width.Seconds(), Columns: string(b)}
}

func (c HeatCounts) append(b []byte) []byte {
	some := func(n int64) bool { return n != 0 }
	first := slices.IndexFunc(c[:], some)
	if first < 0 {
		return append(b, '-')
	}
	last := HeatBuckets - 1
	for c[last] == 0 {
		last--
	}
	b = append(strconv.AppendInt(b, int64(first), 10), ':')
	for i := first; i <= last; i++ {
		if i > first {
			b = append(b, ',')
		}
		b = strconv.AppendInt(b, c[i], 10)
	}
	return b
}

// mostHeatColumns bounds what is read of a file.
const mostHeatColumns = 10_000

var errHeat = errors.New(`columns of a heat are each "-" or a bucket, a colon and counts, as in "8:12,45,0,3"`)

// Counts are the columns.
func (h Heat) Counts() ([]HeatCounts, error) {
	if h.Columns == "" {
		return nil, nil
	}
	var all []HeatCounts
	for text := range strings.SplitSeq(h.Columns, " ") {
		column, err := readHeatColumn(text)
		if err != nil || len(all) == mostHeatColumns {
			return nil, errHeat
		}
		all = append(all, column)
	}
	return all, nil
}

func readHeatColumn(text string) (c HeatCounts, err error) {
	if text == "-" {
		return c, nil
	}
	first, counts, _ := strings.Cut(text, ":")
	i, err := strconv.Atoi(first)
	if err != nil || i < 0 {
		return c, errHeat
	}
	for count := range strings.SplitSeq(counts, ",") {
		n, err := strconv.ParseInt(count, 10, 64)
		if err != nil || n < 0 || i >= HeatBuckets {
			return c, errHeat
		}
		c[i] = n
		i++
	}
	return c, nil
}
