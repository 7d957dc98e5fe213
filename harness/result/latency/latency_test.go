package latency_test

import (
	"strings"
	"testing"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"holdfast.dev/holdfast/harness/result/latency"
)

func drawn(t *rapid.T, name string) (*hdr.Histogram, []time.Duration) {
	var h *hdr.Histogram
	all := rapid.SliceOf(rapid.Custom(func(t *rapid.T) time.Duration {
		return time.Duration(rapid.Int64Range(-5, int64(2*time.Hour)).Draw(t, "latency"))
	})).Draw(t, name)
	for _, d := range all {
		latency.Record(&h, d, latency.Fine)
	}
	return h, all
}

func TestWhatWasWrittenIsReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h, all := drawn(t, "latencies")
		text := latency.Encode(h)
		back, err := latency.Decode(text)
		require.NoError(t, err)
		if len(all) == 0 {
			require.Empty(t, text)
			require.Nil(t, back)
			return
		}
		require.Equal(t, latency.Quantiles(h), latency.Quantiles(back))
		require.Equal(t, text, latency.Encode(back))
	})
}

func TestAMergedHistogramIsThatOfAll(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, ofA := drawn(t, "a")
		b, ofB := drawn(t, "b")
		var whole, merged *hdr.Histogram
		for _, d := range append(ofA, ofB...) {
			latency.Record(&whole, d, latency.Fine)
		}
		before := latency.Encode(a)
		latency.Merge(&merged, a)
		latency.Merge(&merged, b)
		require.Equal(t, latency.Encode(whole), latency.Encode(merged))
		require.Equal(t, before, latency.Encode(a), "what is merged stays as it is")
	})
}

func TestPercentiles(t *testing.T) {
	var h *hdr.Histogram
	require.Zero(t, latency.Percentile(h, 99), "of nothing")
	require.Nil(t, latency.Quantiles(h))
	for ms := range 100 {
		latency.Record(&h, time.Duration(ms+1)*time.Millisecond, latency.Fine)
	}
	for p, want := range map[float64]float64{1: 1, 50: 50, 95: 95, 99: 99, 100: 100} {
		require.InEpsilon(t, want, latency.Percentile(h, p), 0.002, "p%v", p)
	}
	latency.Record(&h, 48*time.Hour, latency.Fine)
	require.InEpsilon(t, float64(time.Hour/time.Millisecond), latency.Quantiles(h).Max, 0.001, "longer than the longest")
}

// A file of an older version has no p95, but has what it is read from.
func TestAnOlderFileIsCompletedFromItsHistogram(t *testing.T) {
	var h *hdr.Histogram
	for ms := range 100 {
		latency.Record(&h, time.Duration(ms+1)*time.Millisecond, latency.Fine)
	}
	now := latency.Quantiles(h)
	require.InEpsilon(t, 95, *now.P95, 0.002)
	old := *now
	old.P95 = nil
	require.Equal(t, now, latency.Completed(&old, latency.Encode(h)))
	require.Nil(t, old.P95, "what is completed stays as it is")

	latency.Record(&h, time.Millisecond, latency.Fine)
	for name, histogram := range map[string]string{"none": "", "damaged": "AAAA", "of other requests": latency.Encode(h)} {
		require.Nil(t, latency.Completed(&old, histogram).P95, name)
	}
	require.Nil(t, latency.Completed(nil, latency.Encode(h)))
}

// However long the others would have taken, the percentile of all is no less.
func TestTheLeastThatAPercentileCanBe(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := rapid.SampledFrom([]float64{50, 90, 95, 99, 99.9}).Draw(t, "p")
		some := rapid.SliceOfN(rapid.Int64Range(1, 5000), 1, 120).Draw(t, "measured")
		others := rapid.SliceOfN(rapid.Int64Range(0, 5000), 0, 120).Draw(t, "missing")
		var seen, all *hdr.Histogram
		for _, v := range some {
			latency.Record(&seen, time.Duration(v)*time.Millisecond, latency.Fine)
			latency.Record(&all, time.Duration(v)*time.Millisecond, latency.Fine)
		}
		for _, v := range others {
			latency.Record(&all, time.Duration(v)*time.Millisecond, latency.Fine)
		}
		least := latency.Least(seen, p, all.TotalCount())
		require.LessOrEqual(t, least, latency.Percentile(all, p))
		require.Equal(t, latency.Percentile(seen, p), latency.Least(seen, p, seen.TotalCount()), "nothing is missing")
	})
	var fifty *hdr.Histogram
	for n := range 50 {
		latency.Record(&fifty, time.Duration(n)*time.Second, latency.Fine)
	}
	require.InDelta(t, 48_000, latency.Least(fifty, 99, 100), 48, "one of the hundred may be above it")
	require.Zero(t, latency.Least(fifty, 50, 101))
	require.Zero(t, latency.Least(nil, 99, 100))
}

func TestWhatIsNoHistogramIsRefused(t *testing.T) {
	other := hdr.New(1, 1000, 3)
	require.NoError(t, other.RecordValue(5))
	for _, row := range []struct{ name, text, says string }{
		{"another range", latency.Encode(other), "not microseconds of an hour"},
		{"no base64", "not base64 !", "read a histogram"},
		{"not whole", latency.Encode(other)[:20], "read a histogram"},
		{"far too long", strings.Repeat("A", latency.MaxText+1), "longer than 1 MiB"},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, err := latency.Decode(row.text)
			require.ErrorContains(t, err, row.says)
		})
	}
}

func FuzzDecode(f *testing.F) {
	h := latency.New(latency.Fine)
	_ = h.RecordValue(1234)
	f.Add(latency.Encode(h))
	f.Add("")
	f.Add("HISTFAAA")
	f.Fuzz(func(t *testing.T, text string) {
		h, err := latency.Decode(text)
		if err == nil && h != nil {
			require.LessOrEqual(t, latency.Percentile(h, 50), latency.Percentile(h, 100))
		}
	})
}

// What is packed is the same histogram, bucket by bucket.
func TestPackedAndUnpackedIsTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h, _ := drawn(t, "latencies")
		got, err := latency.Unpack(latency.Pack(h))
		require.NoError(t, err)
		require.Equal(t, latency.Encode(h), latency.Encode(got))
	})
}

func FuzzUnpack(f *testing.F) {
	h := latency.New(latency.Coarse)
	_ = h.RecordValues(1234, 3)
	f.Add(latency.Pack(h))
	f.Add([]byte{3, 1})
	f.Add([]byte("\x03\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x01"))
	f.Fuzz(func(t *testing.T, data []byte) {
		h, err := latency.Unpack(data)
		if err != nil || h == nil {
			return
		}
		again, err := latency.Unpack(latency.Pack(h))
		require.NoError(t, err)
		require.True(t, h.Equals(again))
	})
}

func BenchmarkTell(b *testing.B) {
	h := latency.New(latency.Fine)
	for i := range 2500 { // a quarter of a second at 10,000/s
		_ = h.RecordValue(int64(80 + i*i%900))
	}
	b.Run("packed", func(b *testing.B) {
		for b.Loop() {
			latency.Pack(h)
		}
	})
	b.Run("encoded", func(b *testing.B) {
		for b.Loop() {
			latency.Encode(h)
		}
	})
}
