package probe

import (
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTheReadersUnderstandTheKernelsText(t *testing.T) {
	const status = "Name:\tVmRSS: 1 kB\nVmHWM:\t    2048 kB\nVmRSS:\t  1024 kB\nThreads:\t7\n"
	require.Equal(t, 2048.0*1024, kilobytes([]byte(status), "\nVmHWM:"))
	require.Equal(t, 1024.0*1024, kilobytes([]byte(status), "\nVmRSS:"))
	n, ok := statusNumber([]byte(status), "\nThreads:")
	require.True(t, ok)
	require.EqualValues(t, 7, n)
	for _, bad := range []string{"", "\nVmRSS:", "\nVmRSS:\tx kB\n", strings.Repeat("\n", 100), "\nVmRSS:\t-1 kB\n"} {
		require.True(t, math.IsNaN(kilobytes([]byte(bad), "\nVmRSS:")), "%q", bad)
	}
}
