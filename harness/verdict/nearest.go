package verdict

import "strings"

// Nearest returns the name among names that is most like name, or "" when none
// is like it at all.
func Nearest(name string, names []string) string {
	best, bestAt := "", 1+max(len(name)/3, 2)
	for _, candidate := range names {
		d := distance(strings.ToLower(name), strings.ToLower(candidate))
		if tail := candidate[strings.LastIndexAny(candidate, "./")+1:]; tail != candidate {
			d = min(d, 1+distance(strings.ToLower(name), tail))
		}
		if d < bestAt {
			best, bestAt = candidate, d
		}
	}
	return best
}

// distance is the Levenshtein distance in bytes.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(row[j+1]+1, row[j]+1, diagonal+cost)
		}
	}
	return row[len(b)]
}
