package harness

import (
	"errors"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/fault"
	"holdfast.dev/holdfast/harness/chaos"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/target"
)

func TestWhatAProcessIsToldLast(t *testing.T) {
	l := Launch{Processes: []target.Process{
		{Name: "web", Command: []string{"web"}, Env: map[string]string{"OWN": "{port}", "DB": "own", "MODE": "own", "TIMEOUT": "own"}},
		{Name: "worker", Command: []string{"worker"}, Env: map[string]string{"TIMEOUT": "own"}},
	}}
	v := Variant{Without: []Protection{{
		Name: "timeout", Off: map[string]string{"TIMEOUT": "off"}, OffIn: map[string]map[string]string{"web": {"TIMEOUT": "off in web"}}, OffCommand: map[string][]string{"worker": {"worker", "--fast"}},
	}}}
	s := Scenario{Settings: map[string]string{"MODE": "scenario"}}
	got := v.processes(l, told{settings: v.settings(s), exports: map[string]string{"DB": "exported", "URL": "a{b}"}})
	require.Equal(t, map[string]string{"OWN": "{port}", "DB": "own", "URL": "a{{b}", "MODE": "scenario", "TIMEOUT": "off in web"}, got[0].Env)
	require.Equal(t, map[string]string{"DB": "exported", "URL": "a{{b}", "MODE": "scenario", "TIMEOUT": "off"}, got[1].Env)
	require.Equal(t, []string{"web"}, got[0].Command)
	require.Equal(t, []string{"worker", "--fast"}, got[1].Command)
	require.Equal(t, "own", l.Processes[0].Env["TIMEOUT"], "what was given is as it was")
}

func TestAScenarioKnowsTheProcessesOfItsTargetTheEntryFirst(t *testing.T) {
	l := Launch{Entry: "web", Processes: []target.Process{{Name: "worker", Replicas: 2}, {Name: "web"}}}
	want := []Part{{Name: "web"}, {Name: "worker", Replicas: 2}}
	s := l.For(Scenario{})
	require.Equal(t, want, s.Parts)
	require.Equal(t, want, l.For(l.For(Scenario{Parts: []Part{{Name: "other"}}})).Parts)
	require.Empty(t, Launch{Program: "x"}.For(Scenario{}).Parts)
	for _, e := range []struct {
		end result.End
		of  []string
	}{
		{result.End{Process: "web"}, []string{"web", OnTarget}},
		{result.End{Process: "worker", Instance: 2}, []string{"worker.2", "worker", OnTarget}},
	} {
		for _, place := range s.programs() {
			require.Equal(t, slices.Contains(e.of, place), s.isOf(e.end, place), "%v of %s", e.end, place)
		}
	}
}

func TestATargetIsOneThing(t *testing.T) {
	web := []target.Process{{Name: "web", Command: []string{"web"}}}
	for because, l := range map[string]Launch{
		"no process, did you mean web?":    {Processes: web, Entry: "wbe"},
		"a program or an address beside":   {Processes: web, Program: "x"},
		"a program to start and a service": {URL: "http://127.0.0.1:1", Program: "x"},
		"is not one of http or https":      {URL: "ftp://127.0.0.1:1"},
	} {
		require.ErrorContains(t, l.validate(), because)
	}
	require.NoError(t, Launch{Processes: web}.validate())
	require.NoError(t, Launch{}.validate())
}

func TestALimitWhereThereCanBeNoneIsNotExercised(t *testing.T) {
	theirs, err := target.NewURL(target.URLConfig{URL: "http://127.0.0.1:1"})
	require.NoError(t, err)
	i := newInstance(slot{place: "web", part: "web"}, theirs, false)
	require.NoError(t, i.canSuffer(Fault{Kind: fault.Kill{}}))
	err = i.canSuffer(Fault{ID: "hungry", Kind: fault.Starve{CPUs: 0.5}})
	require.ErrorIs(t, err, chaos.ErrNoGroup)
	require.ErrorContains(t, err, `fault "hungry": "starve 0.5 cpus" on web`)
	unmet := new(unmetError)
	require.True(t, errors.As(err, &unmet), "it is not exercised, by name, before there is load")
}

func TestOnlySecretsThatAreLongEnoughAreHidden(t *testing.T) {
	got := declared(map[string]string{"secrets.app": "kept-between-us", "secrets.pin": "1234567", "parameters.size": "1000000000"})
	require.Len(t, got, 1)
	require.Equal(t, "the secret app", got[0].What)
}
