package kin

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTheWorkersAreWhatAMasterForked(t *testing.T) {
	is := func(pid, parent int32, start uint64) Process { return Process{PID: pid, Parent: parent, Start: start} }
	for name, row := range map[string]struct {
		members []Process
		want    []int32
	}{
		"alone":                         {[]Process{is(1, 0, 1)}, nil},
		"a master and its workers":      {[]Process{is(1, 0, 1), is(3, 1, 9), is(2, 1, 8)}, []int32{2, 3}},
		"a master and its only worker":  {[]Process{is(1, 0, 1), is(2, 1, 2)}, []int32{2}},
		"a shell before the master":     {[]Process{is(1, 0, 1), is(2, 1, 2), is(3, 2, 3), is(4, 2, 4)}, []int32{3, 4}},
		"npm, sh and a server":          {[]Process{is(1, 0, 1), is(2, 1, 2), is(3, 2, 3)}, []int32{3}},
		"a worker that runs a command":  {[]Process{is(1, 0, 1), is(2, 1, 2), is(3, 1, 3), is(4, 3, 4)}, []int32{2, 3}},
		"ids that were given out again": {[]Process{is(9, 0, 1), is(5, 9, 7), is(3, 9, 8)}, []int32{5, 3}},
		"a daemon is nobody's child":    {[]Process{is(7, 0, 1), is(8, 1, 2)}, nil},
		"a circle, seen while it moved": {[]Process{is(7, 8, 1), is(8, 7, 2)}, []int32{8}},
	} {
		t.Run(name, func(t *testing.T) {
			var got []int32
			for _, p := range Workers(row.members[0].PID, row.members) {
				got = append(got, p.PID)
			}
			require.Equal(t, row.want, got)
		})
	}
}
