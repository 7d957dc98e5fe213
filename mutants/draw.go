package mutants

import (
	"fmt"
	"math/rand/v2"
)

// Draw puts mutants in an order that the seed gives, the same one for the same
// mutants: those that come first are the draw. First a line is drawn and then one
// of the mistakes in it; the others of a line come when every line had its turn.
// Drawn one by one, a line with ten numbers would come ten times as often as one
// with a forgotten unlock.
func Draw(seed uint64, all []Mutant) []Mutant {
	random := rand.New(rand.NewPCG(seed, 0))
	var lines [][]Mutant
	byLine := map[string]int{}
	for _, m := range all {
		i, known := byLine[m.Where()]
		if !known {
			i = len(lines)
			byLine[m.Where()] = i
			lines = append(lines, nil)
		}
		lines[i] = append(lines[i], m)
	}
	for _, line := range lines {
		random.Shuffle(len(line), func(i, j int) { line[i], line[j] = line[j], line[i] })
	}
	var drawn []Mutant
	for turn := 0; len(drawn) < len(all); turn++ {
		random.Shuffle(len(lines), func(i, j int) { lines[i], lines[j] = lines[j], lines[i] })
		for _, line := range lines {
			if turn < len(line) {
				drawn = append(drawn, line[turn])
			}
		}
	}
	return drawn
}

// ByName finds a mutant.
func ByName(all []Mutant, name string) (Mutant, error) {
	for _, m := range all {
		if m.Name == name {
			return m, nil
		}
	}
	return Mutant{}, fmt.Errorf("there is no mutant %q", name)
}
