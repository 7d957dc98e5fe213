package chart

import (
	"bytes"
	"encoding/xml"
	"html/template"
	"io"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"holdfast.dev/holdfast/harness/result"
)

func render(t testing.TB, name string, data any) string {
	tmpl, err := template.New("test").Parse(Template())
	require.NoError(t, err)
	var b bytes.Buffer
	require.NoError(t, tmpl.ExecuteTemplate(&b, name, data))
	return b.String()
}

func sample() Group {
	at := []float64{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10}
	line := func(name string, v ...float64) Line {
		return Line{Name: name, Unit: result.UnitMS, Style: Main, T: at, V: v}
	}
	return Group{
		ID: "g1", Name: "a scenario", Span: Span{0, 10},
		Phases: []Band{{"baseline", Span{0, 4}}, {"inject", Span{4, 7}}, {"heal", Span{7, 10}}},
		Faults: []Band{{"delay", Span{4, 7}}, {"reset", Span{5, 6}}, {"pause", Span{8, 9}}},
		Marks:  []Mark{{At: 5, Name: "killed", Bad: true}, {At: 5.1, Name: "started again"}, {At: 9, Name: "ready"}},
		Panels: []Panel{{Title: "Latency", Unit: result.UnitMS, Height: 180, Lines: []Line{line("p99", 1, 2, 3, 4, 50, 60, 50, 4, 3, 2, 1)},
			Limits: []Limit{{Name: "p99 ≤", Value: 40, Span: Span{4, 7}}}}},
	}
}

func TestTheSamePictureEveryTime(t *testing.T) {
	require.Equal(t, render(t, "charts", sample().Draw()), render(t, "charts", sample().Draw()))
}

func TestFaultsThatOverlapStandInRowsOfTheirOwn(t *testing.T) {
	rows := map[string]int{}
	for _, l := range sample().Draw().Labels {
		rows[l.Name] = l.Y
	}
	require.Equal(t, 0, rows["baseline"])
	require.Equal(t, 20, rows["delay"])
	require.Equal(t, 40, rows["reset"], "it lies within delay")
	require.Equal(t, 20, rows["pause"], "it comes after delay")
}

func TestMarksTooCloseShareASign(t *testing.T) {
	flags := sample().Draw().Flags
	require.Len(t, flags, 3, "each stays in the list")
	require.Equal(t, []string{"1–2", "", "3"}, []string{flags[0].Text, flags[1].Text, flags[2].Text})
	require.True(t, flags[0].Bad, "a death is not hidden by what comes after")
}

func TestMarksAreBounded(t *testing.T) {
	g := sample()
	g.Marks = nil
	for range 1000 {
		g.Marks = append(g.Marks, Mark{At: 3, Name: "again"})
	}
	d := g.Draw()
	require.Len(t, d.Flags, maxMarks)
	require.Equal(t, 1000-maxMarks, d.LimitedMarks)
	require.Contains(t, render(t, "charts", d), "960 more events are in the file.")
}

func TestEachChartIsToldInWords(t *testing.T) {
	require.Equal(t, "Latency: p99 peaks at 60\u00a0ms at 5 s", sample().Draw().Figures[0].Label)
	g := sample()
	g.Panels[0].Lines[0].V = []float64{math.NaN()}
	require.Equal(t, "Latency: p99 was not measured", g.Draw().Figures[0].Label)
}

func TestALimitFarAboveDoesNotPressTheLinesFlat(t *testing.T) {
	g := sample()
	require.Len(t, g.Draw().Figures[0].Limits, 1)
	g.Panels[0].Limits[0].Value = 5000
	f := g.Draw().Figures[0]
	require.Empty(t, f.Limits)
	require.Equal(t, []string{"p99 ≤ 5\u00a0000\u00a0ms (above the chart)"}, f.Notes)
}

