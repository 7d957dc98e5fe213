package peak

import (
	"math"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestWhatTheKernelReapedCountsOnlyAboveWhatWasInherited(t *testing.T) {
	child := exec.Command("go", "version")
	require.NoError(t, child.Run())
	for _, c := range []struct {
		name      string
		inherited uint64
		exact     bool
	}{
		{"a small harness", 0, true},
		{"a harness bigger than its target", math.MaxUint64, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := &Watch{quit: make(chan struct{}), over: make(chan struct{}), inherited: c.inherited, highest: 1000}
			go w.run()
			peak := w.Stop(child.ProcessState)
			require.NotNil(t, peak)
			require.Equal(t, c.exact, *peak > 1000, "%d", *peak)
		})
	}
	none := &Watch{quit: make(chan struct{}), over: make(chan struct{})}
	go none.run()
	require.Nil(t, none.Stop(nil), "what was not measured is absent, not 0")
}
