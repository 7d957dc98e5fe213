package witnesstest_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/witness/witnesstest"
)

func TestWhatIsIdle(t *testing.T) {
	const calm, full = "some avg10=1.50 avg60=80.00 avg300=2.00 total=1\nfull avg10=0.00", "some avg10=76.47 avg60=1.00 avg300=1.00 total=1"
	for _, row := range []struct {
		name, pressure, load string
		idle                 bool
	}{
		{"nobody waits and little runs", calm, "0.66 6.62 16.18 5/193 18767", true},
		{"somebody waits", full, "0.66 6.62 16.18 5/193 18767", false},
		{"much runs", calm, "4.66 0.62 0.18 5/193 18767", false},
		{"no pressure is told", "", "0.66 6.62 16.18 5/193 18767", false},
		{"no load is told", calm, "", false},
	} {
		require.Equal(t, row.idle, witnesstest.Idle(row.pressure, row.load, 2), row.name)
	}
}
