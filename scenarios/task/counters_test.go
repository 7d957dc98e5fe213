package task

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/scenarios/contract"
	"holdfast.dev/holdfast/scenarios/contract/reference"
)

func curled(r load.Request) string { return "curl " + r.Path }

// Without a series that is 0 no rule can be about the first failure. Without the promise
// what is not there is not held.
func TestACounterOfTasksIsThereFromTheStart(t *testing.T) {
	of := reference.Tasks(10, reference.Searches()(10)).Counters
	want, ok := counted(of, nil)
	require.True(t, ok)
	page := func(missing counter) []byte {
		var b strings.Builder
		for c := range want {
			if c.label != "" && c != missing {
				fmt.Fprintf(&b, "%s 0\n", c)
			}
		}
		for _, name := range []string{of.Retries, of.Succeeded} {
			for _, kind := range of.Kinds {
				if c := (counter{name: name, by: of.Kind, kind: kind}); c != missing {
					fmt.Fprintf(&b, "%s 0\n", c)
				}
			}
		}
		return []byte(b.String())
	}
	whole := countersFinding(of, nil, page(counter{}), curled)
	require.Zero(t, whole.Broken, whole.Text())
	require.EqualValues(t, len(want), whole.Looked)
	for c := range want {
		if c.label == "" && (c.name == of.Attempts || c.name == of.Failed) {
			continue // the sum of those with a further label
		}
		found := countersFinding(of, nil, page(c), curled)
		require.Positive(t, found.Broken, c.String())
		require.Contains(t, found.Text(), "not on the page")
	}
	of.FromStart = false
	require.Zero(t, countersFinding(of, nil, nil, curled).Broken)
}

func TestAWorkersSignOfLifeIsRecent(t *testing.T) {
	of := contract.Counters{Beat: "beat", BeatWithin: 20 * time.Second}
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	at := func(ago time.Duration) string {
		return fmt.Sprintf("# TYPE beat gauge\nbeat %d\n", now.Add(-ago).Unix())
	}
	for name, row := range map[string]struct {
		page   string
		life   time.Duration
		broken int64
		unseen bool
	}{
		"lately":                       {page: at(5 * time.Second), life: time.Minute},
		"too long ago":                 {page: at(25 * time.Second), life: time.Minute, broken: 1},
		"in a time to come":            {page: at(-25 * time.Second), life: time.Minute, broken: 1},
		"never":                        {page: "other 1\n", life: time.Minute, broken: 1},
		"it need not have given one":   {page: "other 1\n", life: time.Second, unseen: true},
		"in milliseconds":              {page: fmt.Sprintf("# TYPE beat gauge\nbeat %d\n", now.UnixMilli()), life: time.Minute, broken: 1},
		"the page is no page at all {": {page: "}{", life: time.Minute, unseen: true},
	} {
		found := beatFinding(of, []byte(row.page), now.Add(-row.life), now, curled)
		require.Equal(t, row.broken, found.Broken, "%s: %s", name, found.Text())
		require.Equal(t, row.unseen, found.Unseen != "", name)
	}
}
