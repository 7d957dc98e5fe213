package harness

import (
	"context"
	"errors"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/probe"
)

// answering is a server, and a probe of it, that fails with err.
type answering struct {
	probe.Probe
	err error
}

func (a *answering) Kill(context.Context) (int, error) { a.err = errors.New("refused"); return 1, nil }
func (a *answering) Restart(context.Context) error     { a.err = nil; return nil }
func (*answering) Series() []probe.Series              { return make([]probe.Series, 2) }
func (a *answering) Sample(context.Context) ([]float64, error) {
	return []float64{1, 2}, a.err
}

// A server that the scenario has killed has nothing to measure until it is there again;
// one that fails otherwise is not excused.
func TestAServerThatIsDownHasNothingToMeasure(t *testing.T) {
	ctx := t.Context()
	a := &answering{}
	server := &felled{Server: a}
	p := whileUp{a, server}
	values, err := p.Sample(ctx)
	require.NoError(t, err)
	require.Equal(t, []float64{1, 2}, values)
	_, err = server.Kill(ctx)
	require.NoError(t, err)
	values, err = p.Sample(ctx)
	require.NoError(t, err)
	require.Len(t, values, 2)
	require.True(t, math.IsNaN(values[0]) && math.IsNaN(values[1]))
	require.NoError(t, server.Restart(ctx))
	values, err = p.Sample(ctx)
	require.NoError(t, err)
	require.Equal(t, []float64{1, 2}, values)
	a.err = errors.New("no such role")
	_, err = p.Sample(ctx)
	require.Error(t, err, "it is up")
}
