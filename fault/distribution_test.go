package fault_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/fault"
)

func TestDistributionsHaveTheShapeTheyDeclare(t *testing.T) {
	for text, quantiles := range map[string]map[float64]time.Duration{
		"delay 1s jitter 500ms":                    {0: 500 * time.Millisecond, 0.5: time.Second, 0.75: 1250 * time.Millisecond},
		"delay 1s":                                 {0: time.Second, 0.999: time.Second},
		"delay uniform min=1s max=3s":              {0.25: 1500 * time.Millisecond, 0.75: 2500 * time.Millisecond},
		"delay normal mean=1s sd=100ms":            {0.5: time.Second, 0.9772: 1200 * time.Millisecond},
		"delay lognormal median=1s sigma=1":        {0.5: time.Second, 0.9772: 7389 * time.Millisecond},
		"delay lognormal median=1s sigma=1 max=2s": {0.5: time.Second, 0.9772: 2 * time.Second},
		"delay exponential mean=1s":                {0.6321: time.Second, 0.9502: 3 * time.Second},
		"delay pareto min=1s alpha=2":              {0: time.Second, 0.75: 2 * time.Second, 0.99: 10 * time.Second},
		"delay bimodal fast=1s slow=9s slow-p=0.2": {0.79: time.Second, 0.81: 9 * time.Second},
		"delay quantiles 0:1s,0.5:2s,1:10s":        {0.25: 1500 * time.Millisecond, 0.75: 6 * time.Second},
	} {
		t.Run(text, func(t *testing.T) {
			f, err := fault.Parse(text)
			require.NoError(t, err)
			r := rand.New(rand.NewPCG(1, 2))
			drawn := make([]time.Duration, 50_000)
			for i := range drawn {
				drawn[i] = f.Kind.(fault.Delay).Sample(r)
			}
			slices.Sort(drawn)
			for q, want := range quantiles {
				got := drawn[int(q*float64(len(drawn)))]
				require.InEpsilon(t, want.Seconds(), got.Seconds(), 0.05, "quantile %v", q)
			}
		})
	}
}

func TestQuantilesThatAreNoneTakeNoTime(t *testing.T) {
	require.Zero(t, fault.Quantiles("soon").Sample(rand.New(rand.NewPCG(1, 2))))
}
