package chart

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// Panels aside come last, behind one fold; the time stands below every third panel, and
// before the fold.
func TestPanelsAsideAreFolded(t *testing.T) {
	panel := func(title string, aside bool) Panel { return Panel{Title: title, Height: 90, Aside: aside} }
	d := Group{ID: "a", Span: Span{0, 10}, Panels: []Panel{panel("x", true), panel("a", false), panel("y", true), panel("b", false), panel("z", true)}}.Draw()
	var titles []string
	var axes []bool
	for _, f := range d.Figures {
		titles, axes = append(titles, f.Title), append(axes, f.Axis)
	}
	require.Equal(t, []string{"a", "b", "x", "y", "z"}, titles)
	require.Equal(t, []bool{false, true, true, false, false}, axes)
	require.Equal(t, 3, d.Figures[2].More)
	require.Equal(t, 3, d.Aside)
}

// What lasts throughout is a name above the charts; what does not is a tint as well.
func TestAFaultThatLastsThroughoutTintsNothing(t *testing.T) {
	g := Group{ID: "a", Span: Span{0, 10}, Faults: []Band{{"a small pool", Span{0, 9.5}}, {"down", Span{2, 4}}}}
	d := g.Draw()
	require.Len(t, d.Windows, 1)
	require.Equal(t, "2", d.Windows[0].X)
	require.Len(t, d.Labels, 2)
}
