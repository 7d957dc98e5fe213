package chart

import (
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// Faults share a row only where they do not overlap, until there is no row left,
// and each of them has its window.
func TestNoFaultHidesAnother(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		g := Group{Span: Span{0, 100}}
		for i := range rapid.IntRange(0, 12).Draw(rt, "faults") {
			from := float64(rapid.IntRange(0, 99).Draw(rt, "from"))
			g.Faults = append(g.Faults, Band{strconv.Itoa(i), Span{from, from + float64(rapid.IntRange(1, 60).Draw(rt, "length"))}})
		}
		d := g.Draw()
		require.Len(rt, d.Windows, len(g.Faults))
		require.Len(rt, d.Labels, len(g.Faults))
		for i, a := range d.Labels {
			require.Less(rt, a.Y, d.StripHeight, "it stands in the strip")
			for j, b := range d.Labels[:i] {
				if a.Y == b.Y && a.Y < (maxLanes-1)*rowHeight {
					x, y := g.Faults[i].Span, g.Faults[j].Span
					require.True(rt, x.From >= y.To, "%v lies over %v", x, y)
				}
			}
		}
		require.LessOrEqual(rt, d.StripHeight, maxLanes*rowHeight)
	})
}

// Each mark stands under one sign: the numbers of the signs count all marks, in
// order, and none twice.
func TestSignsCountAllMarks(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		g := Group{Span: Span{0, 100}}
		at := 0.0
		for range rapid.IntRange(0, maxMarks).Draw(rt, "marks") {
			at += rapid.SampledFrom([]float64{0, 0.5, 1, 2, 2.4}).Draw(rt, "after")
			g.Marks = append(g.Marks, Mark{At: at})
		}
		next := 1
		for _, f := range g.Draw().Flags {
			if f.Text == "" {
				continue // it shares the sign before it
			}
			first, last, several := strings.Cut(f.Text, "–")
			require.Equal(rt, strconv.Itoa(next), first)
			if !several {
				last = first
			}
			n, err := strconv.Atoi(last)
			require.NoError(rt, err)
			next = n + 1
		}
		require.Equal(rt, len(g.Marks)+1, next)
	})
}
