package soak

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// The words are those in which a run tells what took time from it: another text
// there would make every reason here a nameless one.
func TestTheWordsAreThoseOfTheWitnesses(t *testing.T) {
	for reason, kinds := range map[string][]Kind{
		"other processes used 98.5 % of the machine's processors (from 0.2 s to 3 s)":                                 {Neighbour, FsyncStorm, Memory},
		"a quota of 0.6 processors stopped the run, limits on time are stated for at least 1":                         {Quota},
		"the harness itself stood still for 2.4 s (from 1 s to 3.4 s)":                                                {StopHarness},
		"db was stopped by a signal, and silent for 3.1 s":                                                            {StopPostgres},
		"the wall clock was moved by -1.1 s":                                                                          {ClockStep},
		"p99 of actual minus planned send was 94.2 ms, limit 50 ms":                                                   nil,
		"the harness got its turn 120 ms late while its own processes left the processors free (from 0.2 s to 0.3 s)": nil,
		"impact.failed was 18, limit = 0; but this can't be held against the target: the machine was saturated":       nil,
	} {
		var named []Kind
		for _, k := range Kinds() {
			if k.Names(reason) {
				named = append(named, k)
			}
		}
		require.Equal(t, kinds, named, reason)
	}
}
