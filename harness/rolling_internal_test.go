package harness

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/fault"
	"holdfast.dev/holdfast/harness/chaos"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/target"
)

// lived is a target with these lives.
type lived struct {
	target.Target
	lives []result.End
}

func (l *lived) Ends() []result.End { return l.lives }

// noted is a place that notes when a fault came.
type noted struct {
	chaos.Place
	at    time.Duration
	since time.Time
}

func (n *noted) Apply(context.Context, fault.Fault) (chaos.Applied, error) {
	n.at = time.Since(n.since)
	return nil, nil
}

// Who is asked to end waits until another one is ready; who is killed does not.
func TestAnInstanceIsAskedToEndWhenAnotherIsReady(t *testing.T) {
	for _, row := range []struct {
		name string
		kind fault.Kind
		back time.Duration // until the other one is ready again; 0: it is ready, less: never
		want time.Duration
		err  error
	}{
		{"the other is ready", fault.Terminate{}, 0, lookForOther, nil},
		{"the other is back soon", fault.Terminate{}, 700 * time.Millisecond, 700 * time.Millisecond, nil},
		{"the other is never back", fault.Terminate{}, -1, 0, errNoOther},
		{"a kill waits for nobody", fault.Kill{}, 700 * time.Millisecond, 0, nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				over := 0.5
				lives := []result.End{{EndS: &over, Restarted: true}, {}} // it was healed by itself before
				other := &instance{Target: &lived{lives: lives}}
				other.coming.Store(row.back != 0)
				if row.back > 0 {
					time.AfterFunc(row.back-time.Millisecond, func() { other.coming.Store(false) })
				}
				place := &noted{since: time.Now()}
				ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
				defer cancel()
				_, err := rolling{place, []*instance{other}}.Apply(ctx, fault.Fault{Kind: row.kind})
				require.ErrorIs(t, err, row.err)
				require.Equal(t, row.want, place.at)
			})
		})
	}
}
