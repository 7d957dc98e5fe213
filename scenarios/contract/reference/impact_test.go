package reference

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/scenarios/contract"
)

// The second host is played only where a project has oracles on it.
func TestOnlyHostsThatAreAskedArePlayed(t *testing.T) {
	s := Impact(1000)
	one := s.World(s.Project(1, 100, s.Here))
	require.Len(t, one.Dependencies, 1)
	require.Equal(t, oracleAPI, one.Dependencies[0].Name)
	require.Equal(t, "100", one.Facts["active oracles of the project"])
	both := s.World(s.Project(1, 10, s.Here), s.Project(2, 10, s.There))
	require.Len(t, both.Dependencies, 2)
	require.Equal(t, one.Data.Key, both.Data.Key, "they share the seeded template")
}

func TestOraclesAreNamedByTheirPosition(t *testing.T) {
	require.Empty(t, names(0))
	p := Impact(1000).Project(2, 100, sickAPI, 5)
	require.Equal(t, names(maxOracles), p.Asked)
	require.Equal(t, []string{"oracle-5"}, p.Trusting)
	require.Equal(t, "2", p.ID)
}

// Each row is a path, and the project that it asks about.
func TestWhichProjectIsAskedAbout(t *testing.T) {
	for path, want := range map[string]struct {
		project string
		asks    bool
	}{
		"/projects/7/impact": {"7", true}, "/projects/007/impact": {"7", true}, "/projects/abc/impact": {"", true},
		"/projects/99999999999999999999/impact": {"", true}, "/search": {}, "/projects/7": {}, "/projects//impact": {},
	} {
		project, asks := askedAbout(path)
		require.Equal(t, want.project, project, path)
		require.Equal(t, want.asks, asks, path)
	}
	project, _ := askedAbout(askImpact("42").Path)
	require.Equal(t, "42", project)
}

// Each row is a result as the service has it, and what it means.
func TestWhatAResultTells(t *testing.T) {
	for _, row := range []struct {
		name, result string
		want         contract.ImpactResult
	}{
		{"an error", `{"status":"error","error":"status"}`, contract.ImpactResult{Failed: true, Class: contract.BadStatus, Sound: true}},
		{"left alone", `{"status":"error","error":"connection","detail":"breaker: it failed"}`, contract.ImpactResult{Failed: true, Class: contract.Connection, Sound: true, Spared: contract.SparedSick}},
		{"no turn", `{"status":"error","error":"connection","detail":"bulkhead full"}`, contract.ImpactResult{Failed: true, Class: contract.Connection, Sound: true, Spared: contract.SparedBusy}},
		{"a timeout is not spared", `{"status":"error","error":"timeout","detail":"breaker"}`, contract.ImpactResult{Failed: true, Class: contract.TimedOut, Sound: true}},
		{"an error with an address", `{"status":"error","error":"timeout","detail":"dial api:20664"}`, contract.ImpactResult{Failed: true, Class: contract.TimedOut}},
		{"an error with data", `{"status":"error","error":"timeout","data":{"score":1}}`, contract.ImpactResult{Failed: true, Class: contract.TimedOut}},
		{"ok without its data", `{"status":"ok"}`, contract.ImpactResult{OK: true}},
		{"neither", `{"status":"fine"}`, contract.ImpactResult{}},
	} {
		got, read := readImpact(load.Answer{Status: http.StatusOK, Body: []byte(`{"project_id":1,"results":{"a":` + row.result + `}}`)})
		require.True(t, read, row.name)
		require.Equal(t, "1", got.Project)
		require.Equal(t, row.want, got.Results["a"], row.name)
	}
	_, read := readImpact(load.Answer{Status: http.StatusOK, Body: []byte("<html>")})
	require.False(t, read)
}
