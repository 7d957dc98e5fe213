package chaos

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAStateIsReadWhateverTheNameOfTheProcess(t *testing.T) {
	fields := strings.Repeat(" 0", 18)
	path := filepath.Join(t.TempDir(), "stat")
	for _, name := range []string{"server", "a b", "odd) T 1 (", ")"} {
		require.NoError(t, os.WriteFile(path, []byte(strconv.Itoa(7)+" ("+name+") S"+fields+" 4242 9 9\n"), 0o600))
		letter, started, err := readStat(path)
		require.NoError(t, err)
		require.Equal(t, "S", letter)
		require.Equal(t, "4242", started)
	}
	require.NoError(t, os.WriteFile(path, []byte("7 (x) S 1"), 0o600))
	_, _, err := readStat(path)
	require.Error(t, err)
}
