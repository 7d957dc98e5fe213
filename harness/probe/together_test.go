package probe

import (
	"context"
	"errors"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// told is a probe of memory that says what it is told to.
type told struct {
	rows   [][]float64
	err    error
	closed bool
}

func (*told) Name() string         { return "target memory" }
func (*told) Every() time.Duration { return time.Second }
func (*told) Series() []Series {
	return []Series{{Name: "target.rss", Unit: "bytes"}, {Name: "target.rss_peak", Unit: "bytes"}}
}
func (p *told) Sample(context.Context) ([]float64, error) {
	if p.err != nil {
		return nil, p.err
	}
	row := p.rows[0]
	p.rows = p.rows[1:]
	return row, nil
}
func (p *told) Close() error {
	p.closed = true
	return nil
}

func TestProbesOfSeveralProgramsAreOneWithTheirSums(t *testing.T) {
	gap := math.NaN()
	web := &told{rows: [][]float64{{10, 11}, {gap, gap}, {5, 11}}}
	one := &told{rows: [][]float64{{1, 90}, {gap, gap}, {1, 90}}}
	two := &told{rows: [][]float64{{2, 2}, {gap, gap}, {gap, gap}}}
	p := Together([]Part{{"web", web}, {"worker.1", one}, {"worker.2", two}}, []Sum{{"worker", []int{1, 2}}, {"target", []int{0, 1, 2}}})
	var names []string
	for _, s := range p.Series() {
		names = append(names, s.Name)
	}
	require.Equal(t, []string{
		"web.rss", "web.rss_peak", "worker.1.rss", "worker.1.rss_peak", "worker.2.rss", "worker.2.rss_peak",
		"worker.rss", "worker.rss_peak", "target.rss", "target.rss_peak",
	}, names)
	first, err := p.Sample(t.Context())
	require.NoError(t, err)
	require.Equal(t, []float64{3, 90, 13, 90}, first[6:], "the peak of a sum is no less than that of any part")
	second, err := p.Sample(t.Context())
	require.NoError(t, err)
	for _, v := range second {
		require.True(t, math.IsNaN(v), "nothing runs: nothing is measured")
	}
	third, err := p.Sample(t.Context())
	require.NoError(t, err)
	require.Equal(t, []float64{1, 90, 6, 90}, third[6:], "one that does not run takes nothing away")
	web.err = errors.New("broken")
	_, err = p.Sample(t.Context())
	require.Error(t, err)
	require.NoError(t, p.(interface{ Close() error }).Close())
	require.True(t, web.closed && one.closed && two.closed)
}
