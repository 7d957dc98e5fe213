package environ_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/reference/environ"
)

func reader(values map[string]string) *environ.Reader {
	return environ.NewReader(func(name string) string { return values[name] })
}

func TestWhatIsNotSetIsTheDefault(t *testing.T) {
	r := reader(map[string]string{"BLANK": "  "})
	for _, name := range []string{"UNSET", "BLANK"} {
		require.Equal(t, "a", r.String(name, "a"))
		require.Equal(t, 7, r.Int(name, 7))
		require.Equal(t, int64(8), r.Int64(name, 8))
		require.True(t, r.Bool(name, true))
		require.Equal(t, time.Minute, r.Duration(name, time.Minute))
	}
	require.NoError(t, r.Err())
}

func TestValuesAreRead(t *testing.T) {
	r := reader(map[string]string{"S": " x ", "I": "0", "L": "104857600", "B": "0", "D": "1.5s", "SECONDS": "10", "OFF": "0", "SHARE": "0.2"})
	require.Equal(t, 0.2, r.Share("SHARE", 1))
	require.Zero(t, r.Share("OFF", 1))
	require.Equal(t, 0.5, r.Share("UNSET", 0.5))
	require.Equal(t, "x", r.String("S", ""))
	require.Equal(t, "x", r.Required("S", ""))
	require.Equal(t, 0, r.Int("I", 7))
	require.Equal(t, int64(104857600), r.Int64("L", 7))
	require.False(t, r.Bool("B", true))
	require.Equal(t, 1500*time.Millisecond, r.Duration("D", 0))
	require.Equal(t, 10*time.Second, r.Duration("SECONDS", 0), "a bare number is seconds")
	require.Zero(t, r.Duration("OFF", time.Second))
	require.NoError(t, r.Err())
}

func TestEveryProblemIsKeptWithItsName(t *testing.T) {
	r := reader(map[string]string{"I": "-1", "L": "1e9", "B": "perhaps", "D": "-2s", "E": "soon", "N": "NaN", "M": "1.1"})
	require.Equal(t, 7, r.Int("I", 7))
	require.Equal(t, int64(7), r.Int64("L", 7))
	require.True(t, r.Bool("B", true))
	require.Equal(t, time.Hour, r.Duration("D", time.Hour))
	require.Equal(t, time.Hour, r.Duration("E", time.Hour))
	require.Equal(t, 0.5, r.Share("N", 0.5))
	require.Equal(t, 0.5, r.Share("M", 0.5))
	require.Empty(t, r.Required("URL", "an address"))
	r.Problem("X", "is %d too many", 3)
	require.EqualError(t, r.Err(), `I: "-1" is not a whole number of 0 or more
L: "1e9" is not a whole number of 0 or more
B: "perhaps" is neither true nor false
D: "-2s" is not a duration such as 2s or 200ms
E: "soon" is not a duration such as 2s or 200ms
N: "NaN" is not a number from 0 to 1
M: "1.1" is not a number from 0 to 1
URL: must be set: an address
X: is 3 too many`)
}
