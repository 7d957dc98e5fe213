package harness_test

import (
	"context"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/standing"
)

// onlooker is a companion that counts.
type onlooker struct {
	answers  atomic.Int64
	followed atomic.Bool
}

func (o *onlooker) Answered(_ load.Exchange, _ load.Request, a load.Answer) {
	if a.Body != nil {
		o.answers.Add(1)
	}
}

func (o *onlooker) Follow(ctx context.Context, _ harness.State) {
	<-ctx.Done()
	o.followed.Store(true)
}

// A scenario's companion is told of every answer and has ended when the ledger is
// drawn up; what is found there is judged like a standing check.
func TestACompanionGoesAlongWithARun(t *testing.T) {
	t.Parallel()
	for broken, want := range map[int64]result.Verdict{0: result.Pass, 1: result.Fail} {
		s := scenario("good")
		s.Companion = func() harness.Companion { return &onlooker{} }
		s.Reconcile = func(_ context.Context, o harness.State) (harness.Reconciliation, error) {
			seen := o.Companion.(*onlooker)
			require.True(t, seen.followed.Load())
			require.EqualValues(t, 1, o.Seed)
			return harness.Reconciliation{Findings: []standing.Finding{{Check: "answers-heard", Looked: seen.answers.Load(), Broken: broken}}}, nil
		}
		got := runOne(t, s)
		require.Equal(t, want, got.Verdict, failing(got))
		for _, c := range got.Checks {
			if c.Metric == "standing.answers-heard" {
				require.EqualValues(t, 200, c.Samples)
				require.Equal(t, want, c.Verdict)
			}
		}
	}
}
