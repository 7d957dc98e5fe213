package result_test

import (
	"bytes"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/result"
)

// longRun is a run of so many scenarios, each with 30 series of 3,600 points.
func longRun(b *testing.B, scenarios int) *result.Run {
	run := fullRun(b)
	one := run.Scenarios[0]
	one.Series = nil
	for i := range 30 {
		s := result.Series{Name: fmt.Sprintf("series.%d", i), Unit: result.UnitMS}
		for k := range 3600 {
			s.T = append(s.T, float64(k)/4)
			s.V = append(s.V, float64((k*7919+i*104729)%100_000)/1000)
		}
		one.Series = append(one.Series, s)
	}
	run.Scenarios = nil
	for range scenarios {
		run.Scenarios = append(run.Scenarios, one)
	}
	return run
}

// BenchmarkRead reads a file of one such scenario.
func BenchmarkRead(b *testing.B) {
	file := encode(b, longRun(b, 1))
	b.SetBytes(int64(len(file)))
	b.ReportAllocs()
	for b.Loop() {
		_, err := result.Read(bytes.NewReader(file))
		require.NoError(b, err)
	}
}

// BenchmarkWriteOneOfMany writes a file in which one of 20 scenarios has changed.
func BenchmarkWriteOneOfMany(b *testing.B) {
	run := longRun(b, 20)
	path := filepath.Join(b.TempDir(), "run.json")
	encoded := make([]result.Encoded, len(run.Scenarios))
	for i := range run.Scenarios {
		var err error
		encoded[i], err = result.Encode(&run.Scenarios[i])
		require.NoError(b, err)
	}
	b.Run("all", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			require.NoError(b, result.WriteFile(path, run))
		}
	})
	b.Run("one", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var err error
			encoded[7], err = result.Encode(&run.Scenarios[7])
			require.NoError(b, err)
			require.NoError(b, result.WriteFileEncoded(path, run, encoded))
		}
	})
}
