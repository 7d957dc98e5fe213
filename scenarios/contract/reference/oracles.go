package reference

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"holdfast.dev/holdfast/reference/schema"
	"holdfast.dev/holdfast/scenarios/contract"
)

// oracleTable knows the right answer about any project: a plain list of the rows of
// the table, read as the contract says and in no clever way.
type oracleTable struct {
	projects int64                     // there are those from 1 to this
	oracles  map[int64][]schema.Oracle // of a project, in the order of their ids
}

// of is the truth about a project.
func (m oracleTable) of(project int64) contract.Truth { return truthOf(m.oracles[project]) }

// truthOf is what is right to say of a project with these oracles, which are in the
// order of their ids.
func truthOf(oracles []schema.Oracle) contract.Truth {
	active := slices.DeleteFunc(slices.Clone(oracles), func(o schema.Oracle) bool { return !o.Active })
	slices.SortStableFunc(active, func(a, b schema.Oracle) int { return cmp.Compare(a.Position, b.Position) })
	t := contract.Truth{Active: len(active), Addresses: make(map[string]string, len(oracles))}
	for _, o := range active[:min(len(active), maxOracles)] {
		t.Asked = append(t.Asked, o.Name)
	}
	for _, o := range oracles {
		t.Addresses[o.Name] = o.URL
	}
	return t
}

// statuses are the statuses of which an answer about that id may have one. What is a
// whole number above 0 in plain digits must be known or not; what no column could
// hold, or is a number written in another way, may be either no id or no project.
func (m oracleTable) statuses(id string) (allowed []int, project int64) {
	digits := strings.TrimLeft(strings.TrimPrefix(id, "+"), "0")
	project, err := strconv.ParseInt(digits, 10, 64)
	there := err == nil && project >= 1 && project <= m.projects
	switch plain := digits == id; {
	case strings.Trim(digits, "0123456789") != "", digits == "": // no number, a negative one, or 0
		return []int{400}, 0
	case err != nil: // digits, and too many
		return []int{400, 404}, 0
	case plain && there:
		return []int{200}, project
	case plain:
		return []int{404}, 0
	case there:
		return []int{200, 400, 404}, project
	}
	return []int{400, 404}, 0
}
