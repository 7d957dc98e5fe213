package database

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestANameSurvivesItsWayThroughTheServer(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := name{
			kind:   rapid.SampledFrom([]kind{templateKind, buildKind, cloneKind}).Draw(t, "kind"),
			token:  token(rapid.String().Draw(t, "of")),
			number: rapid.IntRange(0, 999_999_999).Draw(t, "number"),
		}
		require.LessOrEqual(t, len(n.String()), 63, "Postgres cuts longer ones")
		again, ok := parseName(n.String())
		require.True(t, ok)
		require.Equal(t, n, again)
	})
}

func TestAnyOtherNameIsNotOurs(t *testing.T) {
	whole := name{kind: cloneKind, token: "0123456789ab", number: 7}.String()
	rapid.Check(t, func(t *rapid.T) {
		i := rapid.IntRange(0, len(whole)-1).Draw(t, "at")
		c := rapid.Byte().Filter(func(b byte) bool { return b != whole[i] }).Draw(t, "becomes")
		_, ok := parseName(whole[:i] + string(c) + whole[i+1:])
		require.False(t, ok, "one character changed")
	})
	for _, text := range []string{"", "holdfast", whole + "0", "x" + whole, "holdfast_c_0123456789ab_07_00000000", "holdfast_c_0123456789ab_99999999999_00000000"} {
		_, ok := parseName(text)
		require.False(t, ok, text)
	}
}

func TestDifferentThingsHaveDifferentLocks(t *testing.T) {
	require.NotEqual(t, lockKey(templateKind, "a"), lockKey(cloneKind, "a"))
	require.NotEqual(t, lockKey(cloneKind, "a"), lockKey(cloneKind, "b"))
	require.NotEqual(t, token("a", "b"), token("ab", ""), "texts are not run together")
}

func TestAnyTextIsALiteral(t *testing.T) {
	dsn := hostDSN()
	for _, text := range []string{"", "it's", `back\slash`, `\'; DROP TABLE x; --`, "line\nbreak", "été", `{"a":"b\"c"}`} {
		require.Equal(t, text, query[string](t, dsn, "SELECT "+literal(text)))
	}
	require.Equal(t, "a", query[string](t, dsn, "SELECT "+literal("a\x00")), "Postgres has no NUL")
}
