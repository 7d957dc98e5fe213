package target

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestProcessesAreFoundInAListingByBothMarks(t *testing.T) {
	m := mark{run: "r1", step: "s1"}
	listing := "" +
		"  11 /bin/server -x HOLDFAST_RUN=r1 HOLDFAST_STEP=s1 HOME=/\n" +
		"  12 /bin/server HOLDFAST_RUN=r1 HOLDFAST_STEP=s11\n" +
		"  13 /bin/server HOLDFAST_RUN=r1\n" +
		"nonsense HOLDFAST_RUN=r1 HOLDFAST_STEP=s1\n" +
		"\n" +
		"14 HOLDFAST_STEP=s1 HOLDFAST_RUN=r1"
	require.Equal(t, []int{11, 14}, m.inListing([]byte(listing)))
}
