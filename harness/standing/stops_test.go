package standing_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/standing"
)

func TestATargetThatIsAskedToEndDoesSo(t *testing.T) {
	at := 7.5
	clean := result.End{EndS: &at, Expected: true}
	killed := result.End{EndS: &at, Expected: true, Signal: "killed", GraceS: 10, Process: "worker"}
	for name, row := range map[string]struct {
		ends     []result.End
		complete bool
		looked   int64
		text     string
	}{
		"it ends":                       {[]result.End{clean}, true, 1, ""},
		"a part of it has to be killed": {[]result.End{clean, killed}, true, 2, "worker was there still 10 s after SIGTERM, and was killed: does its first process heed that, or pass it on? (at 7.5 s)"},
		"it died by itself":             {[]result.End{{EndS: &at}}, true, 0, "it was not the harness that ended it"},
		"nobody started it":             {nil, true, 0, "it was not the harness that ended it"},
		"it was cut short":              {[]result.End{killed}, false, 0, "the experiment was cut short"},
	} {
		t.Run(name, func(t *testing.T) {
			found := begin(t, "stops", standing.Scene{}).Ended(standing.Ended{Ends: row.ends, Complete: row.complete})
			require.Equal(t, row.looked, found.Looked)
			require.Equal(t, row.text, found.Text())
		})
	}
}
