package mavenfake

import (
	"bytes"
	"io"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/xi2/xz"
)

func TestWhatIsStoredIsReadBack(t *testing.T) {
	for _, size := range []int{0, 1, 2, 3, 4, 1<<16 - 1, 1 << 16, 1<<16 + 1, 300_001} {
		data := bytes.Repeat([]byte("postgres"), size/8+1)[:size]
		reader, err := xz.NewReader(bytes.NewReader(storeXZ(data)), 0)
		require.NoError(t, err, size)
		again, err := io.ReadAll(reader)
		require.NoError(t, err, size)
		require.True(t, bytes.Equal(data, again), size)
	}
}
