package chaos

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/fault"
)

// members are a process and its children.
func (p *process) members() []int32 {
	all := []int32{p.id.pid}
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", p.id.pid, p.id.pid))
	entries, _ := os.ReadDir(fmt.Sprintf("/proc/%d/task", p.id.pid))
	for _, e := range entries { // a child is its thread's
		of, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%s/children", p.id.pid, e.Name()))
		text = append(append(text, ' '), of...)
	}
	seen := map[int64]bool{}
	for field := range strings.FieldsSeq(string(text)) {
		if pid, err := strconv.ParseInt(field, 10, 32); err == nil && !seen[pid] {
			seen[pid] = true
			all = append(all, int32(pid))
		}
	}
	return all
}

func TestAFaultReachesOneChildAloneOrAllOfTheTree(t *testing.T) {
	parent := func(t *testing.T) (*process, *Signals, []identity) {
		p := startAs(t, "parent")
		s := NewSignals(p, nil).Of(p.members)
		children := s.others(p.id)
		require.Len(t, children, 2)
		return p, s, children
	}
	stopped := func(t *testing.T, id identity) bool {
		state, err := id.threads()
		require.NoError(t, err)
		return state.stopped()
	}
	gone := func(id identity) func() (bool, error) {
		return func() (bool, error) {
			state, err := id.threads()
			return state.gone(), err
		}
	}
	t.Run("pause child", func(t *testing.T) {
		p, s, children := parent(t)
		applied := apply(t, s, fault.Pause{Whom: fault.Child})
		require.Equal(t, []bool{false, true, false}, []bool{stopped(t, p.id), stopped(t, children[0]), stopped(t, children[1])})
		undoFault(t, applied)
		require.False(t, stopped(t, children[0]))
		require.EqualValues(t, 1, applied.Receipt().Touched)
	})
	t.Run("pause, also what left the group", func(t *testing.T) {
		p, s, children := parent(t) // each child leads a group of its own
		applied := apply(t, s, fault.Pause{})
		require.Equal(t, []bool{true, true, true}, []bool{stopped(t, p.id), stopped(t, children[0]), stopped(t, children[1])})
		require.EqualValues(t, 3, applied.Receipt().Touched)
		undoFault(t, applied)
		require.Equal(t, []bool{false, false, false}, []bool{stopped(t, p.id), stopped(t, children[0]), stopped(t, children[1])})
	})
	t.Run("kill child", func(t *testing.T) {
		p, s, children := parent(t)
		apply(t, s, fault.Kill{Whom: fault.Child})
		require.NoError(t, await(t.Context(), "the child to go", gone(children[0])))
		require.False(t, p.threads(t).gone())
		require.Len(t, s.others(p.id), 1)
	})
	t.Run("terminate tree", func(t *testing.T) {
		p, s, children := parent(t)
		require.NoError(t, p.Signal(syscall.SIGSTOP)) // so that it can't take its children with it
		applied := apply(t, s, fault.Terminate{Whom: fault.WholeTree})
		require.EqualValues(t, 3, applied.Receipt().Fired)
		for _, id := range children {
			require.NoError(t, await(t.Context(), "the child to go", func() (bool, error) {
				state, err := id.threads()
				return state.gone(), err
			}))
		}
		require.NoError(t, p.Signal(syscall.SIGCONT))
		<-p.exited
	})
	t.Run("terminate child", func(t *testing.T) {
		p, s, children := parent(t)
		apply(t, s, fault.Terminate{Whom: fault.Child})
		require.NoError(t, await(t.Context(), "the child to go", gone(children[0])))
		require.False(t, p.threads(t).gone())
	})
	t.Run("there is no child", func(t *testing.T) {
		p := startChild(t)
		_, err := NewSignals(p, nil).Of(p.members).Apply(t.Context(), fault.Fault{Kind: fault.Kill{Whom: fault.Child}})
		require.ErrorIs(t, err, errNoChild)
	})
}

func TestSeveralPlacesAreOne(t *testing.T) {
	one, two := startChild(t), startChild(t)
	both := Each(NewSignals(one, nil), NewSignals(two, nil))
	require.Equal(t, ProcessSupport().Kinds, both.Support().Kinds)
	applied := apply(t, both, fault.Pause{})
	require.True(t, one.threads(t).stopped() && two.threads(t).stopped())
	r := applied.Receipt()
	require.EqualValues(t, 2, r.Fired)
	require.Contains(t, r.Measured, "; stopped for")
	undoFault(t, applied)
	require.False(t, one.threads(t).stopped() || two.threads(t).stopped())

	half := Each(NewSignals(one, nil), NewSignals(absentProcess{}, nil))
	_, err := half.Apply(t.Context(), fault.Fault{Kind: fault.Pause{}})
	require.ErrorIs(t, err, ErrNoProcess)
	require.False(t, one.threads(t).stopped(), "what was done is undone")
}