func TestTheGapIsShadedWhereItIs(t *testing.T) {
	at := []float64{0, 1, 2, 3, 4, 5}
	p := Panel{Unit: result.UnitPerS, Height: 112, Gap: &Gap{Above: 0, Below: 1, Name: "gap"}, Lines: []Line{
		{Name: "planned", T: at, V: []float64{100, 100, 100, 100, 100, 100}},
		{Name: "completed", T: at, V: []float64{100, 100, 40, 40, 100, 100}},
	}}
	f := p.draw(Span{0, 5})
	require.Equal(t, 1, strings.Count(f.Gap, "M"), "one shape")
	require.True(t, strings.HasPrefix(f.Gap, "M1 "), "it begins at the sample before")
	require.Equal(t, "gap", f.GapName)

	p.Lines[1].V = p.Lines[0].V
	f = p.draw(Span{0, 5})
	require.Empty(t, f.Gap)
	require.Empty(t, f.GapName, "what is not there is not explained")

	p.Lines[1].T = []float64{0, 1, 2, 3, 4, 5.5}
	require.Empty(t, p.draw(Span{0, 5}).Gap, "other times can't be compared")
}

func TestScale(t *testing.T) {
	for _, c := range []struct {
		name      string
		low, top  float64
		unit      string
		wantUnit  string
		wantTicks []string
	}{
		{"milliseconds", 0, 1034, result.UnitMS, "ms", []string{"0", "500", "1\u00a0000"}},
		{"bytes in one unit", 0, 98.4e6, result.UnitBytes, "MB", []string{"0", "50", "100"}},
		{"few things are counted whole", 0, 1, result.UnitCount, "", []string{"0", "1"}},
		{"a ratio in percent", 0, 1, result.UnitRatio, "%", []string{"0", "50", "100"}},
		{"nothing but zero", 0, 0, result.UnitCount, "", []string{"0", "1"}},
		{"below zero", -30, 60, result.UnitMS, "ms", []string{"-50", "0", "50"}},
		{"millions", 0, 3.2e6, result.UnitCount, "millions", []string{"0", "2", "4"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newScale(c.low, c.top, c.unit, 2)
			require.Equal(t, c.wantUnit, s.unit)
			var texts []string
			for _, v := range s.ticks() {
				texts = append(texts, s.text(v))
			}
			require.Equal(t, c.wantTicks, texts)
		})
	}
}

func TestAScaleCoversItsValues(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		top := rapid.Float64Range(1e-6, 1e12).Draw(rt, "top")
		low := -top * rapid.SampledFrom([]float64{0, 0, 0.3, 1}).Draw(rt, "below")
		unit := rapid.SampledFrom([]string{result.UnitMS, result.UnitBytes, result.UnitCount, result.UnitRatio}).Draw(rt, "unit")
		s := newScale(low, top, unit, 3)
		require.GreaterOrEqual(rt, s.y(top), 0.0)
		require.LessOrEqual(rt, s.y(low), 100.0+1e-9)
		require.NotEmpty(rt, s.ticks())
		require.LessOrEqual(rt, len(s.ticks()), 12)
	})
}

func TestTimeTicksAreFewAndRound(t *testing.T) {
	for seconds, want := range map[float64]int{10: 6, 35: 8, 90: 5, 600: 6, 3600: 7, 86400: 7} {
		n := len(timeTicks(Span{0, seconds}))
		require.Equal(t, want, n, "%v s", seconds)
	}
	require.Empty(t, timeTicks(Span{0, math.Inf(1)}))
}

func TestStretchSetsTheNinesEquallyApart(t *testing.T) {
	for q, want := range map[float64]float64{0.5: 0, 0.9: 1, 0.99: 2, 0.999: 3, 0.9999: 4} {
		require.InDelta(t, want, Stretch(q), 1e-9)
	}
}

func TestADistributionOfNothingIsNotDrawn(t *testing.T) {
	_, ok := Distribution{Title: "none", Curves: []Curve{{Name: "empty"}}}.Draw()
	require.False(t, ok)
}

func TestDistribution(t *testing.T) {
	p, ok := Distribution{Title: "Latency", Curves: []Curve{{Name: "from the plan", Style: Main, Points: []Quantile{{0.5, 10}, {0.9, 20}, {0.99, 1000}}}}}.Draw()
	require.True(t, ok)
	require.Equal(t, "Latency: from the plan reaches 1\u00a0000\u00a0ms", p.Label)
	var columns []string
	for _, c := range p.Columns {
		columns = append(columns, c.Text+" "+c.X)
	}
	require.Equal(t, []string{"p50 0%", "p90 50%", "p99 100%"}, columns)
	wellFormed(t, render(t, "curves", p))
}

