package reference

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"holdfast.dev/holdfast/reference/schema"
	"holdfast.dev/holdfast/scenarios/contract"
)

// Each row is a table in the order of its ids, and who is asked of it.
func TestWhoIsAsked(t *testing.T) {
	of := func(o ...schema.Oracle) oracleTable {
		return oracleTable{projects: 1, oracles: map[int64][]schema.Oracle{1: o}}
	}
	on := func(name string, position int) schema.Oracle {
		return schema.Oracle{Name: name, Active: true, Position: position}
	}
	for _, row := range []struct {
		name  string
		table oracleTable
		want  contract.Truth
	}{
		{"nobody", of(), contract.Truth{}},
		{"none that is active", of(schema.Oracle{Name: "a"}), contract.Truth{}},
		{"by position", of(on("a", 3), on("b", -1), on("c", 2)), contract.Truth{Active: 3, Asked: []string{"b", "c", "a"}}},
		{"then by id", of(on("z", 1), on("y", 1), on("x", 0)), contract.Truth{Active: 3, Asked: []string{"x", "z", "y"}}},
		{"without those that are not active", of(schema.Oracle{Name: "a"}, on("b", 9)), contract.Truth{Active: 1, Asked: []string{"b"}}},
	} {
		got := row.table.of(1)
		require.Len(t, got.Addresses, len(row.table.oracles[1]), row.name)
		got.Addresses = nil
		require.Equal(t, row.want, got, row.name)
	}
}

func TestWhatAnIDMayBeAnswered(t *testing.T) {
	m := oracleTable{projects: 100}
	for id, want := range map[string][]int{
		"7": {200}, "100": {200}, "101": {404}, "9223372036854775807": {404},
		"0": {400}, "-1": {400}, "abc": {400}, "7.0": {400}, "1e3": {400}, "0x7": {400}, "00": {400}, "--7": {400}, "7%20": {400},
		"9223372036854775808": {400, 404}, "99999999999999999999999": {400, 404},
		"007": {200, 400, 404}, "+7": {200, 400, 404}, "0101": {400, 404},
	} {
		allowed, _ := m.statuses(id)
		require.Equal(t, want, allowed, id)
	}
	_, project := m.statuses("007")
	require.EqualValues(t, 7, project)
}

// Whoever asks in the order of ids or of names, or those that are not active, or
// more or fewer than ten, asks others than the right ones.
func TestAPanelTellsOrdersApart(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := panel{project: rapid.Int64Range(1, 1000).Draw(t, "project"), active: rapid.IntRange(0, 300).Draw(t, "active")}
		all := p.oracles()
		right := oracleTable{projects: 1000, oracles: map[int64][]schema.Oracle{p.project: all}}.of(p.project)
		require.Equal(t, p.active, right.Active)
		require.Len(t, right.Asked, min(p.active, maxOracles))
		require.ElementsMatch(t, names(min(p.active, maxOracles)), right.Asked)
		require.Equal(t, all, p.oracles(), "the same each time")
		if p.active < 2*maxOracles {
			return
		}
		var active []string
		for _, o := range all {
			if o.Active {
				active = append(active, o.Name)
			}
		}
		require.NotSubset(t, right.Asked, active[:maxOracles], "by id")
		slices.Sort(active)
		require.NotSubset(t, right.Asked, active[:maxOracles], "by name")
		tenth := slices.IndexFunc(all, func(o schema.Oracle) bool { return o.Name == right.Asked[9] })
		others := 0
		for _, o := range all {
			if o.Active && o.Position == all[tenth].Position && !slices.Contains(right.Asked, o.Name) {
				others++
			}
		}
		require.Positive(t, others, "the tenth shares its position: "+fmt.Sprint(all))
	})
}
