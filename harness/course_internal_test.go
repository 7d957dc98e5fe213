package harness

import (
	"context"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// Who stops all processes of a group tells the target before or after the harness: that
// it ended then is nothing that it did by itself.
func TestATargetThatIsStoppedWithTheHarness(t *testing.T) {
	for name, row := range map[string]struct {
		after time.Duration // the target's end, negative: never
		want  bool
	}{"before": {0, true}, "a moment later": {100 * time.Millisecond, true}, "much later": {time.Second, false}, "never": {-1, false}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancelCause(t.Context())
				defer cancel(nil)
				stop := &Interrupted{Signal: os.Interrupt}
				if row.after >= 0 {
					time.AfterFunc(row.after, func() { cancel(stop) })
				}
				if why := interruptedSoon(ctx); row.want {
					require.ErrorIs(t, why, stop)
				} else {
					require.NoError(t, why)
				}
			})
		})
	}
}
