// Package nearest finds the name that somebody who mistyped one most likely
// meant, so that an error can name the fix.
package nearest

import "strings"

// Name returns the name among names that is most like name, or "" when none
// is like it at all.
func Name(name string, names []string) string {
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

// Hint returns ", did you mean …?" for an error message, or "" when no name is
// like it at all.
func Hint(name string, names []string) string {
	if near := Name(name, names); near != "" {
		return ", did you mean " + near + "?"
	}
	return ""
}
