package load_test

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// ours is what this package's generator is called in a comparison.
const ours = "Holdfast"

// nothing is the cost of what did not do what it was asked.
var nothing = math.NaN()

// comparison is what a request costs at each rate.
type comparison []costs

// costs are the processor times of a request at one rate, in microseconds: of each
// generator one for each round, [nothing] where it could not keep up.
type costs struct {
	rate int // 0: as fast as it goes
	of   map[string][]float64
}

// markdown is a table of medians, and of how ours stand to theirs in the same round,
// with the least and the most of that. A cell of what was not measured is empty.
func (c comparison) markdown(names []string) string {
	var b strings.Builder
	row := func(name string, cell func(costs) string) {
		fmt.Fprintf(&b, "| %s |", name)
		for _, column := range c {
			b.WriteString(strings.TrimRight(" "+cell(column), " ") + " |")
		}
		b.WriteByte('\n')
	}
	row("processor time of a request", func(of costs) string {
		if of.rate == 0 {
			return "as fast as it goes"
		}
		return grouped(of.rate) + "/s"
	})
	b.WriteString(strings.Repeat("|---", len(c)+1) + "|\n")
	for _, name := range append([]string{ours}, names...) {
		row(name, func(of costs) string { return median(of.of[name]) })
	}
	for _, name := range names {
		row(ours+" beside "+name, func(of costs) string { return beside(of.of[ours], of.of[name]) })
	}
	return b.String()
}

// measured are those rounds of which there is a cost, in order of it.
func measured(all []float64) []float64 {
	all = slices.DeleteFunc(slices.Clone(all), math.IsNaN)
	slices.Sort(all)
	return all
}

func median(all []float64) string {
	known := measured(all)
	switch {
	case len(all) == 0:
		return ""
	case len(known) == 0:
		return "too slow"
	}
	return strconv.FormatFloat(middle(known), 'f', 0, 64) + " µs"
}

// middle is the median of what is in order.
func middle(of []float64) float64 { return (of[(len(of)-1)/2] + of[len(of)/2]) / 2 }

func beside(ours, theirs []float64) string {
	var ratios []float64
	for i := range min(len(ours), len(theirs)) {
		ratios = append(ratios, ours[i]/theirs[i])
	}
	if ratios = measured(ratios); len(ratios) == 0 {
		return ""
	}
	return fmt.Sprintf("%.2f× (%.2f to %.2f)", middle(ratios), ratios[0], ratios[len(ratios)-1])
}

// grouped is 20,000 of 20000.
func grouped(n int) string {
	text := strconv.Itoa(n)
	for at := len(text) - 3; at > 0; at -= 3 {
		text = text[:at] + "," + text[at:]
	}
	return text
}
