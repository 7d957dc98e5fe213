package task

import (
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/scenarios/contract"
)

func TestWhatIsSaidOfATaskFollowsFromWhatWasSaid(t *testing.T) {
	said := func(state contract.State, attempts int) contract.Status {
		return contract.Status{State: state, Attempts: attempts, Most: 4}
	}
	for name, c := range map[string]struct {
		before, now contract.Status
		follows     bool
	}{
		"the first answer":                         {contract.Status{}, said(contract.Running, 1), true},
		"an attempt begins":                        {said(contract.Pending, 0), said(contract.Running, 1), true},
		"it is given back, its queue is parked":    {said(contract.Running, 1), said(contract.Pending, 0), true},
		"a further attempt is given back":          {said(contract.Running, 3), said(contract.Retrying, 2), true},
		"two attempts less":                        {said(contract.Running, 3), said(contract.Retrying, 1), false},
		"an attempt that was over is forgotten":    {said(contract.Retrying, 2), said(contract.Retrying, 1), false},
		"fewer, and under way":                     {said(contract.Running, 2), said(contract.Running, 1), false},
		"fewer, and done":                          {said(contract.Running, 2), said(contract.Succeeded, 1), false},
		"what is over goes on":                     {said(contract.Failed, 4), said(contract.Running, 5), false},
		"what is over is over":                     {said(contract.Failed, 4), said(contract.Failed, 4), true},
		"what has succeeded is not to have failed": {said(contract.Succeeded, 1), said(contract.Failed, 1), false},
	} {
		what := follows(c.before, c.now)
		require.Equal(t, c.follows, what == "", "%s: %s", name, what)
	}
}
