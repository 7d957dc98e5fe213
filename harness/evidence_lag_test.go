package harness

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/result/latency"
)

// Of any stream one request may be late, of a large one a hundredth; no more.
func TestOneRequestMayBeLate(t *testing.T) {
	for name, c := range map[string]struct {
		sent, late int
		want       result.Verdict
	}{
		"one of 87":     {87, 1, result.Pass},
		"two of 87":     {87, 2, result.Inconclusive},
		"the only one":  {1, 1, result.Inconclusive},
		"one of two":    {2, 1, result.Pass},
		"both of two":   {2, 2, result.Inconclusive},
		"a hundredth":   {1000, 10, result.Pass},
		"a little more": {1000, 11, result.Inconclusive},
		"none":          {87, 0, result.Pass},
	} {
		lags := latency.New(latency.Fine)
		for i := range c.sent {
			lag := time.Millisecond
			if i < c.late {
				lag = 70 * time.Millisecond
			}
			latency.Record(&lags, lag, latency.Fine)
		}
		p99 := latency.Percentile(lags, 99)
		s := result.Stream{Name: "search"}
		s.Sent, s.SendLagP99MS, s.HistogramSendLag = int64(c.sent), &p99, latency.Encode(lags)
		require.Equal(t, c.want, punctual(s).Verdict, "%s: %s", name, punctual(s).Reason)
	}
}
