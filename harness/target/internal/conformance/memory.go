package conformance

import (
	"errors"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/target"
)

func wantOfMemoryIsToldApart(t *testing.T, k Kind) {
	k.Make = k.Limited
	b := prepare(t, k, nil)
	err := b.Start(t.Context())
	if errors.Is(err, target.ErrNoMemoryLimit) && os.Getuid() != 0 {
		t.Skip(err)
	}
	require.NoError(t, err)
	b.tell(t, "/allocate?mb=10")
	dir, ok := b.Target.(interface{ MemoryDir() (string, bool) }).MemoryDir()
	require.True(t, ok)
	require.DirExists(t, dir)
	b.tell(t, "/allocate?mb=200")
	b.ended(t)
	end := b.Ends()[0]
	require.True(t, end.OOMKilled, "%+v", end)
	require.NotEmpty(t, end.OOMEvidence)
	require.Equal(t, "killed", end.Signal)
	require.False(t, end.Expected)
	require.EqualValues(t, MemoryLimit, *end.LimitBytes)
	require.NoDirExists(t, dir)

	require.NoError(t, b.Start(t.Context()), "it can be started again")
}

// A child inherits its parent's high-water mark at fork.
func thePeakIsTheTargetsOwn(t *testing.T, k Kind) {
	ballast := make([]byte, 200_000_000)
	for i := range ballast {
		ballast[i] = byte(i)
	}
	b := started(t, k, nil)
	b.tell(t, "/allocate?mb=30")
	end, err := b.Stop(t.Context())
	require.NoError(t, err)
	require.InDelta(t, 40e6, float64(*end.PeakRSSBytes), 15e6, "a small Go server and 30 MB, and nothing of the harness")
	require.NotZero(t, ballast[7])
}
