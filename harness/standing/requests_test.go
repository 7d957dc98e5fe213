package standing_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/standing"
)

func TestRequestsThatAreNotAsDescribedAreFound(t *testing.T) {
	start := time.Now()
	api := func(j standing.Judged) standing.Outside {
		return standing.Outside{Judged: func(zero time.Time) standing.Judged {
			require.Equal(t, start, zero)
			return j
		}}
	}
	example := func(what string) standing.Example { return standing.Example{What: what} }
	found := begin(t, "requests", standing.Scene{Outside: []standing.Outside{
		{Name: "one without a description"},
		api(standing.Judged{Requests: 7}),
		api(standing.Judged{Requests: 5, Invalid: 4, First: []standing.Example{example("a"), example("b")}}),
		api(standing.Judged{Requests: 2, Invalid: 2, First: []standing.Example{example("c"), example("d")}}),
	}}).Ended(standing.Ended{Start: start})
	require.EqualValues(t, 14, found.Looked)
	require.EqualValues(t, 6, found.Broken)
	require.Equal(t, []standing.Example{example("a"), example("b"), example("c")}, found.Examples)

	found = begin(t, "requests", standing.Scene{Outside: []standing.Outside{api(standing.Judged{})}}).Ended(standing.Ended{Start: start})
	require.Zero(t, found.Looked)
	require.Contains(t, found.Text(), "no request came")

	_, err := standing.All()[slices.Index(standing.Names(), "requests")].Begin(t.Context(), standing.Scene{Outside: []standing.Outside{{Name: "api"}}})
	require.ErrorContains(t, err, "no API that the target calls has a description")
}