func TestGrowthIsALevelLineWhereNothingGrows(t *testing.T) {
	v := func(v float64) *float64 { return &v }
	g := Growth{Title: "memory", Unit: result.UnitBytes, Lines: []GrowthLine{
		{Name: "before", Style: Ink, Points: []GrowthPoint{{1000, v(30e6)}, {10_000, v(300e6)}, {100_000, v(3e9)}, {1e6, nil}}},
		{Name: "after", Style: Main, Points: []GrowthPoint{{1000, v(30e6)}, {10_000, v(30e6)}, {100_000, nil}, {1e6, v(30e6)}}},
	}}
	p, ok := g.Draw()
	require.True(t, ok)
	require.Equal(t, "MB, logarithmic", p.Unit)
	require.Equal(t, "M50 955L350 500L650 45", p.Curves[0].D, "ten times as much is as far up each time")
	require.Equal(t, "M50 955L350 955M950 955", p.Curves[1].D, "what was not measured is a gap")
	require.Equal(t, "M50 955l0 0M350 955l0 0M950 955l0 0", p.Curves[1].Dots)
	require.Len(t, p.Columns, 4, "every size has a name")
	require.Contains(t, p.Label, "before 30\u00a0MB at 1\u00a0000, 3\u00a0GB at 100\u00a0000; after 30\u00a0MB")
	wellFormed(t, render(t, "curves", p))
}

func TestGrowthOfNothingIsNotDrawn(t *testing.T) {
	zero := 0.0
	for _, points := range [][]GrowthPoint{nil, {{1, nil}}, {{1, &zero}}, {{0, &zero}}} {
		_, ok := Growth{Title: "x", Lines: []GrowthLine{{Points: points}}}.Draw()
		require.False(t, ok, "%v", points)
	}
}

// Whatever the numbers are, there is a picture and it is well-formed.
func TestNoNumberBreaksTheDrawing(t *testing.T) {
	odd := rapid.SampledFrom([]float64{0, -1, 1, 1e-300, 1e300, 42.5, math.NaN(), math.Inf(1), math.Inf(-1), math.MaxFloat64})
	rapid.Check(t, func(rt *rapid.T) {
		span := Span{odd.Draw(rt, "from"), odd.Draw(rt, "to")}
		list := rapid.SliceOfN(odd, 0, 6)
		g := Group{ID: "x", Span: span,
			Phases: []Band{{"a", Span{odd.Draw(rt, "a"), odd.Draw(rt, "b")}}}, Faults: []Band{{"f", Span{odd.Draw(rt, "c"), odd.Draw(rt, "d")}}},
			Marks: []Mark{{At: odd.Draw(rt, "mark")}},
			Panels: []Panel{{Title: "t", Unit: rapid.SampledFrom([]string{"", "ms", "bytes"}).Draw(rt, "unit"), Height: 112, Gap: &Gap{0, 1, "gap"},
				Lines:  []Line{{Name: "l", T: list.Draw(rt, "t1"), V: list.Draw(rt, "v1")}, {Name: "m", T: list.Draw(rt, "t2"), V: list.Draw(rt, "v2")}},
				Limits: []Limit{{Value: odd.Draw(rt, "limit"), Span: span}}}},
		}
		text := render(t, "charts", g.Draw())
		wellFormed(rt, text)
		require.NotContains(rt, text, "NaN")
		require.NotContains(rt, text, "Inf")
	})
}

func wellFormed(t require.TestingT, text string) {
	text = strings.NewReplacer(" hidden>", ">", `value="`, `value="`).Replace(text)
	text = strings.ReplaceAll(text, "<input ", "<input/><input ")
	text = strings.ReplaceAll(text, "<input/>", "")
	d := xml.NewDecoder(strings.NewReader(text))
	d.Strict, d.AutoClose, d.Entity = false, xml.HTMLAutoClose, xml.HTMLEntity
	for {
		if _, err := d.Token(); err == io.EOF {
			return
		} else if err != nil {
			require.NoError(t, err, text)
		}
	}
}
